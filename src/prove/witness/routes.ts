import { KanpekiError } from '../../kernel/error.ts'
import { RawReply, type Route, route } from '../../platform/http/route.ts'
import type { Witness } from './witness.ts'

/** 63 hashes and a checkpoint with a hundred signatures. */
const LONGEST_REQUEST = 64 * 1024
const FRESH = { 'cache-control': 'no-store' }

/** The witness for others' logs (C2SP tlog-witness); its submission prefix is `/witness`. What is asked is judged by its signature alone. */
export function witnessRoutes(witness: Witness): Route[] {
  return [
    route({
      method: 'GET',
      path: '/witness/key',
      permission: 'public',
      summary: 'The key of our cosignatures (C2SP tlog-cosignature)',
      handle: async () => new RawReply('text/plain; charset=utf-8', `${witness.key.text}\n`, FRESH),
    }),
    route({
      method: 'POST',
      path: '/witness/add-checkpoint',
      permission: 'public',
      summary: 'Asks for a cosignature of a checkpoint (C2SP tlog-witness)',
      readsBody: true,
      handle: async ({ request }) => {
        const { status, body, type } = await witness.addCheckpoint(await bodyOf(request))
        return new RawReply(type, body, FRESH, status)
      },
    }),
    route({
      method: 'POST',
      path: '/witness/follow-key',
      permission: 'public',
      summary: 'Leads the witness to the new key of a log, by a note that the old one signed too',
      readsBody: true,
      handle: async ({ request }) => {
        const { status, body, type } = await witness.followKey(await bodyOf(request))
        return new RawReply(type, body, FRESH, status)
      },
    }),
  ]
}

async function bodyOf(request: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const parts: Uint8Array[] = []
  let length = 0
  for await (const part of request) {
    length += part.length
    if (length > LONGEST_REQUEST)
      throw new KanpekiError('too_large', `A request to a witness has at most ${LONGEST_REQUEST} bytes.`)
    parts.push(part)
  }
  return Buffer.concat(parts)
}
