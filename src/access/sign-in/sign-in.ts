import type { IncomingMessage } from 'node:http'
import type { z } from 'zod'
import { KanpekiError } from '../../kernel/error.ts'
import type { Evidence } from '../../kernel/evidence.ts'
import type { RawReply } from '../../platform/http/route.ts'
import { assertionOptions, readAssertion, reasonOf } from '../factors/passkeys.ts'
import { findPasskey, type HeldFactors, heldFactors, passkeysOf, usePasskey } from '../factors/queries.ts'
import { takeRecovery } from '../factors/recovery.ts'
import { relyingParty } from '../factors/relying-party.ts'
import { takeTotp } from '../factors/totp.ts'
import { jsonReply } from '../json-reply.ts'
import { hashPassword, isOutdated, verifyPassword } from '../password.ts'
import type { nextStepSchema, passkeyResponseSchema, signInCodeSchema } from '../people/schema.ts'
import type { StepsTable } from '../people/tables.ts'
import { type Db, findAccount, findAccountByName, setPassword } from '../queries.ts'
import type { AccessDeps } from '../routes-deps.ts'
import { newSecret } from '../secret.ts'
import { sessionRawReply, startSession } from '../session.ts'
import type { Account } from '../tables.ts'
import { familiar } from './known.ts'
import { type Tried, tell, triedEvidence } from './report.ts'
import {
  beginStep,
  browserBond,
  challengeIn,
  checkStep,
  endBrowserBond,
  finishStep,
  newBrowserBond,
  stepGone,
  tryStep,
} from './steps.ts'
import { type Attempt, beginAttempt, type Guessed, passed } from './throttle.ts'

/** Spent on unknown names too, so that the answer's time does not tell which names exist. */
let decoy: Promise<string> | undefined

/** Counts a try at an account before it is judged. @throws KanpekiError `too_many_requests`. */
export async function countTry(
  deps: AccessDeps,
  guessed: Guessed,
  subject: string,
  account: string | undefined,
  request: IncomingMessage,
): Promise<Attempt> {
  const now = deps.clock.now()
  return await deps.record(async (db) => ({
    result: await beginAttempt(db, guessed, subject, await familiar(db, account ?? '', request), request, now),
    evidence: [],
  }))
}

/** Records a refusal and tells our rules of it. */
export async function refuse(deps: AccessDeps, tried: Tried): Promise<void> {
  await deps.record(async () => ({ result: undefined, evidence: [triedEvidence(tried, deps.clock.now())] }))
  tell(deps, tried)
}

/** The first step. The answer and its time are the same for a wrong password, an unknown name and an ended account. */
export async function signInByPassword(
  deps: AccessDeps,
  name: string,
  password: string,
  request: IncomingMessage,
): Promise<RawReply> {
  const account = await findAccountByName(deps.db, name)
  const attempt = await countTry(deps, 'password', name, account?.id, request)
  decoy ??= hashPassword(newSecret())
  const stored = account === undefined || account.password === '' ? await decoy : account.password
  const right = (await verifyPassword(password, stored)) && stored === account?.password
  const off = deps.passwordSignIn === 'break-glass' && account?.break_glass !== 1
  if (!right || account?.active !== 1 || off) {
    await refuse(deps, { outcome: 'failure', account, typed: name, methods: ['pwd'], request })
    throw new KanpekiError('unauthenticated', 'Name or password is wrong.')
  }
  const renewed = isOutdated(stored) ? await hashPassword(password) : undefined
  const signedIn = await deps.record(async (db) => {
    await passed(db, attempt)
    if (renewed !== undefined) await setPassword(db, account.id, renewed)
    return await afterPassword(deps, db, account, request)
  })
  return signedIn()
}

/** What a step came to. Once its evidence is committed, `result` tells our rules of it and gives the reply. */
export interface SignedIn {
  readonly result: () => RawReply
  readonly evidence: readonly Evidence[]
}

/** What follows a right password, or a new one set by a link: the second factor, or the session. */
export async function afterPassword(deps: AccessDeps, db: Db, account: Account, request: IncomingMessage): Promise<SignedIn> {
  const held = await heldFactors(db, account.id)
  if (account.break_glass === 1 || (!held.totp && held.passkeys === 0)) return await complete(deps, db, account, ['pwd'], request)
  const now = deps.clock.now()
  const { bond, cookie } = newBrowserBond(request, deps.secure)
  const { secret, expires } = await beginStep(db, 'second', account.id, bond, now)
  const offers = offersOf(held)
  const next: z.input<typeof nextStepSchema> = {
    next: offers[0] ?? 'recovery',
    offers,
    ticket: secret,
    expires: new Date(expires).toISOString(),
  }
  const reply = jsonReply(next, [cookie])
  const tried: Tried = { outcome: 'pending', account, methods: ['pwd'], request }
  return { result: telling(deps, reply, tried), evidence: [triedEvidence(tried, now)] }
}

function offersOf(held: HeldFactors): z.input<typeof nextStepSchema>['offers'] {
  const offers: z.input<typeof nextStepSchema>['offers'] = []
  if (held.passkeys > 0) offers.push('passkey')
  if (held.totp) offers.push('otp')
  if (held.recovery > 0) offers.push('recovery')
  return offers
}

