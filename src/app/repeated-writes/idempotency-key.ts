import type { IncomingMessage } from 'node:http'
import { KanpekiError } from '../../kernel/error.ts'
import { FOREIGN_PERMISSIONS, type Route } from '../../platform/http/route.ts'

/** Whether a route takes an Idempotency-Key: a write whose body is JSON. Bytes that are sent are known by their hash. */
export function takesIdempotencyKey({
  method,
  permission,
  readsBody,
}: Pick<Route, 'method' | 'permission' | 'readsBody'>): boolean {
  return method !== 'GET' && readsBody !== true && !FOREIGN_PERMISSIONS.has(permission)
}

export const MOST_KEY_CHARACTERS = 255

/**
 * The key of a request, written as a string of RFC 9651 (`"…"`) or as it is (draft-ietf-httpapi-idempotency-key-header-07 §2.1).
 * @returns undefined if it has none. @throws KanpekiError `bad_idempotency_key`.
 */
export function idempotencyKeyOf({ headers }: Pick<IncomingMessage, 'headers'>): string | undefined {
  const given = headers['idempotency-key']
  if (given === undefined) return undefined
  const key = String(given).replace(/^"(.*)"$/, '$1')
  if (key.length > MOST_KEY_CHARACTERS || !/^[\x20-\x7e]+$/.test(key)) {
    throw new KanpekiError('bad_idempotency_key', 'The Idempotency-Key cannot be read.', {
      remedy: `Send 1 to ${MOST_KEY_CHARACTERS} printable ASCII characters, such as a UUID.`,
    })
  }
  return key
}
