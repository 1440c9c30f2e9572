import { z } from 'zod'
import { KanpekiError } from '../../kernel/error.ts'
import { type Caller, type RawReply, type Route, route } from '../../platform/http/route.ts'
import { refuseUnconfirmed } from '../confirm.ts'
import { jsonReply } from '../json-reply.ts'
import {
  factorsSchema,
  madePasskeySchema,
  newPasskeySchema,
  type Passkey,
  passkeyOptionsSchema,
  passkeyParamsSchema,
  recoverySchema,
  renamePasskeySchema,
  totpBegunSchema,
  totpConfirmSchema,
} from '../people/schema.ts'
import type { PasskeysTable } from '../people/tables.ts'
import type { Db } from '../queries.ts'
import { type AccessDeps, adminEvidence } from '../routes-deps.ts'
import { renewSession } from '../session.ts'
import { confirmBy, ownAccount } from '../sign-in/confirm.ts'
import { wrongCode } from '../sign-in/sign-in.ts'
import { beginStep, challengeIn, checkStep, finishStep } from '../sign-in/steps.ts'
import { readRegistration, registrationOptions } from './passkeys.ts'
import {
  countRecovery,
  deleteAllRecovery,
  deletePasskey,
  deleteTotp,
  findTotp,
  heldFactors,
  insertPasskey,
  passkeysOf,
  renamePasskey,
} from './queries.ts'
import { makeRecovery } from './recovery.ts'
import { relyingParty } from './relying-party.ts'
import { beginTotp, takeTotp } from './totp.ts'

export function passkeyReply(row: PasskeysTable): Passkey {
  return {
    id: row.id,
    name: row.name,
    created: new Date(row.created).toISOString(),
    lastUsed: row.last_used === null ? null : new Date(row.last_used).toISOString(),
    synced: row.synced === 1,
  }
}

/** The first second factor comes with recovery codes; later ones find them there. */
export async function firstRecovery(
  db: Db,
  account: { readonly id: string; readonly scope: string },
  now: number,
): Promise<string[] | null> {
  return (await countRecovery(db, account.id)) > 0 ? null : await makeRecovery(db, account, now)
}

/** Recovery codes stand in for a second factor: without one they would be a password. */
async function dropIdleRecovery(db: Db, account: string): Promise<void> {
  const held = await heldFactors(db, account)
  if (!held.totp && held.passkeys === 0) await deleteAllRecovery(db, account)
}

/** The own second factors. Each change needs the person to have shown who they are, and leaves evidence. */
export function factorRoutes(deps: AccessDeps): Route[] {
  const change = async <T>(
    caller: Caller,
    action: string,
    work: (db: Db, now: number) => Promise<{ readonly result: T; readonly about?: Readonly<Record<string, string>> }>,
  ): Promise<T> => {
    const now = deps.clock.now()
    refuseUnconfirmed(caller, now)
    return await deps.record(async (db) => {
      const { result, about = {} } = await work(db, now)
      return { result, evidence: [adminEvidence(caller, now, action, { account: caller.id, ...about })] }
    })
  }
  return [...readRoutes(deps), ...totpRoutes(deps, change), ...passkeyRoutes(deps, change)]
}

type Change = <T>(
  caller: Caller,
  action: string,
  work: (db: Db, now: number) => Promise<{ readonly result: T; readonly about?: Readonly<Record<string, string>> }>,
) => Promise<T>

function readRoutes(deps: AccessDeps): Route[] {
  return [
    route({
      method: 'GET',
      path: '/api/v1/me/factors',
      permission: 'session',
      summary: 'By what one signs in',
      response: factorsSchema,
      handle: async ({ caller, request }) => {
        const account = await ownAccount(deps.db, caller)
        const totp = await findTotp(deps.db, account.id)
        const held = await heldFactors(deps.db, account.id)
        return {
          password: account.password !== '',
          totp: totp?.active === 1 ? { since: new Date(totp.created).toISOString() } : null,
          passkeys: (await passkeysOf(deps.db, account.id)).map(passkeyReply),
          recoveryCodesLeft: held.recovery,
          passkeysRefused: refusalOf(() => relyingParty(deps.origin(), request)),
          confirmBy: confirmBy(account, held),
        }
      },
    }),
  ]
}

function refusalOf(check: () => unknown): z.input<typeof factorsSchema>['passkeysRefused'] {
  try {
    check()
    return null
  } catch (error) {
    if (!(error instanceof KanpekiError)) throw error
    return { code: error.code, message: error.message, remedy: error.remedy ?? '' }
  }
}

