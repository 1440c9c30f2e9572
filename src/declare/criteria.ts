import { createHash } from 'node:crypto'
import { canonicalJson, type JsonObject, type JsonValue } from '../kernel/json.ts'
import type { Measure, Unit } from '../kernel/measure.ts'
import { durationMs } from './duration.ts'
import type { Bilingual, Card, Comparator } from './schema.ts'

/** What loading and judging cards need to know of the measures, by id. */
export type Measures = ReadonlyMap<string, Pick<Measure, 'unit' | 'check'>>

export const FORBIDDEN_MEASURE = 'events.forbidden-count'

/** An objective or a forbidden failure, in one shape. Spans are milliseconds. */
export interface Criterion {
  readonly id: string
  readonly kind: 'objective' | 'forbidden'
  readonly title: Bilingual
  readonly measure: string
  readonly unit: Unit
  readonly params: JsonObject
  readonly comparator: Comparator
  readonly target: number
  readonly margin: number
  readonly windowMs: number
  readonly maxAgeMs: number
}

/** Objectives first, as written. A measure that is not known has the unit of its kind's figures: count. */
export function criteriaOf(card: Card, measures: ReadonlyMap<string, Pick<Measure, 'unit'>>): readonly Criterion[] {
  const objectives = card.objectives.map(
    (one): Criterion => ({
      id: one.id,
      kind: 'objective',
      title: one.title,
      measure: one.measure,
      unit: measures.get(one.measure)?.unit ?? 'count',
      params: one.params,
      comparator: one.comparator,
      target: one.target,
      margin: one.margin,
      windowMs: durationMs(one.window),
      maxAgeMs: durationMs(one.maxEvidenceAge),
    }),
  )
  const forbidden = card.forbidden.map(
    (one): Criterion => ({
      id: one.id,
      kind: 'forbidden',
      title: one.title,
      measure: FORBIDDEN_MEASURE,
      unit: 'count',
      params: { query: one.query },
      comparator: '=',
      target: 0,
      margin: 0,
      windowMs: durationMs(one.window),
      maxAgeMs: durationMs(one.maxEvidenceAge),
    }),
  )
  return [...objectives, ...forbidden]
}

/** What a reading is of: change it, and the old reading proves nothing. */
export function specOf({ measure, params, windowMs }: Pick<Criterion, 'measure' | 'params' | 'windowMs'>): string {
  return createHash('sha256')
    .update(canonicalJson([measure, params, windowMs] satisfies JsonValue))
    .digest('hex')
}
