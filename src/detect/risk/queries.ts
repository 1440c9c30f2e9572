import type { Kysely } from 'kysely'
import type { AlertsTable, DetectTables } from '../tables.ts'

const ROWS = 20_000
const KEYS_A_STATEMENT = 1000

export type RiskRow = Pick<
  AlertsTable,
  | 'id'
  | 'scope'
  | 'entity_key'
  | 'rule_id'
  | 'title'
  | 'title_ja'
  | 'severity'
  | 'criticality'
  | 'confidence'
  | 'verdict'
  | 'state'
  | 'judged'
  | 'last_observed'
>

/** Alerts of these entities observed since a time, the latest first. */
export async function alertsOfEntities(
  db: Kysely<DetectTables>,
  entityKeys: readonly string[],
  since: number,
): Promise<RiskRow[]> {
  const found: RiskRow[] = []
  for (let at = 0; at < entityKeys.length; at += KEYS_A_STATEMENT)
    found.push(
      ...(await db
        .selectFrom('detect_alerts')
        .select([
          'id',
          'scope',
          'entity_key',
          'rule_id',
          'title',
          'title_ja',
          'severity',
          'criticality',
          'confidence',
          'verdict',
          'state',
          'judged',
          'last_observed',
        ])
        .where('entity_key', 'in', entityKeys.slice(at, at + KEYS_A_STATEMENT))
        .where('last_observed', '>=', since)
        .orderBy('last_observed', 'desc')
        .orderBy('id')
        .limit(ROWS)
        .execute()),
    )
  return found
}

/** How the alerts of these rules were judged since a time, by scope. */
export async function judgedByRule(db: Kysely<DetectTables>, ruleIds: readonly string[], since: number) {
  return await db
    .selectFrom('detect_alerts')
    .where('rule_id', 'in', [...ruleIds])
    .where('judged', '>=', since)
    .groupBy(['scope', 'rule_id', 'verdict'])
    .select((eb) => ['scope', 'rule_id', 'verdict', eb.fn.countAll<number>().as('n')])
    .execute()
}

export async function detailsOf(db: Kysely<DetectTables>, ids: readonly string[]) {
  return await db
    .selectFrom('detect_alerts')
    .select(['id', 'detail', 'event_count', 'received'])
    .where('id', 'in', [...ids])
    .execute()
}
