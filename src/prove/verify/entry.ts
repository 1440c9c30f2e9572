import type { LedgerEntry } from '../../kernel/evidence.ts'
import { isJsonObject, type JsonObject, type JsonValue } from '../../kernel/json.ts'
import { fromHex, textOf } from './bytes.ts'
import { canonicalOf } from './canonical.ts'

/** What fits an entry bundle's 16-bit length. */
export const MAX_ENTRY_BYTES = 65_535

/** An entry as it was read: its type may be one that a later version added. */
export type ReadEntry = Omit<LedgerEntry, 'type'> & { readonly type: string }

/** What an entry is about, e.g. `{kind: 'alert', id: '9f2c…'}`. */
export interface Subject {
  readonly kind: string
  readonly id: string
}

const KEYS = 'body,logged,observed,outbox,received,scope,type,v'
const TIME = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z$/
/** Members of a body that name something by id; `alerts` is a list of ids or of objects with an `alert`, and so for each. */
const SUBJECT_KEYS = ['alert', 'incident', 'card', 'measure', 'rule', 'source', 'user', 'asset'] as const
const MAX_SUBJECT = 500

/** Reads an entry's bytes; a text says why they are not one. */
export function parseEntry(bytes: Uint8Array): ReadEntry | string {
  const text = textOf(bytes)
  if (text === undefined) return 'the entry is not UTF-8'
  let value: JsonValue
  try {
    value = JSON.parse(text) as JsonValue
  } catch {
    return 'the entry is not JSON'
  }
  if (!isJsonObject(value) || Object.keys(value).sort().join(',') !== KEYS) return 'the entry does not have the members of one'
  if (canonicalOf(value) !== text) return 'the entry is not in canonical form (RFC 8785)'
  const { v, type, scope, outbox, observed, received, logged, body } = value
  if (v !== 1) return `the entry is of version ${JSON.stringify(v)}, not 1`
  if (typeof type !== 'string' || !/^[a-z][a-z0-9-]*$/.test(type)) return 'the entry has no valid type'
  if (typeof scope !== 'string' || scope === '') return 'the entry has no scope'
  if (typeof outbox !== 'number' || !Number.isSafeInteger(outbox) || outbox < 1) return 'the entry has no valid outbox sequence'
  if (!isTime(observed) || !isTime(received) || !isTime(logged))
    return 'a time of the entry is not RFC 3339 UTC with milliseconds'
  if (!isJsonObject(body)) return 'the entry has no body'
  return { v: 1, type, scope, outbox, observed, received, logged, body }
}

/** All that the entry names, without repeats. */
export function subjectsOf(entry: Pick<ReadEntry, 'type' | 'body'>): readonly Subject[] {
  const { body, type } = entry
  const subjects: Subject[] = []
  const add = (kind: string, id: JsonValue | undefined) => {
    if (typeof id !== 'string' || id === '' || id.length > MAX_SUBJECT) return
    if (!subjects.some((known) => known.kind === kind && known.id === id)) subjects.push({ kind, id })
  }
  if (type === 'batch') add('batch', batchSubject(body))
  else if (type === 'segment') add('segment', body['file'])
  else add(type, body['id'])
  for (const key of SUBJECT_KEYS) {
    add(key, body[key])
    const several = body[`${key}s`]
    if (Array.isArray(several)) for (const one of several as readonly JsonValue[]) add(key, isJsonObject(one) ? one[key] : one)
  }
  return subjects
}

function batchSubject(body: JsonObject): string | undefined {
  const batch = parseBatchBody(body)
  return batch === undefined ? undefined : batchId(batch.writer, batch.sequence)
}

/** How a batch is named as a subject. */
export function batchId(writer: string, sequence: number): string {
  return `${writer}/${sequence}`
}

/** Body of a `batch` entry: the salted root over a batch's events, see batch-leaves.ts. A body may have more members. */
export interface BatchBody {
  readonly writer: string
  readonly sequence: number
  readonly events: number
  readonly root: Uint8Array
}

export function parseBatchBody(body: JsonObject): BatchBody | undefined {
  const { writer, sequence, events } = body
  const root = hashIn(body, 'root')
  if (typeof writer !== 'string' || writer === '' || root === undefined || !isCount(sequence) || !isCount(events))
    return undefined
  return { writer, sequence, events, root }
}

/** Consecutive batches of one writer, both ends included. */
export interface BatchRun {
  readonly writer: string
  readonly first: number
  readonly last: number
}

/**
 * Body of a `segment` entry: a sealed Parquet file. `root` is the RFC 6962 root whose leaves are the roots of its
 * batches, in the order of `batches`.
 */
export interface SegmentBody {
  /** Relative to the data directory, with forward slashes. */
  readonly file: string
  readonly bytes: number
  readonly sha256: Uint8Array
  readonly events: number
  readonly batches: readonly BatchRun[]
  readonly root: Uint8Array
}

/** Body of a `segment` entry that says a sealed file was deleted by retention policy. */
export interface DroppedSegment {
  readonly file: string
  readonly dropped: string
}

export function parseSegmentBody(body: JsonObject): SegmentBody | DroppedSegment | undefined {
  const { file, dropped, bytes, events, batches } = body
  if (typeof file !== 'string' || !isInnerPath(file)) return undefined
  if (typeof dropped === 'string') return { file, dropped }
  const sha256 = hashIn(body, 'sha256')
  const root = hashIn(body, 'root')
  if (!isCount(bytes) || !isCount(events) || sha256 === undefined || root === undefined || !Array.isArray(batches))
    return undefined
  const runs = (batches as readonly JsonValue[]).map(parseRun)
  return runs.some((run) => run === undefined) ? undefined : { file, bytes, sha256, events, batches: runs as BatchRun[], root }
}

function parseRun(value: JsonValue): BatchRun | undefined {
  if (!isJsonObject(value)) return undefined
  const { writer, first, last } = value
  return typeof writer === 'string' && isCount(first) && isCount(last) && first <= last ? { writer, first, last } : undefined
}

/** A bundle or data directory may come from anyone: a path in it must not lead out of it. */
function isInnerPath(path: string): boolean {
  return path !== '' && !path.includes('\\') && path.split('/').every((part) => part !== '' && part !== '.' && part !== '..')
}

function hashIn(body: JsonObject, key: string): Uint8Array | undefined {
  const text = body[key]
  const bytes = typeof text === 'string' ? fromHex(text) : undefined
  return bytes?.length === 32 ? bytes : undefined
}

function isTime(value: JsonValue | undefined): value is string {
  return typeof value === 'string' && TIME.test(value) && !Number.isNaN(Date.parse(value))
}

function isCount(value: JsonValue | undefined): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0
}
