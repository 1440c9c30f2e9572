import { KanpekiError } from '../kernel/error.ts'
import type { Caller } from '../platform/http/route.ts'

export const CONFIRMED_FOR_MS = 15 * 60_000

/**
 * For what a stolen or forgotten session must not do (factors, people, tokens that may do everything): the person has to
 * have shown who they are within 15 minutes. Tokens and command lines pass: they carry their whole proof each time.
 * @throws KanpekiError `confirm_identity`.
 */
export function refuseUnconfirmed(caller: Caller, now: number): void {
  const { session } = caller
  if (session === undefined || now - (session.confirmed ?? session.since) <= CONFIRMED_FOR_MS) return
  throw new KanpekiError('confirm_identity', 'Show once more that this is you.', {
    remedy: 'Confirm by POST /api/v1/session/confirm, or sign in again, and repeat this within 15 minutes.',
  })
}
