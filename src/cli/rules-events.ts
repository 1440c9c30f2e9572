import { createInterface } from 'node:readline'
import { eventTime } from '../detect/input/event-time.ts'
import { readPart } from '../detect/input/read-part.ts'
import { KanpekiError } from '../kernel/error.ts'
import type { StoredEvent } from '../kernel/event.ts'
import { getPath, type JsonObject } from '../kernel/json.ts'
import { lineParsers } from './detect/parsers.ts'
import { open, type ServerRef } from './request.ts'

/** Takes events in the order in which they were observed, as far as their source keeps it. */
export type TakeEvents = (events: readonly StoredEvent[]) => void

const AT_ONCE = 1000

/** Events of files, as `kanpeki detect` reads them. @returns records that could not be read. */
export async function eventsOfFiles(files: readonly string[], now: number, take: TakeEvents): Promise<number> {
  let unreadable = 0
  for (const file of files) {
    let last = 0
    let waiting: StoredEvent[] = []
    const sink = {
      record(doc: JsonObject, record: number) {
        last = eventTime(doc) ?? last
        waiting.push(eventOf(`${file}:${record}`, doc, last))
        if (waiting.length < AT_ONCE) return
        take(waiting)
        waiting = []
      },
      unreadable() {
        unreadable += 1
      },
    }
    await readPart({ file }, { parsers: lineParsers, now }, sink)
    take(waiting)
  }
  return unreadable
}

export interface History {
  readonly from: string
  readonly to: string
  readonly query: string
  readonly scope: string
  readonly limit: number
}

/** What a server has stored, oldest first, as it comes. @returns how many events there are in all. */
export async function eventsOfServer(
  server: ServerRef,
  token: string | undefined,
  { from, to, query, scope, limit }: History,
  take: TakeEvents,
): Promise<number> {
  const secret = token ?? process.env['KANPEKI_TOKEN']
  if (secret === undefined)
    throw new KanpekiError('usage', 'A server wants a token.', { remedy: 'Give --token TOKEN or set KANPEKI_TOKEN.' })
  const asked = new URLSearchParams({ from, to, format: 'ndjson', limit: String(limit), ...(query === '' ? {} : { query }) })
  const reply = await open(server, `/api/v1/events/export?${asked}`, {
    method: 'GET',
    headers: { authorization: `Bearer ${secret}`, 'x-kanpeki-scope': scope },
  })
  if (reply.statusCode !== 200) {
    let text = ''
    for await (const part of reply) text += String(part)
    throw new KanpekiError('refused', `The server answered ${reply.statusCode}: ${text.slice(0, 300)}`)
  }
  let waiting: StoredEvent[] = []
  for await (const line of createInterface({ input: reply, crlfDelay: Number.POSITIVE_INFINITY })) {
    if (line === '') continue
    const doc = JSON.parse(line) as JsonObject
    const id = getPath(doc, 'event.id')
    waiting.push(eventOf(typeof id === 'string' ? id : '', doc, eventTime(doc) ?? 0, scope))
    if (waiting.length < AT_ONCE) continue
    take(waiting)
    waiting = []
  }
  take(waiting)
  return Number(reply.headers['x-kanpeki-total'] ?? 0)
}

function eventOf(id: string, doc: JsonObject, observed: number, scope = 'default'): StoredEvent {
  return {
    id,
    scope,
    source: 'replay',
    parser: 'replay',
    observed,
    received: observed,
    writer: 'replay',
    sequence: 0,
    index: 0,
    doc,
  }
}
