import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import { messageOf } from '../kernel/error.ts'
import { backoffMs, realWait } from '../platform/backoff.ts'
import type { Log } from '../platform/log.ts'
import type { Identity } from './identity.ts'
import { type Link, openLink } from './link.ts'
import type { Spool, SpoolBatch } from './spool.ts'

interface Sending {
  readonly spool: Spool
  readonly signal: AbortSignal
  readonly log: Log
  readonly count: (name: string, by?: number) => void
  /** As it is now: a renewed certificate is shown from the next request on. */
  readonly identity: () => Identity
  readonly addresses: () => readonly string[] | undefined
}

const BACKOFF = { firstMs: 250, maxMs: 30_000 }
/** Statuses after which the same request may be taken: the server is busy, away, or does not know us for now. */
const AGAIN: ReadonlySet<number> = new Set([401, 403, 408, 425, 429, 500, 502, 503, 504])
const compress = promisify(gzip)

/** Sends batch after batch in order, each until the server has it. */
export async function sendAll({ spool, signal, log, count, identity, addresses }: Sending): Promise<void> {
  let shown = identity()
  let link = openLink({ ...shown, addresses })
  let failures = 0
  while (!signal.aborted) {
    const batch = await spool.peek()
    if (batch === undefined) {
      await spool.more(signal)
      continue
    }
    if (identity() !== shown) {
      link.close()
      shown = identity()
      link = openLink({ ...shown, addresses })
    }
    try {
      const refused = await deliver(link, shown.id, batch)
      if (refused > 0) count('events.refused', refused)
      count('events.sent', batch.lines.length - refused)
      await spool.acknowledge()
      if (failures > 0) log.info('the server takes events again')
      failures = 0
      continue
    } catch (error) {
      count('requests.failed')
      if (failures === 0) log.warn(messageOf(error))
    }
    await realWait(backoffMs(failures, Math.random, BACKOFF), signal)
    failures += 1
  }
  link.close()
}

/**
 * One batch as an Elasticsearch bulk request, each event with an id that makes a second sending harmless. A batch that the
 * server will never take as a whole goes event by event, so that one of them does not stand before all others for ever.
 * @returns how many events were refused for good. Throws where the same may be taken later.
 */
async function deliver(link: Link, agent: string, { run, first, lines }: SpoolBatch): Promise<number> {
  const body = lines.map((line, i) => `{"create":{"_id":"${agent}-${run}-${first + i}"}}\n${line}\n`).join('')
  const headers = { 'content-type': 'application/x-ndjson', 'content-encoding': 'gzip' }
  const { status, text } = await link.post('/_bulk', await compress(body), headers)
  if (status === 200) return refusedIn(text)
  if (AGAIN.has(status)) throw new Error(`the server answers ${status}: ${text.slice(0, 200)}`)
  if (lines.length === 1) return 1
  let refused = 0
  for (const [i, line] of lines.entries()) refused += await deliver(link, agent, { run, first: first + i, lines: [line] })
  return refused
}

interface BulkReply {
  readonly errors?: boolean
  readonly items?: readonly { readonly create?: { readonly status: number } }[]
}

/** A repeated event (409) is with the server already. */
function refusedIn(text: string): number {
  const { errors, items = [] } = JSON.parse(text) as BulkReply
  if (errors !== true) return 0
  return items.filter(({ create }) => create !== undefined && create.status >= 400 && create.status !== 409).length
}
