import type { JsonValue } from '../../../kernel/json.ts'
import { ROUNDING_MS } from '../../instant.ts'
import type { Draft } from '../../normalise/draft.ts'
import { isoTime } from '../../normalise/time.ts'

/** Where loggers write their time beside `@timestamp`, in the order of trust; the last is journald's. */
const TIME_FIELDS = [
  'timestamp',
  'time',
  'ts',
  'eventTime',
  'TimeGenerated',
  'Timestamp',
  'date',
  'datetime',
  // Kubernetes audit: the end of the stage that the event tells of.
  'stageTimestamp',
  'requestReceivedTimestamp',
  '__REALTIME_TIMESTAMP',
] as const

/** 2001-09-09 and 2286-11-20 in seconds: a number between them is seconds since 1970, and so on by thousands. */
const SECONDS_FROM = 1e9
const SECONDS_TO = 1e10

/** The document's own time, milliseconds UTC; a text without a zone is in the source's. */
export function observedOf(doc: Draft, zoneMinutes: number): number | undefined {
  for (const name of TIME_FIELDS) {
    const value = doc[name]
    if (value === undefined) continue
    const at = timeOf(value, zoneMinutes)
    if (at !== undefined) return at
  }
  return undefined
}

/** Epoch seconds (also with a fraction), milli-, micro- or nanoseconds, as a number or as text; or RFC 3339. */
export function timeOf(value: JsonValue, zoneMinutes: number): number | undefined {
  if (typeof value === 'string') {
    if (/^\d{10,19}(?:\.\d{1,9})?$/.test(value)) return epochOf(Number(value))
    return isoTime(value, zoneMinutes)
  }
  return typeof value === 'number' ? epochOf(value) : undefined
}

function epochOf(value: number): number | undefined {
  let scale = 1000
  for (let from = SECONDS_FROM, to = SECONDS_TO; scale >= 1e-6; from *= 1000, to *= 1000, scale /= 1000) {
    if (value >= from && value < to) return Math.trunc(value * scale + ROUNDING_MS)
  }
  return undefined
}
