import type { Counts } from './schema.ts'

/** What became of one record. A record whose parser yields no event at all is `dropped`: the parser's policy. */
export const RECORD_OUTCOMES = ['parsed', 'unknown', 'repeated', 'dropped'] as const
export type RecordOutcome = (typeof RECORD_OUTCOMES)[number]

export const NO_COUNTS: Counts = {
  received: 0,
  parsed: 0,
  unknown: 0,
  stored: 0,
  repeated: 0,
  dropped: 0,
  gaps: 0,
  bytes: 0,
}

/**
 * Counts one batch from what became of each record.
 * @param beside.dropped records refused before they became one (an `update` in a bulk request); received and dropped.
 */
export function countOutcomes(
  outcomes: Iterable<RecordOutcome>,
  beside: { readonly bytes?: number; readonly gaps?: number; readonly dropped?: number } = {},
): Counts {
  const tally: Record<RecordOutcome, number> = { parsed: 0, unknown: 0, repeated: 0, dropped: beside.dropped ?? 0 }
  for (const outcome of outcomes) tally[outcome]++
  const stored = tally.parsed + tally.unknown
  return {
    ...tally,
    stored,
    received: stored + tally.repeated + tally.dropped,
    gaps: beside.gaps ?? 0,
    bytes: beside.bytes ?? 0,
  }
}

export function addCounts(a: Counts, b: Counts): Counts {
  return {
    received: a.received + b.received,
    parsed: a.parsed + b.parsed,
    unknown: a.unknown + b.unknown,
    stored: a.stored + b.stored,
    repeated: a.repeated + b.repeated,
    dropped: a.dropped + b.dropped,
    gaps: a.gaps + b.gaps,
    bytes: a.bytes + b.bytes,
  }
}

/** The accounts' invariant. Returns the equation that does not hold, or undefined when all do. */
export function imbalance(counts: Counts): string | undefined {
  for (const [name, value] of Object.entries(counts)) {
    if (!Number.isSafeInteger(value) || value < 0) return `${name} is ${value}, not a count`
  }
  if (counts.received !== counts.stored + counts.repeated + counts.dropped)
    return `received ${counts.received} ≠ stored ${counts.stored} + repeated ${counts.repeated} + dropped ${counts.dropped}`
  if (counts.stored !== counts.parsed + counts.unknown)
    return `stored ${counts.stored} ≠ parsed ${counts.parsed} + unknown ${counts.unknown}`
  return undefined
}
