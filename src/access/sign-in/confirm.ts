import type { IncomingMessage } from 'node:http'
import type { z } from 'zod'
import { KanpekiError } from '../../kernel/error.ts'
import type { Caller, RawReply } from '../../platform/http/route.ts'
import { CONFIRMED_FOR_MS } from '../confirm.ts'
import { assertionOptions, readAssertion, reasonOf } from '../factors/passkeys.ts'
import { findPasskey, type HeldFactors, heldFactors, passkeysOf, usePasskey } from '../factors/queries.ts'
import { relyingParty } from '../factors/relying-party.ts'
import { takeTotp } from '../factors/totp.ts'
import { jsonReply } from '../json-reply.ts'
import { verifyPassword } from '../password.ts'
import type { confirmSchema, factorsSchema } from '../people/schema.ts'
import type { StepsTable } from '../people/tables.ts'
import { type Db, findAccount } from '../queries.ts'
import { type AccessDeps, adminEvidence } from '../routes-deps.ts'
import { renewSession } from '../session.ts'
import type { Account } from '../tables.ts'
import { countTry, refuse, wrongCode } from './sign-in.ts'
import { beginStep, challengeIn, checkStep, finishStep } from './steps.ts'
import { passed } from './throttle.ts'

type Shown = z.output<typeof confirmSchema>
type ConfirmBy = z.input<typeof factorsSchema>['confirmBy']

/** The second factor where there is one: a password that was read over a shoulder shall not be enough. */
export function confirmBy(account: Pick<Account, 'password'>, held: HeldFactors): ConfirmBy {
  const ways: ConfirmBy = []
  if (held.passkeys > 0) ways.push('passkey')
  if (held.totp) ways.push('otp')
  if (ways.length === 0 && account.password !== '') ways.push('password')
  return ways
}

/** The account of whoever is signed in. */
export async function ownAccount(db: Db, caller: Caller): Promise<Account> {
  const account = await findAccount(db, caller.id)
  if (account === undefined) throw new KanpekiError('unauthenticated', 'This account is gone.')
  return account
}

export async function confirmChallenge(deps: AccessDeps, caller: Caller, request: IncomingMessage): Promise<RawReply> {
  const party = relyingParty(deps.origin(), request)
  const held = await passkeysOf(deps.db, caller.id)
  if (held.length === 0) throw new KanpekiError('not_found', 'This account has no passkey.')
  const bond = { session: caller.session?.id ?? '' }
  const { secret } = await deps.record(async (db) => ({
    result: await beginStep(db, 'confirm', caller.id, bond, deps.clock.now()),
    evidence: [],
  }))
  const options = await assertionOptions(party, held, secret)
  return jsonReply(options, [])
}

interface Judged {
  readonly methods: readonly string[]
  /** Settles it in the transaction; false where somebody else was first. */
  readonly settle: (db: Db) => Promise<boolean>
}

/** Shows again who one is. The session gets a new secret and counts as just begun for 15 minutes. */
export async function confirm(deps: AccessDeps, caller: Caller, shown: Shown, request: IncomingMessage): Promise<RawReply> {
  const account = await ownAccount(deps.db, caller)
  const held = await heldFactors(deps.db, account.id)
  if (!confirmBy(account, held).includes(shown.by)) {
    throw new KanpekiError('confirm_identity', `This account cannot be confirmed by ${shown.by}.`, {
      remedy: 'GET /api/v1/me/factors says by what; where that is nothing, sign in again.',
    })
  }
  const attempt = await countTry(
    deps,
    shown.by === 'password' ? 'password' : 'second',
    subjectOf(account, shown),
    account.id,
    request,
  )
  try {
    const judged = await judge(deps, account, shown, caller, request)
    const renewed = await deps.record(async (db) => {
      if (!(await judged.settle(db))) throw wrongCode()
      await passed(db, attempt)
      const now = deps.clock.now()
      const by = { way: shown.by, session: caller.session?.id ?? '' }
      return {
        result: await renewSession(deps, db, caller, judged.methods),
        evidence: [adminEvidence(caller, now, 'session.confirm', by)],
      }
    })
    const until = new Date(deps.clock.now() + CONFIRMED_FOR_MS).toISOString()
    return jsonReply({ until }, renewed.cookies)
  } catch (error) {
    if (error instanceof KanpekiError && ['wrong_code', 'wrong_password', 'passkey_refused'].includes(error.code)) {
      await refuse(deps, { outcome: 'failure', account, methods: [shown.by], reason: `confirming: ${reasonOf(error)}`, request })
    }
    throw error
  }
}

function subjectOf(account: Account, shown: Shown): string {
  return shown.by === 'password' ? account.name : account.id
}

async function judge(
  deps: AccessDeps,
  account: Account,
  shown: Shown,
  caller: Caller,
  request: IncomingMessage,
): Promise<Judged> {
  const { db, clock, sealer } = deps
  switch (shown.by) {
    case 'password':
      if (!(await verifyPassword(shown.password, account.password))) throw wrongPassword()
      return { methods: ['pwd'], settle: async () => true }
    case 'otp':
      return { methods: ['otp'], settle: (trx) => takeTotp(trx, sealer, account.id, shown.code, clock.now()) }
    case 'passkey': {
      const challenge = challengeIn(shown.response.response.clientDataJSON)
      const step: StepsTable = await checkStep(db, 'confirm', challenge, { session: caller.session?.id ?? '' }, clock.now())
      const known = await findPasskey(db, shown.response.id)
      const passkey = known?.account_id === account.id ? known : undefined
      const counter = await readAssertion(relyingParty(deps.origin(), request), shown.response, challenge, passkey)
      return {
        methods: ['hwk', 'user'],
        settle: async (trx) => {
          await finishStep(trx, step)
          return passkey !== undefined && (await usePasskey(trx, passkey.id, counter, clock.now()))
        },
      }
    }
  }
}

export function wrongPassword(): KanpekiError {
  return new KanpekiError('wrong_password', 'The present password is wrong.')
}
