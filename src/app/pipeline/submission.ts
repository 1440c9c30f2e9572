import type { CommitResult } from '../../collect/commit.ts'
import type { RecordOutcome } from '../../collect/counts.ts'
import type { Clock } from '../../kernel/clock.ts'
import { DEFAULT_SCOPE, type ParsedEvent, type RawRecord } from '../../kernel/event.ts'
import { unknownDocument } from './build-event.ts'
import type { Known } from './known.ts'

/** What one sender handed over at once: acknowledged as a whole or not at all. */
export interface Submission {
  readonly source: string
  readonly scope: string
  /** Identity of the request, for recognising it when it is sent again; empty where the records' ids do that. */
  readonly request: string
  readonly records: readonly RawRecord[]
  /** Whether an id may come a second time although the request is new: a client's own id, a file read again after a crash. */
  readonly mayRepeat: (id: string) => boolean
  readonly zoneMinutes: number
  readonly parsers: readonly string[]
  readonly bytes: number
  readonly gaps: number
  /** Items refused before they became a record. */
  readonly refused: number
}

export interface Committed extends CommitResult {
  readonly outcomes: readonly RecordOutcome[]
}

export type ParseRecord = (
  record: RawRecord,
  context: { received: number; zoneMinutes: number; prefer: readonly string[] },
) => { readonly parser: string; readonly events: readonly ParsedEvent[] } | { readonly unknown: string }

/** A record as its parser read it. */
export interface ReadRecord {
  readonly outcome: Exclude<RecordOutcome, 'repeated'>
  readonly parser: string
  readonly events: readonly ParsedEvent[]
}

export interface ReaderDeps {
  readonly clock: Clock
  readonly parse: ParseRecord
  readonly known: Pick<Known, 'zoneMinutes'>
}

const MOST_RECORDS_A_STEP = 64
const MOST_BYTES_A_STEP = 1024 * 1024

/**
 * The records of a submission, so many at once, to go through each step together: what a step needs then stays in the
 * processor's caches. One by one through all steps they cost a quarter more. Fewer where they are large, since their documents
 * are all in memory.
 */
export function* stepsOf({ bytes, records }: Pick<Submission, 'bytes' | 'records'>): Generator<readonly RawRecord[]> {
  const fit = Math.floor((MOST_BYTES_A_STEP * records.length) / Math.max(bytes, 1))
  const step = Math.min(Math.max(fit, 1), MOST_RECORDS_A_STEP)
  for (let at = 0; at < records.length; at += step) yield records.slice(at, at + step)
}

/** Reads the records of one step. */
export function recordReader(
  { scope, source, zoneMinutes, parsers }: Submission,
  { clock, parse, known }: ReaderDeps,
): (records: readonly RawRecord[]) => readonly ReadRecord[] {
  const received = clock.now()
  const zoneAt = (at: number): number => known.zoneMinutes(scope, source, zoneMinutes, at)
  const context = { received, zoneMinutes: zoneAt(received), prefer: parsers }
  /** A line without a zone is of the offset at its own time, which may be a winter's where it is received in summer. */
  const parseAt = (record: RawRecord): ReturnType<ParseRecord> => {
    const parsed = parse(record, context)
    const observed = 'unknown' in parsed ? undefined : parsed.events[0]?.observed
    const offset = observed === undefined ? context.zoneMinutes : zoneAt(observed)
    if (offset === context.zoneMinutes) return parsed
    const again = parse(record, { ...context, zoneMinutes: offset })
    const moved = 'unknown' in again ? undefined : again.events[0]?.observed
    // Where they do not agree the clocks were just changed: such a time is twice, or never.
    return moved !== undefined && zoneAt(moved) === offset ? again : parsed
  }
  const readOne = (record: RawRecord): ReadRecord => {
    const parsed = record.unreadable === undefined ? parseAt(record) : { unknown: record.unreadable }
    if ('unknown' in parsed) return { outcome: 'unknown', parser: 'unknown', events: [unknownDocument(record, parsed.unknown)] }
    return { outcome: parsed.events.length === 0 ? 'dropped' : 'parsed', parser: parsed.parser, events: parsed.events }
  }
  return (records) => records.map((record) => record.later?.() ?? record).map(readOne)
}

/** What one scope has read is not repeated by another: two teams may read the same file. */
export function idWithin(scope: string, id: string): string {
  return scope === DEFAULT_SCOPE || id.startsWith(`${scope}/`) ? id : `${scope}/${id}`
}

/** What the first event of a record is stored as. */
export function firstId(id: string, events: number): string {
  return events < 2 ? id : `${id}.0`
}
