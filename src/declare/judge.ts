import type { JsonObject } from '../kernel/json.ts'
import type { ObjectiveState } from '../kernel/measure.ts'
import type { Criterion } from './criteria.ts'
import { figureText, spanText, targetText, timeText } from './figure.ts'
import type { Fact } from './messages.ts'
import type { Bilingual } from './schema.ts'

/** The newest reading of a criterion. Times are milliseconds UTC. */
export interface Taken {
  readonly value: number | null
  readonly good: number
  readonly bad: number
  readonly unknown: number
  readonly detail: JsonObject
  /** When the measure was asked. */
  readonly measuredAt: number
  /** When the newest item behind the value arrived; never later than `measuredAt` in honest readings. */
  readonly asOf: number
  /** SHA-256 (hexadecimal) of what was counted, as the measure saw it; in the ledger's leaf alone. */
  readonly inputs?: readonly string[]
  /** Why there is no value. */
  readonly missing: Bilingual | null
}

export type Cause = 'met' | 'close' | 'unmet' | 'no-reading' | 'no-value' | 'stale' | 'future'

export interface Judged {
  readonly state: ObjectiveState
  readonly atRisk: boolean
  readonly cause: Cause
  /** Since when it is so, as far as this reading alone can tell. */
  readonly since: number
}

/** Clocks of one installation may differ by this much. */
const CLOCK_SKEW_MS = 5 * 60_000

/**
 * Met, unmet or unproven, from the newest reading alone. Anything but a finite figure over evidence that is fresh enough
 * is unproven: no data, a failed measure, an old reading, an old item behind a new reading, a time to come.
 */
export function judge(criterion: Criterion, taken: Taken | undefined, now: number): Judged {
  if (taken === undefined) return unproven('no-reading', now)
  const { value, measuredAt, asOf } = taken
  if (!(Math.max(measuredAt, asOf) <= now + CLOCK_SKEW_MS)) return unproven('future', now)
  if (value === null || !Number.isFinite(value)) return unproven('no-value', Math.min(measuredAt, now))
  const freshUntil = Math.min(measuredAt, asOf) + criterion.maxAgeMs
  if (!(now <= freshUntil)) return unproven('stale', Math.min(freshUntil, now))
  if (!meets(criterion, value)) return { state: 'unmet', atRisk: false, cause: 'unmet', since: Math.min(measuredAt, now) }
  const atRisk = isClose(criterion, value)
  return { state: 'met', atRisk, cause: atRisk ? 'close' : 'met', since: Math.min(measuredAt, now) }
}

function unproven(cause: Cause, since: number): Judged {
  return { state: 'unproven', atRisk: false, cause, since }
}

export function meets({ comparator, target }: Criterion, value: number): boolean {
  switch (comparator) {
    case '<=':
      return value <= target
    case '>=':
      return value >= target
    case '=':
      return value === target
    case '<':
      return value < target
  }
}

function isClose({ comparator, target, margin }: Criterion, value: number): boolean {
  return comparator !== '=' && margin > 0 && Math.abs(target - value) < margin
}

/** What there is to say about a criterion that is not safely met; undefined when it is. */
export function causeFact(criterion: Criterion, taken: Taken | undefined, judged: Judged): Fact | undefined {
  const { title } = criterion
  const evidenceAt = taken === undefined ? 0 : Math.min(taken.measuredAt, taken.asOf)
  switch (judged.cause) {
    case 'met':
      return undefined
    case 'close':
    case 'unmet':
      return { code: judged.cause, params: figureParams(criterion, taken?.value ?? 0) }
    case 'stale':
      return { code: 'stale', params: { title, at: timeText(evidenceAt), limit: spanText(criterion.maxAgeMs) } }
    case 'future':
      return { code: 'future', params: { title, at: timeText(Math.max(taken?.measuredAt ?? 0, taken?.asOf ?? 0)) } }
    case 'no-reading':
    case 'no-value':
      return { code: judged.cause, params: { title } }
  }
}

export function figureParams(criterion: Criterion, value: number): JsonObject {
  return {
    title: criterion.title,
    objective: criterion.id,
    value,
    figure: figureText(value, criterion.unit),
    target: targetText(criterion.comparator, criterion.target, criterion.unit),
  }
}
