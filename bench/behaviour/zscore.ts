import { HOURS_FEATURE, nameAt, seenOf, VALUE_FEATURES, VOLUME_FEATURES } from '../../src/detect/engines/behaviour/features.ts'
import type { StoredEvent } from '../../src/kernel/event.ts'

const DAY_MS = 86_400_000
const LEARNING_DAYS = 7

/** What an entity did on a day, by feature. */
type Row = Map<string, number>

/**
 * The plain way: for each user and host the day totals of the same features (amounts, different values, new values, hours of
 * activity), each day's distance from the mean of the days before in standard deviations, the highest of them as the score.
 * @returns day → entity → score.
 */
export function zScores(events: readonly StoredEvent[]): ReadonlyMap<number, ReadonlyMap<string, number>> {
  const rows = new Map<string, Map<number, Row>>()
  const known = new Set<string>()
  for (const event of events) {
    const seen = seenOf(event.doc)
    const day = Math.floor(event.observed / DAY_MS)
    for (const kind of ['user', 'host'] as const) {
      const name = nameAt(event.doc, kind)
      if (name === undefined) continue
      const entity = `${kind}:${name}`
      const row = rowOf(rows, entity, day)
      const add = (feature: string, amount: number): void => void row.set(feature, (row.get(feature) ?? 0) + amount)
      for (const feature of VOLUME_FEATURES) if (feature.kind === kind) add(feature.id, feature.read(seen))
      const values = VALUE_FEATURES.filter((feature) => feature.kind === kind).map(
        (feature) => [feature.id, feature.read(seen)] as const,
      )
      const hour = [HOURS_FEATURE[kind].id, String(Math.floor(event.observed / 3_600_000) % 24)] as const
      for (const [feature, value] of [...values, hour]) {
        if (value === undefined) continue
        const ever = `${entity}\0${feature}\0${value}`
        if (!known.has(ever)) add(`${feature} new`, 1)
        known.add(ever)
        const today = `${ever}\0${day}`
        if (!known.has(today)) add(`${feature} different`, 1)
        known.add(today)
      }
    }
  }
  const scores = new Map<number, Map<string, number>>()
  for (const [entity, days] of rows) {
    const past: Row[] = []
    for (const [day, row] of [...days].sort(([a], [b]) => a - b)) {
      if (past.length >= LEARNING_DAYS) {
        const score = Math.max(
          ...[...row].map(([feature, value]) =>
            distance(
              value,
              past.map((one) => one.get(feature) ?? 0),
            ),
          ),
        )
        const of = scores.get(day) ?? new Map<string, number>()
        scores.set(day, of.set(entity, score))
      }
      past.push(row)
    }
  }
  return scores
}

function distance(value: number, past: readonly number[]): number {
  const mean = past.reduce((sum, one) => sum + one, 0) / past.length
  const deviation = Math.sqrt(past.reduce((sum, one) => sum + (one - mean) ** 2, 0) / past.length)
  return (value - mean) / Math.max(deviation, 0.5, mean * 0.05)
}

function rowOf(rows: Map<string, Map<number, Row>>, entity: string, day: number): Row {
  const days = rows.get(entity) ?? new Map<number, Row>()
  if (days.size === 0) rows.set(entity, days)
  const row = days.get(day) ?? new Map<string, number>()
  if (row.size === 0) days.set(day, row)
  return row
}