function totpRoutes(deps: AccessDeps, change: Change): Route[] {
  return [
    route({
      method: 'POST',
      path: '/api/v1/me/totp',
      permission: 'session',
      summary: 'Begin to set up an authenticator app; it counts once a code was shown',
      body: z.object({}),
      response: totpBegunSchema,
      handle: ({ caller }) =>
        change(caller, 'totp.begin', async (db, now) => ({
          result: await beginTotp(db, deps.sealer, await ownAccount(db, caller), deps.organisation, now),
        })),
    }),
    route({
      method: 'PUT',
      path: '/api/v1/me/totp',
      permission: 'session',
      summary: 'Show the first code of the authenticator app',
      body: totpConfirmSchema,
      response: recoverySchema,
      handle: ({ caller, body }) =>
        change<RawReply>(caller, 'totp.add', async (db, now) => {
          if (!(await takeTotp(db, deps.sealer, caller.id, body.code, now, true))) throw wrongCode()
          const codes = await firstRecovery(db, await ownAccount(db, caller), now)
          const { cookies } = await renewSession(deps, db, caller, ['otp'])
          return { result: jsonReply({ codes }, cookies) }
        }),
    }),
    route({
      method: 'DELETE',
      path: '/api/v1/me/totp',
      permission: 'session',
      summary: 'Remove the authenticator app',
      handle: ({ caller }) =>
        change(caller, 'totp.remove', async (db) => {
          if (!(await deleteTotp(db, caller.id))) throw new KanpekiError('not_found', 'No authenticator app is set up.')
          await dropIdleRecovery(db, caller.id)
          return { result: {} }
        }),
    }),
    route({
      method: 'POST',
      path: '/api/v1/me/recovery',
      permission: 'session',
      summary: 'New recovery codes; the ones before end',
      body: z.object({}),
      response: recoverySchema,
      handle: ({ caller }) =>
        change(caller, 'recovery.renew', async (db, now) => {
          const held = await heldFactors(db, caller.id)
          if (!held.totp && held.passkeys === 0) {
            throw new KanpekiError('conflict', 'Recovery codes stand in for a second factor, and none is set up.')
          }
          return { result: { codes: await makeRecovery(db, await ownAccount(db, caller), now) } }
        }),
    }),
  ]
}

function passkeyRoutes(deps: AccessDeps, change: Change): Route[] {
  return [
    route({
      method: 'POST',
      path: '/api/v1/me/passkeys/options',
      permission: 'session',
      summary: 'A challenge for a new passkey',
      body: z.object({}),
      response: passkeyOptionsSchema,
      handle: async ({ caller, request }) => {
        const now = deps.clock.now()
        refuseUnconfirmed(caller, now)
        const party = relyingParty(deps.origin(), request)
        const account = await ownAccount(deps.db, caller)
        const held = await passkeysOf(deps.db, account.id)
        const bond = { session: caller.session?.id ?? '' }
        const { secret } = await deps.record(async (db) => ({
          result: await beginStep(db, 'register', account.id, bond, now),
          evidence: [],
        }))
        return await registrationOptions(party, deps.organisation, account, held, secret)
      },
    }),
    route({
      method: 'POST',
      path: '/api/v1/me/passkeys',
      permission: 'session',
      summary: 'Keep a new passkey',
      body: newPasskeySchema,
      response: madePasskeySchema,
      handle: async ({ caller, body, request }) => {
        const now = deps.clock.now()
        const challenge = challengeIn(body.response.response.clientDataJSON)
        const step = await checkStep(deps.db, 'register', challenge, { session: caller.session?.id ?? '' }, now)
        const account = await ownAccount(deps.db, caller)
        const row = await readRegistration(
          relyingParty(deps.origin(), request),
          body.response,
          challenge,
          account,
          body.name,
          now,
        )
        return await change<RawReply>(caller, 'passkey.add', async (db) => {
          await finishStep(db, step)
          await insertPasskey(db, row)
          const codes = await firstRecovery(db, account, now)
          const { cookies } = await renewSession(deps, db, caller, ['hwk', 'user'])
          return { result: jsonReply({ passkey: passkeyReply(row), codes }, cookies), about: { passkey: row.id, name: row.name } }
        })
      },
    }),
    route({
      method: 'PATCH',
      path: '/api/v1/me/passkeys/:id',
      permission: 'session',
      summary: 'Name a passkey anew',
      params: passkeyParamsSchema,
      body: renamePasskeySchema,
      handle: ({ caller, params, body }) =>
        change(caller, 'passkey.rename', async (db) => {
          if (!(await renamePasskey(db, caller.id, params.id, body.name))) throw noPasskey()
          return { result: {}, about: { passkey: params.id, name: body.name } }
        }),
    }),
    route({
      method: 'DELETE',
      path: '/api/v1/me/passkeys/:id',
      permission: 'session',
      summary: 'Remove a passkey',
      params: passkeyParamsSchema,
      handle: ({ caller, params }) =>
        change(caller, 'passkey.remove', async (db) => {
          const account = await ownAccount(db, caller)
          const held = await passkeysOf(db, caller.id)
          if (account.password === '' && account.origin === 'local' && held.length === 1 && held[0]?.id === params.id) {
            throw new KanpekiError('conflict', 'This is the only way by which you sign in.', {
              remedy: 'Set a password, or add another passkey, first.',
            })
          }
          if (!(await deletePasskey(db, caller.id, params.id))) throw noPasskey()
          await dropIdleRecovery(db, caller.id)
          return { result: {}, about: { passkey: params.id } }
        }),
    }),
  ]
}

function noPasskey(): KanpekiError {
  return new KanpekiError('not_found', 'There is no such passkey.')
}
