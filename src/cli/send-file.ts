import { createHash } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { gzipSync } from 'node:zlib'
import { importSource } from '../collect/sources/import/import.ts'
import { importConfig } from '../collect/sources/import/schema.ts'
import { KanpekiError, messageOf } from '../kernel/error.ts'
import type { RawRecord } from '../kernel/event.ts'
import type { SourceBatch } from '../kernel/plugin.ts'
import { type ServerRef, send } from './request.ts'
import type { SentEnd, SentOffsets } from './sent-offsets.ts'

export interface SendTarget {
  readonly server: Exclude<ServerRef, string>
  readonly token: string
  readonly source: string
  readonly signal: AbortSignal
  readonly offsets: SentOffsets
  /** How long a server may not answer, or say that it is busy. Milliseconds; default five minutes. */
  readonly patience?: number
}

/** What one acknowledged request was about. */
export interface SentStep {
  readonly bytes: number
  readonly received: number
  readonly repeated: number
  readonly unknown: number
}

interface Reply {
  readonly received: number
  readonly repeated: number
  readonly unknown: number
}

const PATIENCE_MS = 300_000
const LONGEST_PAUSE_MS = 10_000
/** Statuses after which the same request may succeed. */
const AGAIN: ReadonlySet<number> = new Set([408, 425, 429, 500, 502, 503, 504])

/**
 * Sends what of a file was not sent before, batch by batch, each acknowledged before the next. A request whose reply was
 * lost is sent again: its records have ids made of all that stands in the file before them and their content, and are
 * stored once. Ends early, after the request that is on its way, when `target.signal` is aborted.
 * @throws KanpekiError `input-unreadable`, `unreachable` after patience, and what the server refuses with.
 */
export async function sendFile(path: string, target: SendTarget, step: (step: SentStep) => void): Promise<void> {
  const from = await placeOf(path, target)
  let chain = START
  let place = from?.place
  const problem = await eachBatch(path, target.signal, async ({ records, bytes = 0 }) => {
    const fresh: RawRecord[] = []
    let previous = chain
    for (const record of records) {
      previous = chain
      chain = follow(chain, record)
      if (from === undefined || chain.records > from.records) fresh.push({ ...record, id: chain.digest.slice(0, 32) })
    }
    if (fresh.length === 0) return step({ bytes, received: 0, repeated: 0, unknown: 0 })
    const reply = await post(target, fresh)
    await target.offsets.put({ ...chain, previous: previous.digest }, place)
    place = chain.digest
    step({ bytes, ...reply })
  })
  if (problem !== undefined) throw new KanpekiError('input-unreadable', problem, { place: { file: path } })
}

/** The records of a file up to one of them. */
interface Chain {
  readonly records: number
  readonly first: string
  readonly digest: string
}

const START: Chain = { records: 0, first: '', digest: '' }

function follow({ records, first, digest }: Chain, { text, json, header }: RawRecord): Chain {
  const content = `${header ?? ''}\0${text ?? JSON.stringify(json)}`
  const next = createHash('sha256').update(digest).update('\0').update(content).digest('hex')
  return { records: records + 1, first: records === 0 ? next : first, digest: next }
}

/** Where the file was left, if it is one that was sent before: it may have grown, been renamed or compressed since. */
async function placeOf(path: string, { offsets, signal }: SendTarget): Promise<SentEnd | undefined> {
  let chain = START
  let found: SentEnd | undefined
  let ends: ReadonlyMap<string, SentEnd> = new Map()
  let longest = 0
  await eachBatch(path, signal, ({ records }) => {
    for (const record of records) {
      chain = follow(chain, record)
      if (chain.records === 1) {
        ends = offsets.ends(chain.first)
        longest = Math.max(0, ...Array.from(ends.values(), (end) => end.records))
      }
      found = ends.get(chain.digest) ?? found
      if (chain.records >= longest) return 'enough'
    }
  })
  return found
}

/** @returns what kept it from being read to its end. */
async function eachBatch(
  path: string,
  signal: AbortSignal,
  work: (batch: SourceBatch) => Promise<void> | 'enough' | undefined,
): Promise<string | undefined> {
  let problem: string | undefined
  const batches = importSource.open(importConfig.parse({ paths: [path] }), {
    signal,
    // How far it is shows only in what the file holds.
    positions: { get: async () => undefined, set: async () => {} },
    log: () => {},
    problem: (_, one) => {
      problem = one?.text
    },
  })
  for await (const batch of batches) {
    if ((await work(batch)) === 'enough' || signal.aborted) break
  }
  return problem
}

async function post({ server, token, source, signal, patience }: SendTarget, records: readonly RawRecord[]): Promise<Reply> {
  const body = gzipSync(records.map((record) => `${JSON.stringify(record)}\n`).join(''), { level: 1 })
  const headers = {
    authorization: `Bearer ${token}`,
    'content-type': 'application/x-ndjson',
    'content-encoding': 'gzip',
    'content-length': String(body.length),
  }
  const until = performance.now() + (patience ?? PATIENCE_MS)
  for (let pause = 250; ; pause = Math.min(pause * 2, LONGEST_PAUSE_MS)) {
    const answer = await send(server, `/api/v1/ingest/records/${source}`, {
      method: 'POST',
      headers,
      body,
      timeout: Math.max(1, until - performance.now()),
    }).catch((error) => error as Error)
    if (answer instanceof Error) {
      const passing = answer instanceof KanpekiError && answer.code === 'unreachable'
      if (!passing || signal.aborted || performance.now() + pause > until) throw answer
    } else if (answer.status < 300) return JSON.parse(answer.text) as Reply
    else if (!AGAIN.has(answer.status) || signal.aborted || performance.now() + pause > until) throw refusal(server.url, answer)
    await sleep(pause, undefined, { signal })
  }
}

function refusal(url: string, { status, text }: { readonly status: number; readonly text: string }): KanpekiError {
  try {
    const { code, detail, remedy } = JSON.parse(text) as Record<string, string | undefined>
    return new KanpekiError(code ?? 'refused', detail ?? `${url} answered ${status}.`, remedy === undefined ? {} : { remedy })
  } catch (error) {
    return new KanpekiError('refused', `${url} answered ${status}: ${messageOf(error)}.`)
  }
}
