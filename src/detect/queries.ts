import { type Expression, type ExpressionBuilder, type Kysely, type SqlBool, sql } from 'kysely'
import type { Severity } from '../kernel/detection.ts'
import type { AlertState } from './schema.ts'
import type { AlertHistoryTable, AlertRow, AlertsTable, DetectTables, ProofsTable, SeenTable } from './tables.ts'

/** `state.scoped(scope)` for a caller, or a transaction over every scope. */
export type Db = Kysely<DetectTables>

/** Parameters a statement may carry are limited (SQLite 32,766). */
const IDS_A_STATEMENT = 1000
const ROWS_A_STATEMENT = 500

async function inChunks<T, R>(items: readonly T[], size: number, run: (chunk: T[]) => Promise<readonly R[]>): Promise<R[]> {
  const found: R[] = []
  for (let at = 0; at < items.length; at += size) found.push(...(await run(items.slice(at, at + size))))
  return found
}

// ── From detections to alerts ──

export async function seenKeys(db: Db, keys: readonly string[]): Promise<ReadonlySet<string>> {
  const rows = await inChunks(keys, IDS_A_STATEMENT, (chunk) =>
    db.selectFrom('detect_seen').select('key').where('key', 'in', chunk).execute(),
  )
  return new Set(rows.map((row) => row.key))
}

/** Open alerts of these groups that lie between two observed times, those kept quiet, and whatever has one of these ids. */
export async function candidates(
  db: Db,
  groupIds: readonly string[],
  ids: readonly string[],
  from: number,
  to: number,
  now: number,
): Promise<AlertsTable[]> {
  const open = await inChunks(groupIds, IDS_A_STATEMENT, (chunk) =>
    db
      .selectFrom('detect_alerts')
      .selectAll()
      .where('group_id', 'in', chunk)
      .where((eb) =>
        eb.or([
          eb.and([eb('state', '=', 'open'), eb('last_observed', '>=', from), eb('first_observed', '<=', to)]),
          eb('quiet_until', '>', now),
        ]),
      )
      .execute(),
  )
  const there = new Set(open.map((row) => row.id))
  const same = await alertsByIds(
    db,
    ids.filter((id) => !there.has(id)),
  )
  return [...open, ...same]
}

export async function alertsByIds(db: Db, ids: readonly string[]): Promise<AlertsTable[]> {
  return await inChunks(ids, IDS_A_STATEMENT, (chunk) =>
    db.selectFrom('detect_alerts').selectAll().where('id', 'in', chunk).execute(),
  )
}

export interface StoryRow {
  readonly story_id: string
  readonly scope: string
  readonly entity_key: string
  readonly first_observed: number
  readonly last_observed: number
}

/** Alerts of these entities observed between two times, the latest first. */
export async function storiesNear(db: Db, entityKeys: readonly string[], from: number, to: number): Promise<StoryRow[]> {
  return await inChunks(entityKeys, IDS_A_STATEMENT, (chunk) =>
    db
      .selectFrom('detect_alerts')
      .select(['story_id', 'scope', 'entity_key', 'first_observed', 'last_observed'])
      .where('entity_key', 'in', chunk)
      .where('last_observed', '>=', from)
      .where('first_observed', '<=', to)
      .orderBy('last_observed', 'desc')
      .orderBy('id')
      .execute(),
  )
}

export async function insertAlerts(db: Db, rows: readonly AlertsTable[]): Promise<void> {
  await inChunks(rows, ROWS_A_STATEMENT, async (chunk) => {
    await db.insertInto('detect_alerts').values(chunk).execute()
    return []
  })
}

export type AlertChange = Partial<Omit<AlertsTable, 'id' | 'scope'>>

export async function updateAlert(db: Db, id: string, change: AlertChange): Promise<void> {
  await db.updateTable('detect_alerts').set(change).where('id', '=', id).execute()
}

export async function insertSeen(db: Db, rows: readonly SeenTable[]): Promise<void> {
  await inChunks(rows, ROWS_A_STATEMENT, async (chunk) => {
    await db.insertInto('detect_seen').values(chunk).execute()
    return []
  })
}

export async function upsertProofs(db: Db, rows: readonly ProofsTable[]): Promise<void> {
  await inChunks(rows, ROWS_A_STATEMENT, async (chunk) => {
    await db
      .insertInto('detect_proofs')
      .values(chunk)
      .onConflict((conflict) =>
        conflict.columns(['alert_id', 'technique']).doUpdateSet((eb) => ({ last: eb.ref('excluded.last') })),
      )
      .execute()
    return []
  })
}