/** Opens the session: everything that was asked for has been shown. */
export async function complete(
  deps: AccessDeps,
  db: Db,
  account: Account,
  methods: readonly string[],
  request: IncomingMessage,
): Promise<SignedIn> {
  const { cookies, caller } = await startSession(deps, db, account, methods, request)
  const tried: Tried = { outcome: 'success', account, methods, request }
  const reply = sessionRawReply(deps, caller, [...cookies, endBrowserBond(deps.secure)])
  return { result: telling(deps, reply, tried), evidence: [triedEvidence(tried, deps.clock.now())] }
}

function telling(deps: AccessDeps, reply: RawReply, tried: Tried): () => RawReply {
  return () => {
    tell(deps, tried)
    return reply
  }
}

async function pendingAccount(deps: AccessDeps, ticket: string, request: IncomingMessage): Promise<[StepsTable, Account]> {
  const step = await checkStep(deps.db, 'second', ticket, browserBond(request), deps.clock.now())
  const account = step.account_id === null ? undefined : await findAccount(deps.db, step.account_id)
  if (account?.active !== 1) throw stepGone()
  return [step, account]
}

/** The second step by a code of the app, or a recovery code. */
export async function signInByCode(
  deps: AccessDeps,
  { ticket, step: kind, code }: z.output<typeof signInCodeSchema>,
  request: IncomingMessage,
): Promise<RawReply> {
  const [step, account] = await pendingAccount(deps, ticket, request)
  const attempt = await countTry(deps, 'second', account.id, account.id, request)
  const methods = ['pwd', kind === 'otp' ? 'otp' : 'rcv']
  const done = await deps.record(async (db) => {
    await tryStep(db, step)
    const now = deps.clock.now()
    const right =
      kind === 'otp' ? await takeTotp(db, deps.sealer, account.id, code, now) : await takeRecovery(db, account.id, code)
    if (!right) return { result: undefined, evidence: [] }
    await finishStep(db, step)
    await passed(db, attempt)
    return await complete(deps, db, account, methods, request)
  })
  if (done !== undefined) return done()
  await refuse(deps, { outcome: 'failure', account, methods, reason: 'the code is wrong or was used', request })
  throw wrongCode()
}

export function wrongCode(): KanpekiError {
  return new KanpekiError('wrong_code', 'This code is wrong or was used before.', {
    remedy: 'Wait for the next code, and check that the clock of the phone is right.',
  })
}

/** The challenge for a passkey: of the account whose password was right, or of whomever the browser knows. */
export async function passkeyChallenge(
  deps: AccessDeps,
  ticket: string | undefined,
  request: IncomingMessage,
): Promise<RawReply> {
  const now = deps.clock.now()
  const party = relyingParty(deps.origin(), request)
  const account = ticket === undefined ? undefined : (await pendingAccount(deps, ticket, request))[1]
  const fresh = account === undefined ? newBrowserBond(request, deps.secure) : undefined
  const bond = fresh?.bond ?? browserBond(request)
  const held = account === undefined ? [] : await passkeysOf(deps.db, account.id)
  const challenge = await deps.record(async (db) => ({
    result: await beginStep(db, 'sign-in', account?.id ?? null, bond, now),
    evidence: [],
  }))
  return jsonReply(await assertionOptions(party, held, challenge.secret), fresh === undefined ? [] : [fresh.cookie])
}

/** A passkey alone, or as the second step. */
export async function signInByPasskey(
  deps: AccessDeps,
  ticket: string | undefined,
  response: z.output<typeof passkeyResponseSchema>,
  request: IncomingMessage,
): Promise<RawReply> {
  const { db, clock } = deps
  const party = relyingParty(deps.origin(), request)
  const challenge = challengeIn(response.response.clientDataJSON)
  const step = await checkStep(db, 'sign-in', challenge, browserBond(request), clock.now())
  const [second, expected] = ticket === undefined ? [undefined, undefined] : await pendingAccount(deps, ticket, request)
  if ((expected?.id ?? null) !== step.account_id) throw stepGone()
  const known = await findPasskey(db, response.id)
  const passkey = expected === undefined || known?.account_id === expected.id ? known : undefined
  const account = expected ?? (passkey === undefined ? undefined : await findAccount(db, passkey.account_id))
  const methods = second === undefined ? ['hwk', 'user'] : ['pwd', 'hwk', 'user']
  try {
    const counter = await readAssertion(party, response, challenge, account?.active === 1 ? passkey : undefined)
    const done = await deps.record(async (trx) => {
      await finishStep(trx, step)
      if (second !== undefined) await finishStep(trx, second)
      if (account === undefined || passkey === undefined || !(await usePasskey(trx, passkey.id, counter, clock.now()))) {
        throw new KanpekiError('passkey_refused', 'This passkey was not accepted.', { cause: 'it was used twice at once' })
      }
      return await complete(deps, trx, account, methods, request)
    })
    return done()
  } catch (error) {
    if (error instanceof KanpekiError && error.code === 'passkey_refused') {
      await refuse(deps, { outcome: 'failure', account, typed: response.id, methods, reason: reasonOf(error), request })
    }
    throw error
  }
}
