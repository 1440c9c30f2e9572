import { rfc3339 } from '../alerts-view.ts'
import type { EntityRisk } from '../schema.ts'
import type { RiskRow } from './queries.ts'
import { HALF_LIFE_MS, type Points, pointsOf } from './weigh.ts'

/** What findings about one entity must add up to before an alert is raised for the sum. */
export const THRESHOLD = 100
/** Alerts older than this weigh nothing any more: ten half-lives. */
export const LOOK_BACK_MS = 10 * HALF_LIFE_MS
/** The rule of the alerts about the sum itself; they add nothing to it. */
export const RISK_RULE = 'kanpeki-entity-risk'

const DAY_MS = 86_400_000
const PARTS_SHOWN = 12

export interface Part {
  readonly row: RiskRow
  readonly points: Points
}

/** What each alert of one entity weighs now. `rows` are the entity's, the latest first. */
export function partsOf(rows: readonly RiskRow[], now: number): readonly Part[] {
  const seen = new Map<string, number>()
  return rows.flatMap((row) => {
    // What was found to be nothing is no repetition either.
    if (row.rule_id === RISK_RULE || row.verdict === 'false' || row.verdict === 'expected') return []
    const nth = seen.get(row.rule_id) ?? 0
    seen.set(row.rule_id, nth + 1)
    return [{ row, points: pointsOf({ ...row, last: row.last_observed }, nth, now) }]
  })
}

export function sumOf(parts: readonly Part[]): number {
  return parts.reduce((sum, { points }) => sum + points.points, 0)
}

/** The sum with what it is made of, the heaviest first. */
export function entityRisk(rows: readonly RiskRow[], now: number): EntityRisk {
  const parts = partsOf(rows, now).toSorted((a, b) => b.points.points - a.points.points)
  return {
    points: rounded(sumOf(parts)),
    threshold: THRESHOLD,
    halfLifeDays: HALF_LIFE_MS / DAY_MS,
    parts: parts.slice(0, PARTS_SHOWN).map(({ row, points }) => ({
      alertId: row.id,
      title: row.title,
      titleJa: row.title_ja,
      severity: row.severity,
      criticality: row.criticality,
      verdict: row.verdict,
      lastObserved: rfc3339(row.last_observed),
      points: rounded(points.points),
      severityPoints: points.severityPoints,
      criticalityFactor: points.criticalityFactor,
      confidence: rounded(points.confidence, 100),
      repeatFactor: points.repeatFactor,
      ageFactor: rounded(points.ageFactor, 100),
    })),
    otherParts: Math.max(0, parts.length - PARTS_SHOWN),
  }
}

function rounded(value: number, by = 10): number {
  return Math.round(value * by) / by
}
