import { createHash } from 'node:crypto'
import { messageOf } from '../kernel/error.ts'
import { canonicalJson } from '../kernel/json.ts'
import type { Measure, Reading } from '../kernel/measure.ts'
import type { Criterion } from './criteria.ts'
import { spanText } from './figure.ts'
import type { Taken } from './judge.ts'
import { type Fact, say } from './messages.ts'
import type { Bilingual } from './schema.ts'

/** Details go into the ledger: what is larger than a leaf should be is left out and said so; its hash stands there still. */
const DETAIL_CHARS = 8192

/** A measure that does not answer in this time has not measured. */
export const MEASURE_DEADLINE_MS = 30_000

/**
 * Asks a measure for a criterion's figure. Never throws: a measure that is absent, fails, is late or answers nonsense
 * gives a reading without a value, which is unproven.
 */
export async function take(
  criterion: Criterion,
  measure: Measure | undefined,
  scope: string,
  now: number,
  deadlineMs: number = MEASURE_DEADLINE_MS,
): Promise<Taken> {
  if (measure === undefined) return without(say({ code: 'measure-missing', params: { measure: criterion.measure } }), now)
  try {
    const asked = measure.measure(criterion.params, now - criterion.windowMs, now, scope)
    const reading = await inTime(asked, deadlineMs)
    if (reading === undefined) return without(say({ code: 'measure-late', params: { span: spanText(deadlineMs) } }), now)
    return takenFrom(reading, now)
  } catch (error) {
    return without(say({ code: 'measure-failed', params: { detail: messageOf(error) } }), now)
  }
}

/** The same for many criteria of one measure that answers them together. */
export async function takeMany(
  criteria: readonly Criterion[],
  measure: Measure,
  scope: string,
  now: number,
  deadlineMs: number = MEASURE_DEADLINE_MS,
): Promise<readonly Taken[]> {
  const failed = (fact: Fact): readonly Taken[] => criteria.map(() => without(say(fact), now))
  try {
    const questions = criteria.map(({ params, windowMs }) => ({ params, from: now - windowMs, to: now }))
    const readings = await inTime(measure.measureMany!(questions, scope), deadlineMs)
    if (readings === undefined) return failed({ code: 'measure-late', params: { span: spanText(deadlineMs) } })
    return criteria.map((_, index) => {
      const reading = readings[index]
      if (reading === undefined) return without(say({ code: 'measure-silent', params: {} }), now)
      try {
        return takenFrom(reading, now)
      } catch (error) {
        return without(say({ code: 'measure-failed', params: { detail: messageOf(error) } }), now)
      }
    })
  } catch (error) {
    return failed({ code: 'measure-failed', params: { detail: messageOf(error) } })
  }
}

function takenFrom(reading: Reading, now: number): Taken {
  const finite = reading.value !== null && Number.isFinite(reading.value)
  const { good, bad, unknown } = reading
  const detail = canonicalJson(reading.evidence)
  return {
    value: finite ? reading.value : null,
    good: whole(good),
    bad: whole(bad),
    unknown: whole(unknown),
    detail: detail.length <= DETAIL_CHARS ? reading.evidence : { tooLarge: detail.length },
    inputs: reading.inputs ?? [createHash('sha256').update(detail).digest('hex')],
    measuredAt: now,
    asOf: Number.isFinite(reading.asOf ?? now) ? (reading.asOf ?? now) : now,
    missing: finite ? null : missingText(reading.missing),
  }
}

function missingText(missing: Reading['missing']): Bilingual {
  if (missing === undefined) return say({ code: 'measure-silent', params: {} })
  return typeof missing === 'string' ? { en: missing, ja: missing } : missing
}

function without(missing: Bilingual, now: number): Taken {
  return { value: null, good: 0, bad: 0, unknown: 0, detail: {}, measuredAt: now, asOf: now, missing }
}

function whole(value: number): number {
  return Number.isFinite(value) ? Math.max(0, Math.round(value)) : 0
}

async function inTime<T>(promise: Promise<T>, ms: number): Promise<T | undefined> {
  const { promise: late, resolve } = Promise.withResolvers<undefined>()
  const timer = setTimeout(() => resolve(undefined), ms)
  try {
    return await Promise.race([promise, late])
  } finally {
    clearTimeout(timer)
  }
}
