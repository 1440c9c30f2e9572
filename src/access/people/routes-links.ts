import { KanpekiError } from '../../kernel/error.ts'
import { type Route, route } from '../../platform/http/route.ts'
import { readRegistration, registrationOptions } from '../factors/passkeys.ts'
import { deleteFactors, heldFactors, insertPasskey, passkeysOf } from '../factors/queries.ts'
import { type RelyingParty, relyingParty } from '../factors/relying-party.ts'
import { checkNewPassword } from '../new-password.ts'
import { hashPassword } from '../password.ts'
import { type Db, setPassword } from '../queries.ts'
import { type AccessDeps, adminEvidence } from '../routes-deps.ts'
import { sessionSchema } from '../schema.ts'
import { endSessions } from '../sessions/queries.ts'
import { createBeginLimit } from '../sign-in/begin-limit.ts'
import { forgetMarksOf } from '../sign-in/queries.ts'
import { afterPassword, complete, type SignedIn } from '../sign-in/sign-in.ts'
import { beginStep, challengeIn, checkStep, finishStep } from '../sign-in/steps.ts'
import { linkGone, type OpenLink, openLink } from './links.ts'
import { spendLink } from './queries.ts'
import {
  linkPasskeyOptionsSchema,
  linkPasskeySchema,
  linkQuerySchema,
  linkStatusSchema,
  passkeyOptionsSchema,
  signInReplySchema,
  useLinkSchema,
} from './schema.ts'

/** What whoever holds a one-time link may do: set how they sign in, once. A second factor that stays is asked for all the same. */
export function linkRoutes(deps: AccessDeps): Route[] {
  const limit = createBeginLimit()
  const { db, clock } = deps

  const opened = async (token: string): Promise<OpenLink> => {
    const found = await openLink(db, token, clock.now())
    if (found === undefined) throw linkGone()
    return found
  }

  /** Ends the link and whatever was before it, and says so. */
  const use = async (trx: Db, { link, account }: OpenLink, set: 'password' | 'passkey', then: () => Promise<SignedIn>) => {
    const now = clock.now()
    if (!(await spendLink(trx, link.hash))) throw linkGone()
    if (link.factors === 1) await deleteFactors(trx, account.id)
    const ended = await endSessions(trx, account.id, undefined)
    await forgetMarksOf(trx, account.id)
    const { result, evidence } = await then()
    const about = { account: account.id, link: link.kind, from: link.by_name, set, factorsRemoved: link.factors === 1, ended }
    return { result, evidence: [adminEvidence(account, now, 'link.use', about), ...evidence] }
  }

  return [
    route({
      method: 'GET',
      path: '/api/v1/invite',
      permission: 'public',
      summary: 'Whether a one-time link still works, and for whom',
      query: linkQuerySchema,
      response: linkStatusSchema,
      handle: async ({ query, request }) => {
        const { organisation } = deps
        const found = await openLink(db, query.token, clock.now())
        if (found === undefined) return { valid: false, kind: null, name: null, organisation, passkeys: false }
        const passkeys = partyOf(deps, request) !== undefined && (await mayUsePasskey(db, found))
        return { valid: true, kind: found.link.kind, name: found.account.name, organisation, passkeys }
      },
    }),
    route({
      method: 'POST',
      path: '/api/v1/invite',
      permission: 'public',
      summary: 'Set the password by a one-time link, and sign in',
      body: useLinkSchema,
      response: signInReplySchema,
      handle: async ({ body, request }) => {
        limit(request, clock.now())
        const found = await opened(body.token)
        const { account } = found
        refusePasswordsOff(deps)
        await checkNewPassword(deps, body.password, account)
        const password = await hashPassword(body.password)
        const signedIn = await deps.record((trx) =>
          use(trx, found, 'password', async () => {
            await setPassword(trx, account.id, password)
            return await afterPassword(deps, trx, { ...account, password }, request)
          }),
        )
        return signedIn()
      },
    }),
    route({
      method: 'POST',
      path: '/api/v1/invite/passkey/options',
      permission: 'public',
      summary: 'A challenge for a first passkey by a one-time link',
      body: linkPasskeyOptionsSchema,
      response: passkeyOptionsSchema,
      handle: async ({ body, request }) => {
        limit(request, clock.now())
        const found = await opened(body.token)
        await refuseBypass(db, found)
        const party = relyingParty(deps.origin(), request)
        const { account } = found
        const { secret } = await deps.record(async (trx) => ({
          result: await beginStep(trx, 'register', account.id, { link: body.token }, clock.now()),
          evidence: [],
        }))
        return await registrationOptions(party, deps.organisation, account, await passkeysOf(db, account.id), secret)
      },
    }),
    route({
      method: 'POST',
      path: '/api/v1/invite/passkey',
      permission: 'public',
      summary: 'Set a passkey by a one-time link, and sign in',
      body: linkPasskeySchema,
      response: sessionSchema,
      handle: async ({ body, request }) => {
        const now = clock.now()
        const found = await opened(body.token)
        await refuseBypass(db, found)
        const challenge = challengeIn(body.response.response.clientDataJSON)
        const step = await checkStep(db, 'register', challenge, { link: body.token }, now)
        const party = relyingParty(deps.origin(), request)
        const row = await readRegistration(party, body.response, challenge, found.account, body.name, now)
        const signedIn = await deps.record((trx) =>
          use(trx, found, 'passkey', async () => {
            await finishStep(trx, step)
            await insertPasskey(trx, row)
            return await complete(deps, trx, found.account, ['hwk', 'user'], request)
          }),
        )
        return signedIn()
      },
    }),
  ]
}

/** @throws KanpekiError `passwords_off`. */
function refusePasswordsOff(deps: AccessDeps): void {
  if (deps.passwordSignIn !== 'break-glass') return
  throw new KanpekiError('passwords_off', 'Nobody signs in by password here.', {
    remedy: 'Set a passkey instead, or sign in through the identity provider.',
  })
}

function partyOf(deps: AccessDeps, request: Parameters<typeof relyingParty>[1]): RelyingParty | undefined {
  try {
    return relyingParty(deps.origin(), request)
  } catch (error) {
    if (error instanceof KanpekiError && error.code === 'passkeys_unavailable') return undefined
    throw error
  }
}

/** A passkey signs in alone: a link for a new password must not go around the second factor that stays. */
async function mayUsePasskey(db: Db, { link, account }: OpenLink): Promise<boolean> {
  if (link.factors === 1) return true
  const held = await heldFactors(db, account.id)
  return !held.totp && held.passkeys === 0
}

async function refuseBypass(db: Db, found: OpenLink): Promise<void> {
  if (await mayUsePasskey(db, found)) return
  throw new KanpekiError('conflict', 'This link is for a new password; the second factor stays.', {
    remedy: 'Set a password, or ask for a link that removes the second factor too.',
  })
}
