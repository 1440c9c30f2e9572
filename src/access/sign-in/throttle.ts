import { createHash } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { KanpekiError } from '../../kernel/error.ts'
import { DEFAULT_SCOPE } from '../../kernel/event.ts'
import type { Db } from '../queries.ts'
import { addressOf, networkOf } from './address.ts'
import type { Familiar } from './known.ts'
import { clearFailures, failuresOf, forgetFailures, takeBackFailure, writeFailures } from './queries.ts'

/** How failures turn into pauses: after `free` of them each next try waits twice as long, `longest` at most. */
interface Curve {
  readonly free: number
  readonly longest: number
}

const FIRST_PAUSE_MS = 1_000
const MINUTE_MS = 60_000
/** So long after the last failure nothing is left of it. */
const FORGET_MS = 60 * MINUTE_MS

/** What is guessed: a password by the name typed, or the second factor of an account whose password is known. */
export type Guessed = 'password' | 'second'

/**
 * - `place`: one browser or network guessing at one account.
 * - `account`: everybody guessing at one account, seen from where it was never signed in to.
 * - `network`: one network guessing at many accounts (spraying).
 *
 * A code of six digits falls to far fewer guesses than a password, so that its pauses grow longer.
 */
const CURVES: Readonly<Record<Guessed, Readonly<Record<'place' | 'account' | 'network', Curve>>>> = {
  password: {
    place: { free: 5, longest: MINUTE_MS },
    account: { free: 20, longest: MINUTE_MS },
    network: { free: 20, longest: MINUTE_MS },
  },
  second: {
    place: { free: 5, longest: 15 * MINUTE_MS },
    account: { free: 10, longest: 15 * MINUTE_MS },
    network: { free: 20, longest: 15 * MINUTE_MS },
  },
}

/** A counted try. It counts as failed until `passed`, so that many at once do not all find the count of before. */
export interface Attempt {
  readonly place: string
  readonly shared: readonly string[]
}

/**
 * Counts a try, or refuses it while a pause lasts. Nobody is locked out: pauses end by themselves, and a browser that
 * signed in to the account before is counted alone, whatever others do; a network that did is not slowed by what other
 * networks do. Call it inside `record`, so that it is judged and written in one transaction.
 * @param subject the name typed, or the account's id; whether it exists makes no difference.
 * @throws KanpekiError `too_many_requests`.
 */
export async function beginAttempt(
  db: Db,
  guessed: Guessed,
  subject: string,
  from: Familiar,
  request: IncomingMessage,
  now: number,
): Promise<Attempt> {
  const network = networkOf(addressOf(request))
  const place = keyOf(guessed, 'place', subject, from.device ?? network)
  const curves = CURVES[guessed]
  const limits = new Map<string, Curve>([[place, curves.place]])
  if (from.device === undefined) {
    limits.set(keyOf(guessed, 'network', network), curves.network)
    if (!from.network) limits.set(keyOf(guessed, 'account', subject), curves.account)
  }
  const before = await failuresOf(db, [...limits.keys()])
  let left = 0
  for (const [key, curve] of limits) {
    const entry = before.get(key)
    if (entry !== undefined) left = Math.max(left, entry.last + pauseAfter(entry.count, curve) - now)
  }
  if (left > 0) {
    throw new KanpekiError('too_many_requests', `Too many failed sign-ins. Try again in ${Math.ceil(left / 1000)} s.`, {
      remedy: 'A passkey, or a browser that signed in before, is not slowed down by the failures of others.',
    })
  }
  await forgetFailures(db, now - FORGET_MS)
  for (const key of limits.keys()) {
    const entry = before.get(key)
    const count = entry === undefined || now - entry.last > FORGET_MS ? 0 : entry.count
    await writeFailures(db, { key, scope: DEFAULT_SCOPE, count: count + 1, last: now })
  }
  return { place, shared: [...limits.keys()].filter((key) => key !== place) }
}

/** The try was right: the place starts anew, and the rest is as if it had not been. */
export async function passed(db: Db, attempt: Attempt): Promise<void> {
  await clearFailures(db, attempt.place)
  for (const key of attempt.shared) await takeBackFailure(db, key)
}

/** Milliseconds to wait after so many failures. */
export function pauseAfter(failures: number, { free, longest }: Curve): number {
  return failures < free ? 0 : Math.min(longest, FIRST_PAUSE_MS * 2 ** Math.min(failures - free, 30))
}

function keyOf(...parts: readonly string[]): string {
  return createHash('sha256').update(parts.join('\0')).digest('hex')
}