export async function forgetSeen(db: Db, receivedBefore: number): Promise<void> {
  await db.deleteFrom('detect_seen').where('received', '<', receivedBefore).execute()
}

/** Ids of closed alerts last changed before a time, oldest first. */
export async function closedBefore(db: Db, updatedBefore: number, most: number): Promise<string[]> {
  const rows = await db
    .selectFrom('detect_alerts')
    .select('id')
    .where('state', '=', 'closed')
    .where('updated', '<', updatedBefore)
    .orderBy('updated')
    .limit(most)
    .execute()
  return rows.map(({ id }) => id)
}

export async function deleteAlerts(db: Db, ids: readonly string[]): Promise<void> {
  await inChunks(ids, IDS_A_STATEMENT, async (chunk) => {
    await db.deleteFrom('detect_history').where('alert_id', 'in', chunk).execute()
    await db.deleteFrom('detect_alerts').where('id', 'in', chunk).execute()
    return []
  })
}

/** @param names in small letters. */
export async function countAbout(db: Db, names: readonly string[], scope: string | undefined): Promise<number> {
  let query = db
    .selectFrom('detect_alerts')
    .select((e) => e.fn.countAll<number>().as('alerts'))
    .where(sql<string>`lower(entity_name)`, 'in', names)
  if (scope !== undefined) query = query.where('scope', '=', scope)
  return Number((await query.executeTakeFirstOrThrow()).alerts)
}

// ── The queue ──

const ROW = [
  'id',
  'scope',
  'story_id',
  'group_id',
  'rule_id',
  'rule_version',
  'title',
  'title_ja',
  'level',
  'severity',
  'file',
  'entity_kind',
  'entity_name',
  'entity_key',
  'techniques',
  'tactics',
  'count',
  'event_count',
  'first_observed',
  'last_observed',
  'received',
  'raised',
  'updated',
  'state',
  'verdict',
  'judged',
  'quiet_until',
  'criticality',
  'confidence',
  'acknowledged',
  'assignee',
  'outbox',
] as const satisfies readonly (keyof AlertRow)[]

export interface QueueFilter {
  readonly state: AlertState | 'all'
  readonly severities: readonly number[]
  /** Folded words; each must occur. */
  readonly words: readonly string[]
  readonly assignee: string | undefined
}

type AlertExpressions = ExpressionBuilder<DetectTables, 'detect_alerts'>

function filtered(filter: QueueFilter) {
  return (eb: AlertExpressions): Expression<SqlBool> => {
    const conditions: Expression<SqlBool>[] = []
    if (filter.state !== 'all') conditions.push(eb('state', '=', filter.state))
    if (filter.severities.length > 0) conditions.push(eb('severity', 'in', filter.severities as (1 | 2 | 3 | 4 | 5)[]))
    if (filter.assignee !== undefined) conditions.push(eb('assignee', '=', filter.assignee))
    for (const word of filter.words) conditions.push(eb('search', 'like', `%${likeLiteral(word)}%`))
    return eb.and(conditions)
  }
}

/** `%`, `_` and `\` stand for any one character: close enough for a filter, and the same on both databases. */
function likeLiteral(word: string): string {
  return word.replaceAll(/[%_\\]/g, '_')
}

export interface QueueRow {
  readonly story_id: string
  readonly severity: number
  readonly raised: number
}

/** Place after which the next page begins: gravest first, then the latest raised. */
export type QueueCursor = readonly [severity: number, raised: number, story: string]

export async function queuePage(db: Db, filter: QueueFilter, after: QueueCursor | undefined, limit: number): Promise<QueueRow[]> {
  let query = db
    .selectFrom('detect_alerts')
    .where(filtered(filter))
    .groupBy('story_id')
    .select((eb) => ['story_id', eb.fn.min<number>('severity').as('severity'), eb.fn.max<number>('raised').as('raised')])
  if (after !== undefined) {
    const [severity, raised, story] = after
    query = query.having((eb) => {
      const gravest = eb.fn.min<number>('severity')
      const latest = eb.fn.max<number>('raised')
      return eb.or([
        eb(gravest, '>', severity),
        eb.and([eb(gravest, '=', severity), eb(latest, '<', raised)]),
        eb.and([eb(gravest, '=', severity), eb(latest, '=', raised), eb('story_id', '>', story)]),
      ])
    })
  }
  return await query.orderBy('severity').orderBy('raised', 'desc').orderBy('story_id').limit(limit).execute()
}

