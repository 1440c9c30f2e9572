import { RawReply } from '../platform/http/route.ts'

/** A JSON reply that also sets cookies; like every such reply it is kept nowhere. */
export function jsonReply(value: object, cookies: readonly string[]): RawReply {
  return new RawReply('application/json; charset=utf-8', JSON.stringify(value), {
    'cache-control': 'no-store',
    ...(cookies.length === 0 ? {} : { 'set-cookie': cookies }),
  })
}
