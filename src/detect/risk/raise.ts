import type { Kysely } from 'kysely'
import type { Detection, RuleInfo } from '../../kernel/detection.ts'
import type { JsonObject } from '../../kernel/json.ts'
import { readJson } from '../../platform/state/columns.ts'
import type { StoredDetail } from '../alerts-view.ts'
import type { EntityKind } from '../schema.ts'
import type { AlertsTable, DetectTables } from '../tables.ts'
import { LOOK_BACK_MS, type Part, partsOf, RISK_RULE, sumOf, THRESHOLD } from './entity-risk.ts'
import { alertsOfEntities, detailsOf, type RiskRow } from './queries.ts'

/** An alert that is grave by itself and waits already has somebody's eyes on the entity. */
const GRAVE = 2
const RECENT_MS = 86_400_000
const EVENTS_KEPT = 100

/** Proves no technique: the alerts behind it do. */
const RULE: RuleInfo = {
  id: RISK_RULE,
  version: '1',
  title: 'Findings about one entity add up',
  level: 'high',
  file: 'built-in',
  description:
    'Several findings, none of them grave by itself, are about the same entity. Severity, how much the asset matters, how often each rule was right and age are weighed into points; their sum has passed the threshold.',
  techniques: [],
  tactics: [],
  ja: {
    title: '同じ対象への検知の積み重なり',
    description:
      '単独では重大でない複数の検知が、同じ対象に集まっています。重要度、資産の重要性、各ルールの的中率、経過時間から点数を計算し、その合計がしきい値を超えました。',
  },
}

const FIELD: Readonly<Record<EntityKind, string>> = {
  host: 'host.name',
  user: 'user.name',
  address: 'source.ip',
  other: 'entity',
}

/**
 * Detections of entities whose findings now add up: at least two rules, nothing grave about them waiting already. What was
 * weighed when somebody judged such an alert does not count again.
 * @param fresh alerts raised in this transaction, stored already.
 */
export async function riskDetections(db: Kysely<DetectTables>, fresh: readonly AlertsTable[], now: number): Promise<Detection[]> {
  const about = new Map(fresh.filter((row) => row.rule_id !== RISK_RULE).map((row) => [`${row.scope}\0${row.entity_key}`, row]))
  if (about.size === 0) return []
  const keys = [...new Set([...about.values()].map((row) => row.entity_key))]
  const rows = Map.groupBy(await alertsOfEntities(db, keys, now - LOOK_BACK_MS), (row) => `${row.scope}\0${row.entity_key}`)
  const detections: Detection[] = []
  for (const [key, alert] of about) {
    const parts = addingUp(rows.get(key) ?? [], now)
    if (parts !== undefined) detections.push(await detectionOf(db, alert, parts))
  }
  return detections
}

/** The parts of a sum that is worth an alert, the heaviest first; undefined where it is not. */
export function addingUp(rows: readonly RiskRow[], now: number): readonly Part[] | undefined {
  const watched = rows.some((row) => row.state === 'open' && row.severity <= GRAVE && row.last_observed >= now - RECENT_MS)
  if (watched) return undefined
  const judged = Math.max(0, ...rows.map((row) => (row.rule_id === RISK_RULE ? (row.judged ?? 0) : 0)))
  const parts = partsOf(
    rows.filter((row) => row.last_observed > judged),
    now,
  )
  const rules = new Set(parts.filter(({ points }) => points.points > 0).map(({ row }) => row.rule_id))
  if (rules.size < 2 || sumOf(parts) < THRESHOLD) return undefined
  return parts.toSorted((a, b) => b.points.points - a.points.points)
}

async function detectionOf(db: Kysely<DetectTables>, about: AlertsTable, parts: readonly Part[]): Promise<Detection> {
  const weighty = parts.slice(0, EVENTS_KEPT)
  const details = new Map(
    (
      await detailsOf(
        db,
        weighty.map(({ row }) => row.id),
      )
    ).map((row) => [row.id, row]),
  )
  const eventIds = weighty
    .toSorted((a, b) => a.row.last_observed - b.row.last_observed)
    .flatMap(({ row }) => readJson<StoredDetail>(details.get(row.id)?.detail ?? '{"eventIds":[]}').eventIds.slice(0, 1))
  const points = Math.round(sumOf(parts))
  const fields: JsonObject = {
    'risk.points': points,
    'risk.threshold': THRESHOLD,
    'risk.rules': [...new Set(weighty.map(({ row }) => row.title))],
  }
  return {
    rule: RULE,
    eventIds: [...new Set(eventIds)],
    eventCount: [...details.values()].reduce((sum, row) => sum + row.event_count, 0),
    fields,
    conditions: [
      { text: `points: ${points} of ${THRESHOLD}`, fields: ['risk.points', 'risk.threshold'] },
      { text: 'findings of at least two rules', fields: ['risk.rules'] },
    ],
    group: { [FIELD[about.entity_kind]]: about.entity_name },
    observed: Math.max(...parts.map(({ row }) => row.last_observed)),
    received: about.received,
    scope: about.scope,
  }
}