export async function queueTotals(db: Db, filter: QueueFilter) {
  const row = await db
    .selectFrom('detect_alerts')
    .where(filtered(filter))
    .select((eb) => [
      eb.fn.count<number>('story_id').distinct().as('groups'),
      eb.fn.countAll<number>().as('alerts'),
      eb.fn.sum<number | null>('count').as('detections'),
    ])
    .executeTakeFirstOrThrow()
  return { groups: row.groups, alerts: row.alerts, detections: row.detections ?? 0 }
}

/** Oldest first. */
export async function alertsOfStory(db: Db, storyId: string, limit: number): Promise<AlertRow[]> {
  return await db
    .selectFrom('detect_alerts')
    .select(ROW)
    .where('story_id', '=', storyId)
    .orderBy('first_observed')
    .orderBy('id')
    .limit(limit)
    .execute()
}

export async function storyTotals(db: Db, storyIds: readonly string[]) {
  return await inChunks(storyIds, IDS_A_STATEMENT, (chunk) =>
    db
      .selectFrom('detect_alerts')
      .where('story_id', 'in', chunk)
      .groupBy('story_id')
      .select((eb) => [
        'story_id',
        eb.fn.countAll<number>().as('alerts'),
        eb.fn.count<number>('rule_id').distinct().as('rules'),
        eb.fn.sum<number>('count').as('count'),
        eb.fn.min<number>('first_observed').as('first'),
        eb.fn.max<number>('last_observed').as('last'),
        eb.fn.max<number>('raised').as('raised'),
      ])
      .execute(),
  )
}

export async function openInStories(db: Db, storyIds: readonly string[]): Promise<ReadonlyMap<string, number>> {
  const rows = await inChunks(storyIds, IDS_A_STATEMENT, (chunk) =>
    db
      .selectFrom('detect_alerts')
      .where('story_id', 'in', chunk)
      .where('state', '=', 'open')
      .groupBy('story_id')
      .select((eb) => ['story_id', eb.fn.countAll<number>().as('open')])
      .execute(),
  )
  return new Map(rows.map((row) => [row.story_id, row.open]))
}

// ── One alert ──

export async function alertById(db: Db, id: string): Promise<AlertsTable | undefined> {
  return await db.selectFrom('detect_alerts').selectAll().where('id', '=', id).executeTakeFirst()
}

/** The gravest alert of a story that the filter lets through, the earliest among equals. */
export async function gravestOfStory(db: Db, storyId: string, filter: QueueFilter): Promise<AlertRow | undefined> {
  return await db
    .selectFrom('detect_alerts')
    .select(ROW)
    .where('story_id', '=', storyId)
    .where(filtered(filter))
    .orderBy('severity')
    .orderBy('first_observed')
    .orderBy('id')
    .limit(1)
    .executeTakeFirst()
}

/** Others of the same story or entity, newest first. */
export async function relatedTo(db: Db, alert: AlertsTable, limit: number): Promise<AlertRow[]> {
  const latest = (column: 'story_id' | 'entity_key') =>
    db
      .selectFrom('detect_alerts')
      .select(ROW)
      .where('id', '!=', alert.id)
      .where(column, '=', alert[column])
      .orderBy('last_observed', 'desc')
      .orderBy('id')
      .limit(limit)
      .execute()
  // Two questions: SQLite reads the whole scope for one that says "or".
  const found = [...(await latest('story_id')), ...(await latest('entity_key'))]
  return [...new Map(found.map((row) => [row.id, row])).values()]
    .sort((a, b) => b.last_observed - a.last_observed || (a.id < b.id ? -1 : 1))
    .slice(0, limit)
}

/** Earlier alerts of the same rule raised since a time: of this entity, and of any. */
export async function earlierOfRule(db: Db, alert: AlertsTable, since: number) {
  const count = (entityKey: string | undefined) =>
    db
      .selectFrom('detect_alerts')
      .where('rule_id', '=', alert.rule_id)
      .where('raised', '>=', since)
      .where('id', '!=', alert.id)
      .where('first_observed', '<=', alert.first_observed)
      .$if(entityKey !== undefined, (query) => query.where('entity_key', '=', entityKey ?? ''))
      .select((eb) => eb.fn.countAll<number>().as('n'))
      .executeTakeFirstOrThrow()
  return { sameEntity: (await count(alert.entity_key)).n, anyEntity: (await count(undefined)).n }
}

