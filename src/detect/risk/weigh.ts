import type { Kysely } from 'kysely'
import type { Severity } from '../../kernel/detection.ts'
import { getPath, type JsonObject } from '../../kernel/json.ts'
import { CRITICALITIES, type Criticality, type Verdict } from '../schema.ts'
import type { DetectTables } from '../tables.ts'
import { judgedByRule } from './queries.ts'

/** Points of an alert about an asset of medium criticality by a rule that is always right. */
export const SEVERITY_POINTS: Readonly<Record<Severity, number>> = { 1: 60, 2: 30, 3: 12, 4: 4, 5: 1 }
export const CRITICALITY_FACTOR: Readonly<Record<Criticality, number>> = { low: 0.6, medium: 1, high: 1.5, critical: 2 }
/** After so long an alert counts half. */
export const HALF_LIFE_MS = 3 * 86_400_000
/** Of alerts of one rule about one entity, each counts for so much of the one before: the newest whole. */
export const REPEAT_FACTOR = 0.5
/** What a rule is trusted with before anybody judged what it found. */
export const PRIOR_CONFIDENCE = 0.7
/** The prior counts like so many judged alerts. */
const PRIOR_WEIGHT = 4
const JUDGED_DAYS = 90
const DAY_MS = 86_400_000

export interface Weighed {
  readonly severity: Severity
  readonly criticality: Criticality | null
  readonly confidence: number
  readonly verdict: Verdict | null
  /** Milliseconds UTC. */
  readonly last: number
}

/** What one alert adds, and from what: severity × criticality × confidence × repetition × age. */
export interface Points {
  readonly points: number
  readonly severityPoints: number
  readonly criticalityFactor: number
  readonly confidence: number
  readonly repeatFactor: number
  readonly ageFactor: number
}

/**
 * Points of one alert now.
 * @param nth how many newer alerts of the same rule about the same entity there are.
 */
export function pointsOf(alert: Weighed, nth: number, now: number): Points {
  const severityPoints = SEVERITY_POINTS[alert.severity]
  const criticalityFactor = CRITICALITY_FACTOR[alert.criticality ?? 'medium']
  const confidence = confidenceNow(alert)
  const repeatFactor = REPEAT_FACTOR ** nth
  const ageFactor = 0.5 ** (Math.max(0, now - alert.last) / HALF_LIFE_MS)
  const points = severityPoints * criticalityFactor * confidence * repeatFactor * ageFactor
  return { points, severityPoints, criticalityFactor, confidence, repeatFactor, ageFactor }
}

/** A person's word stands over the rule's record: what was true is certain, what was not is no risk. */
function confidenceNow({ verdict, confidence }: Weighed): number {
  return verdict === 'true' ? 1 : verdict === 'false' || verdict === 'expected' ? 0 : confidence
}

/** How much the asset matters that an event is about: the inventory's word, which the pipeline put into the event. */
export function criticalityIn(doc: JsonObject | undefined): Criticality | null {
  const said = doc === undefined ? undefined : getPath(doc, 'labels.asset_criticality')
  return CRITICALITIES.find((one) => one === said) ?? null
}

/**
 * How often rules were right, per scope, by the verdicts of the last 90 days: a mean that starts from a prior, so that one
 * verdict does not decide. What was expected was well seen and still nothing to act on: half right.
 */
export async function confidences(
  db: Kysely<DetectTables>,
  ruleIds: readonly string[],
  now: number,
): Promise<(scope: string, ruleId: string) => number> {
  const rows = await judgedByRule(db, ruleIds, now - JUDGED_DAYS * DAY_MS)
  const tallies = new Map<string, { right: number; judged: number }>()
  for (const { scope, rule_id, verdict, n } of rows) {
    const key = `${scope}\0${rule_id}`
    const tally = tallies.get(key) ?? { right: 0, judged: 0 }
    tally.judged += n
    tally.right += verdict === 'true' ? n : verdict === 'expected' ? n / 2 : 0
    tallies.set(key, tally)
  }
  return (scope, ruleId) => confidenceOf(tallies.get(`${scope}\0${ruleId}`) ?? { right: 0, judged: 0 })
}

export function confidenceOf({ right, judged }: { readonly right: number; readonly judged: number }): number {
  return (right + PRIOR_CONFIDENCE * PRIOR_WEIGHT) / (judged + PRIOR_WEIGHT)
}
