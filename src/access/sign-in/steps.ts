import { createHash } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { KanpekiError } from '../../kernel/error.ts'
import { DEFAULT_SCOPE } from '../../kernel/event.ts'
import { readCookie, setCookie } from '../cookies.ts'
import type { StepKind, StepsTable } from '../people/tables.ts'
import type { Db } from '../queries.ts'
import { hashSecret, newSecret } from '../secret.ts'
import { deleteStep, findStep, insertStep, spendTry } from './queries.ts'

export const STEP_MS = 5 * 60_000
/** Codes that may be tried with one ticket; the throttle counts over all of them. */
export const TRIES = 5

/** What a step belongs to: whoever else holds its secret cannot finish it. */
export type Bond = { readonly session: string } | { readonly link: string } | { readonly browser: string }

/**
 * The bond to a browser that has no session yet, with the cookie to be set for it. What the browser began before goes on:
 * a passkey may be asked for while the password is typed.
 */
export function newBrowserBond(request: IncomingMessage, secure: boolean): { readonly bond: Bond; readonly cookie: string } {
  const given = readCookie(request, 'step')
  const browser = given !== undefined && /^[A-Za-z0-9_-]{43}$/.test(given) ? given : newSecret()
  return { bond: { browser }, cookie: setCookie(secure, 'step', browser, STEP_MS / 1000) }
}

export function browserBond(request: IncomingMessage): Bond {
  return { browser: readCookie(request, 'step') ?? '' }
}

export function endBrowserBond(secure: boolean): string {
  return setCookie(secure, 'step', '', 0)
}

function textOf(bond: Bond): string {
  if ('session' in bond) return `session:${bond.session}`
  if ('link' in bond) return `link:${hashSecret(bond.link)}`
  return `browser:${hashSecret(bond.browser)}`
}

export async function beginStep(
  db: Db,
  kind: StepKind,
  account: string | null,
  bond: Bond,
  now: number,
): Promise<{ readonly secret: string; readonly expires: number }> {
  const secret = newSecret()
  const expires = now + STEP_MS
  await insertStep(db, {
    hash: hashSecret(secret),
    scope: DEFAULT_SCOPE,
    kind,
    account_id: account,
    bound_to: textOf(bond),
    tries: 0,
    created: now,
    expires,
  })
  return { secret, expires }
}

export function stepGone(): KanpekiError {
  return new KanpekiError('ticket_gone', 'This took too long, was used, or was begun elsewhere.', { remedy: 'Begin again.' })
}

/** The step, as long as it may be finished from here. @throws KanpekiError `ticket_gone`. */
export async function checkStep(db: Db, kind: StepKind, secret: string, bond: Bond, now: number): Promise<StepsTable> {
  const row = await findStep(db, hashSecret(secret), now)
  if (row === undefined || row.kind !== kind || row.bound_to !== textOf(bond)) throw stepGone()
  return row
}

/** Counts a try. @throws KanpekiError `ticket_gone` where none was left; the step then ends. */
export async function tryStep(db: Db, row: StepsTable): Promise<void> {
  if (await spendTry(db, row.hash, TRIES)) return
  await deleteStep(db, row.hash)
  throw stepGone()
}

/** Ends the step, once. @throws KanpekiError `ticket_gone` where somebody else was first. */
export async function finishStep(db: Db, row: Pick<StepsTable, 'hash'>): Promise<void> {
  if (!(await deleteStep(db, row.hash))) throw stepGone()
}

/** The challenge inside a WebAuthn answer, which names its step; empty where there is none. */
export function challengeIn(clientDataJson: string): string {
  try {
    const data: unknown = JSON.parse(Buffer.from(clientDataJson, 'base64url').toString('utf8'))
    const challenge = typeof data === 'object' && data !== null && 'challenge' in data ? data.challenge : undefined
    return typeof challenge === 'string' ? challenge : ''
  } catch {
    return ''
  }
}

/** For logs of who tries: different for each, the same within a run, and telling nothing of what was typed. */
export function disguised(name: string, salt: string): string {
  return `unknown-${createHash('sha256').update(`${salt}\0${name}`).digest('hex').slice(0, 8)}`
}