export async function historyOf(db: Db, alertId: string): Promise<AlertHistoryTable[]> {
  return await db.selectFrom('detect_history').selectAll().where('alert_id', '=', alertId).orderBy('number').execute()
}

export async function insertHistory(db: Db, row: AlertHistoryTable): Promise<void> {
  await db.insertInto('detect_history').values(row).execute()
}

export async function markUndone(db: Db, alertId: string, number: number): Promise<void> {
  await db.updateTable('detect_history').set({ undone: 1 }).where('alert_id', '=', alertId).where('number', '=', number).execute()
}

// ── Figures ──

export async function countsBySeverity(db: Db) {
  return await db
    .selectFrom('detect_alerts')
    .where('state', '=', 'open')
    .groupBy('severity')
    .select((eb) => ['severity', eb.fn.countAll<number>().as('n')])
    .execute()
}

export async function countMine(db: Db, assignee: string): Promise<number> {
  const row = await db
    .selectFrom('detect_alerts')
    .where('state', '=', 'open')
    .where('assignee', '=', assignee)
    .select((eb) => eb.fn.countAll<number>().as('n'))
    .executeTakeFirstOrThrow()
  return row.n
}

export async function countJudgedSince(db: Db, since: number): Promise<number> {
  const row = await db
    .selectFrom('detect_alerts')
    .where('state', '=', 'closed')
    .where('judged', '>=', since)
    .select((eb) => eb.fn.countAll<number>().as('n'))
    .executeTakeFirstOrThrow()
  return row.n
}

export async function lastRaised(db: Db): Promise<number | null> {
  const row = await db
    .selectFrom('detect_alerts')
    .select((eb) => eb.fn.max<number | null>('raised').as('raised'))
    .executeTakeFirstOrThrow()
  return row.raised
}

export type AlertTimes = Pick<
  AlertsTable,
  'id' | 'severity' | 'count' | 'raised' | 'received' | 'first_observed' | 'verdict' | 'judged' | 'acknowledged'
>

/**
 * Open alerts of every scope, as grave as `severity` or graver, raised since then; oldest first.
 * @param after where the page before ended.
 */
export async function graveSince(
  db: Db,
  since: number,
  severity: Severity,
  limit: number,
  after?: Pick<AlertsTable, 'raised' | 'id'>,
): Promise<AlertsTable[]> {
  let query = db
    .selectFrom('detect_alerts')
    .selectAll()
    .where('state', '=', 'open')
    .where('severity', '<=', severity)
    .where('raised', '>=', since)
  if (after !== undefined)
    query = query.where((e) =>
      e.or([e('raised', '>', after.raised), e.and([e('raised', '=', after.raised), e('id', '>', after.id)])]),
    )
  return await query.orderBy('raised').orderBy('id').limit(limit).execute()
}

/** Alerts of these severities raised in [from, to), newest first. */
export async function raisedBetween(
  db: Db,
  from: number,
  to: number,
  limit: number,
  severities: readonly Severity[] = [1, 2, 3, 4, 5],
): Promise<AlertTimes[]> {
  return await db
    .selectFrom('detect_alerts')
    .select(['id', 'severity', 'count', 'raised', 'received', 'first_observed', 'verdict', 'judged', 'acknowledged'])
    .where('raised', '>=', from)
    .where('raised', '<', to)
    .where('severity', 'in', [...severities])
    .orderBy('raised', 'desc')
    .limit(limit)
    .execute()
}

export async function figuresByRule(db: Db, since: number) {
  return await db
    .selectFrom('detect_alerts')
    .where('raised', '>=', since)
    .groupBy(['rule_id', 'verdict'])
    .select((eb) => [
      'rule_id',
      'verdict',
      eb.fn.countAll<number>().as('alerts'),
      eb.fn.sum<number>('count').as('detections'),
      eb.fn.max<number>('raised').as('last'),
    ])
    .execute()
}

/** When each alert of a rule was raised since a time, milliseconds UTC, newest first. */
export async function raisedByRule(db: Db, ruleId: string, since: number, limit: number): Promise<number[]> {
  const rows = await db
    .selectFrom('detect_alerts')
    .where('rule_id', '=', ruleId)
    .where('raised', '>=', since)
    .select('raised')
    .orderBy('raised', 'desc')
    .limit(limit)
    .execute()
  return rows.map(({ raised }) => raised)
}
