import { Readable } from 'node:stream'
import { createGunzip } from 'node:zlib'
import { z } from 'zod'
import { readTar } from '../assess/image/tar.ts'
import { captureEntrySchema, captureSchema } from '../hosts/schema.ts'
import { KanpekiError, messageOf } from '../kernel/error.ts'
import { type Caller, type Route, route } from '../platform/http/route.ts'
import type { Custody } from '../prove/custody/custody.ts'
import { packetsText } from './packets-text.ts'

/** What of one entry the console shows; all of it is in the artefact. */
const MOST_SHOWN = 500_000
const MOST_PACKETS = 5_000
const MANIFEST = 'manifest.json'
const idSchema = z.object({ id: z.string().max(100) })

/** Looks into captures of hosts without downloading them. Each look takes the evidence, and the ledger is told who did. */
export function captureRoutes(custody: Custody): Route[] {
  return [
    route({
      method: 'GET',
      path: '/api/v1/captures/:id',
      permission: 'artefacts:read',
      summary: 'What a capture holds: its manifest; the ledger is told who looks',
      params: idSchema,
      response: captureSchema,
      handle: async ({ params, caller }) => {
        const { bytes } = await entryOf(custody, caller, params.id, MANIFEST)
        return captureSchema.parse(JSON.parse(bytes.toString('utf8')))
      },
    }),
    route({
      method: 'GET',
      path: '/api/v1/captures/:id/entry',
      permission: 'artefacts:read',
      summary: 'One entry of a capture, its beginning as text or hexadecimal; the ledger is told who looks',
      params: idSchema,
      query: z.object({ name: z.string().min(1).max(255) }),
      response: captureEntrySchema,
      handle: async ({ params, query, caller }) => {
        const { bytes } = await entryOf(custody, caller, params.id, query.name)
        const packets = query.name.endsWith('.pcap') ? packetsText(bytes, MOST_PACKETS) : undefined
        if (packets !== undefined) return { name: query.name, bytes: bytes.length, ...packets }
        const shown = bytes.subarray(0, MOST_SHOWN)
        const text = shown.toString('utf8')
        // A cut may go through a character; anything else that is no UTF-8 is shown as bytes.
        const whole = !text.slice(0, -3).includes('\ufffd') && !text.includes('\0')
        return {
          name: query.name,
          bytes: bytes.length,
          cut: shown.length < bytes.length,
          ...(whole ? { text } : { hex: shown.subarray(0, 4_096).toString('hex') }),
        }
      },
    }),
  ]
}

async function entryOf(custody: Custody, caller: Caller, id: string, name: string) {
  const { row, content } = await custody.take(caller, id)
  if (row.kind !== 'capture') throw new KanpekiError('not_found', `The artefact ${id} is no capture of a host.`)
  const stream = Readable.from(content).pipe(createGunzip())
  try {
    for await (const entry of readTar(stream, row.name, (found) => found === name)) if (entry.name === name) return entry
  } catch (error) {
    throw new KanpekiError('not_found', `The artefact is no capture of an agent: ${messageOf(error)}`)
  }
  throw new KanpekiError('not_found', `The capture has no entry ${JSON.stringify(name)}.`)
}
