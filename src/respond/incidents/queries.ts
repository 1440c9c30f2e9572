import type { ExpressionBuilder, Kysely } from 'kysely'
import { isJsonObject, type JsonValue } from '../../kernel/json.ts'
import { jsonText, readJson } from '../../platform/state/columns.ts'
import { takeNumbers } from '../../platform/state/counters.ts'
import type { StateTables } from '../../platform/state/tables.ts'
import type { IncidentRole } from './schema.ts'
import type {
  ArtefactsTable,
  AudiencesTable,
  EntitiesTable,
  EntriesTable,
  FollowUpsTable,
  IncidentAlertsTable,
  IncidentsTable,
  IncidentTables,
  MessagesTable,
  PolicyTable,
  RolesTable,
  RotaTable,
  TasksTable,
} from './tables.ts'

/** Limited to one scope (`state.scoped`, `scopedTo`), unless a function says otherwise. */
export type Db = Kysely<IncidentTables>

// ── Incidents ──

export async function incidentById(db: Db, id: string): Promise<IncidentsTable | undefined> {
  return await db.selectFrom('respond_incidents').selectAll().where('id', '=', id).executeTakeFirst()
}

export async function incidentByNumber(db: Db, number: number): Promise<IncidentsTable | undefined> {
  return await db.selectFrom('respond_incidents').selectAll().where('number', '=', number).executeTakeFirst()
}

export async function incidentsByIds(db: Db, ids: readonly string[]): Promise<IncidentsTable[]> {
  if (ids.length === 0) return []
  return await db
    .selectFrom('respond_incidents')
    .selectAll()
    .where('id', 'in', [...ids])
    .execute()
}

/** Numbers count by scope. */
export async function nextNumber(db: Db, scope: string): Promise<number> {
  return await takeNumbers(db as unknown as Kysely<StateTables>, `incidents ${scope}`, 1)
}

export async function insertIncident(db: Db, row: IncidentsTable): Promise<void> {
  await db.insertInto('respond_incidents').values(row).execute()
}

export type IncidentChange = Partial<Omit<IncidentsTable, 'id' | 'scope' | 'number'>>
export async function changeIncident(db: Db, id: string, change: IncidentChange): Promise<void> {
  await db.updateTable('respond_incidents').set(change).where('id', '=', id).execute()
}

export interface IncidentFilter {
  readonly states: readonly IncidentsTable['state'][]
  readonly severities: readonly number[]
  readonly q: string
  readonly exercises: 'with' | 'without' | 'only'
  readonly alert: string | undefined
  /** Numbers below this. */
  readonly before: number | undefined
}

/** Newest first. */
export async function incidentPage(db: Db, filter: IncidentFilter, limit: number): Promise<IncidentsTable[]> {
  let query = db
    .selectFrom('respond_incidents')
    .selectAll()
    .where('state', 'in', [...filter.states])
  if (filter.severities.length > 0) query = query.where('severity', 'in', filter.severities as IncidentsTable['severity'][])
  if (filter.exercises !== 'with') query = query.where('exercise', filter.exercises === 'only' ? 'is not' : 'is', null)
  if (filter.before !== undefined) query = query.where('number', '<', filter.before)
  if (filter.alert !== undefined) {
    const holding = await incidentsHolding(db, [filter.alert])
    if (holding.length === 0) return []
    query = query.where('id', 'in', holding)
  }
  const sign = filter.q.toLowerCase()
  if (sign !== '') {
    const numbered = /^(?:inc-)?(\d{1,9})$/.exec(sign)?.[1]
    query = query.where((e) =>
      e.or([
        // `%`, `_` and `\\` stand for any one character: close enough for a filter, and the same on both databases.
        e(e.fn<string>('lower', ['title']), 'like', `%${sign.replaceAll(/[%_\\]/g, '_')}%`),
        ...(numbered === undefined ? [] : [e('number', '=', Number(numbered))]),
      ]),
    )
  }
  return await query.orderBy('number', 'desc').limit(limit).execute()
}

export async function openIncidentCount(db: Db): Promise<number> {
  const row = await db
    .selectFrom('respond_incidents')
    .select((e) => e.fn.countAll<number>().as('n'))
    .where('state', '=', 'open')
    .where('exercise', 'is', null)
    .executeTakeFirstOrThrow()
  return Number(row.n)
}

/** Concerned by [from, to): opened or contained in it, or open when it began. Exercises and merged ones are not. */
function concernedBy(from: number, to: number) {
  return (e: ExpressionBuilder<{ i: IncidentsTable }, 'i'>) =>
    e.and([
      e('i.exercise', 'is', null),
      e('i.state', '!=', 'merged'),
      e('i.opened', '<', to),
      e.or([e('i.opened', '>=', from), e('i.closed', 'is', null), e('i.closed', '>=', from), e('i.contained', '>=', from)]),
    ])
}

/** Newest first. */
export async function incidentsConcernedBy(db: Db, from: number, to: number): Promise<IncidentsTable[]> {
  return await db
    .selectFrom('respond_incidents as i')
    .selectAll()
    .where(concernedBy(from, to))
    .orderBy('i.opened', 'desc')
    .execute()
}

// ── Entries ──

export async function entriesOf(db: Db, incident: string): Promise<EntriesTable[]> {
  return await db
    .selectFrom('respond_incident_entries')
    .selectAll()
    .where('incident_id', '=', incident)
    .orderBy('number')
    .execute()
}

export async function lastEntryNumber(db: Db, incident: string): Promise<number> {
  const row = await db
    .selectFrom('respond_incident_entries')
    .select((e) => e.fn.max('number').as('last'))
    .where('incident_id', '=', incident)
    .executeTakeFirst()
  return Number(row?.last ?? 0)
}

export async function insertEntry(db: Db, row: EntriesTable): Promise<void> {
  await db.insertInto('respond_incident_entries').values(row).execute()
}

// ── Tasks ──

export async function tasksOf(db: Db, incidents: readonly string[]): Promise<TasksTable[]> {
  if (incidents.length === 0) return []
  return await db
    .selectFrom('respond_incident_tasks')
    .selectAll()
    .where('incident_id', 'in', [...incidents])
    .orderBy('created')
    .orderBy('id')
    .execute()
}

export async function insertTasks(db: Db, rows: readonly TasksTable[]): Promise<void> {
  if (rows.length > 0)
    await db
      .insertInto('respond_incident_tasks')
      .values([...rows])
      .execute()
}

export async function changeTask(db: Db, id: string, change: Partial<Omit<TasksTable, 'id' | 'scope'>>): Promise<void> {
  await db.updateTable('respond_incident_tasks').set(change).where('id', '=', id).execute()
}

/** Of open incidents that are no exercise. */
export async function overdueTaskCount(db: Db, now: number): Promise<number> {
  const row = await db
    .selectFrom('respond_incident_tasks as t')
    .innerJoin('respond_incidents as i', 'i.id', 't.incident_id')
    .select((e) => e.fn.countAll<number>().as('n'))
    .where('i.state', '=', 'open')
    .where('i.exercise', 'is', null)
    .where('t.done', 'is', null)
    .where('t.due', '<', now)
    .executeTakeFirstOrThrow()
  return Number(row.n)
}

export type ClockedTask = Pick<TasksTable, 'id' | 'incident_id' | 'title_en' | 'created' | 'due' | 'done'>

/** Tasks with a clock of the incidents that a window concerns, made before its end. */
export async function clockedTasks(db: Db, from: number, to: number): Promise<ClockedTask[]> {
  return await db
    .selectFrom('respond_incident_tasks as t')
    .innerJoin('respond_incidents as i', 'i.id', 't.incident_id')
    .select(['t.id', 't.incident_id', 't.title_en', 't.created', 't.due', 't.done'])
    .where(concernedBy(from, to))
    .where('t.due', 'is not', null)
    .where('t.created', '<', to)
    .execute()
}

// ── What belongs to an incident ──

export async function alertsOf(db: Db, incidents: readonly string[]): Promise<IncidentAlertsTable[]> {
  if (incidents.length === 0) return []
  return await db
    .selectFrom('respond_incident_alerts')
    .selectAll()
    .where('incident_id', 'in', [...incidents])
    .orderBy('raised')
    .orderBy('alert_id')
    .execute()
}

/** @returns ids of the incidents that hold one of these alerts. */
export async function incidentsHolding(db: Db, alerts: readonly string[]): Promise<string[]> {
  if (alerts.length === 0) return []
  const rows = await db
    .selectFrom('respond_incident_alerts')
    .select('incident_id')
    .distinct()
    .where('alert_id', 'in', [...alerts])
    .execute()
  return rows.map((row) => row.incident_id)
}

/** Which of these alerts some incident holds. */
export async function heldAlerts(db: Db, alerts: readonly string[]): Promise<ReadonlySet<string>> {
  if (alerts.length === 0) return new Set()
  const rows = await db
    .selectFrom('respond_incident_alerts')
    .select('alert_id')
    .where('alert_id', 'in', [...alerts])
    .execute()
  return new Set(rows.map((row) => row.alert_id))
}

/** What the newest incidents are about, for finding similar ones. */
export async function traitsOfOthers(db: Db, incident: string, limit: number) {
  return await db
    .selectFrom('respond_incident_alerts as a')
    .innerJoin('respond_incidents as i', 'i.id', 'a.incident_id')
    .select(['a.incident_id', 'a.rule_id', 'a.title', 'a.title_ja', 'a.techniques', 'a.entity_kind', 'a.entity_name'])
    .where('i.id', '!=', incident)
    .where('i.exercise', 'is', null)
    .where('i.state', '!=', 'merged')
    .orderBy('a.added', 'desc')
    .limit(limit)
    .execute()
}

export async function insertAlerts(db: Db, rows: readonly IncidentAlertsTable[]): Promise<void> {
  if (rows.length > 0)
    await db
      .insertInto('respond_incident_alerts')
      .values([...rows])
      .onConflict((c) => c.doNothing())
      .execute()
}

export async function rolesOf(db: Db, incidents: readonly string[]): Promise<RolesTable[]> {
  if (incidents.length === 0) return []
  return await db
    .selectFrom('respond_incident_roles')
    .selectAll()
    .where('incident_id', 'in', [...incidents])
    .execute()
}

/** @param person null takes the role from whoever has it. */
export async function setRole(db: Db, row: Omit<RolesTable, 'person'> & { readonly person: string | null }): Promise<void> {
  const { incident_id, role, person } = row
  await db.deleteFrom('respond_incident_roles').where('incident_id', '=', incident_id).where('role', '=', role).execute()
  if (person !== null)
    await db
      .insertInto('respond_incident_roles')
      .values({ ...row, person })
      .execute()
}

export async function entitiesOf(db: Db, incident: string): Promise<EntitiesTable[]> {
  return await db
    .selectFrom('respond_incident_entities')
    .selectAll()
    .where('incident_id', '=', incident)
    .orderBy('name')
    .execute()
}

export async function insertEntity(db: Db, row: EntitiesTable): Promise<void> {
  await db
    .insertInto('respond_incident_entities')
    .values(row)
    .onConflict((c) => c.doNothing())
    .execute()
}

export async function artefactsOf(db: Db, incident: string): Promise<ArtefactsTable[]> {
  return await db
    .selectFrom('respond_incident_artefacts')
    .selectAll()
    .where('incident_id', '=', incident)
    .orderBy('added')
    .execute()
}

export async function insertArtefact(db: Db, row: ArtefactsTable): Promise<void> {
  await db
    .insertInto('respond_incident_artefacts')
    .values(row)
    .onConflict((c) => c.doNothing())
    .execute()
}

export async function linkedWith(db: Db, incident: string): Promise<string[]> {
  const rows = await db
    .selectFrom('respond_incident_links')
    .select(['one', 'other'])
    .where((e) => e.or([e('one', '=', incident), e('other', '=', incident)]))
    .execute()
  return rows.map(({ one, other }) => (one === incident ? other : one))
}

export async function insertLink(db: Db, a: string, b: string, scope: string, at: number): Promise<void> {
  const [one, other] = a < b ? [a, b] : [b, a]
  await db
    .insertInto('respond_incident_links')
    .values({ one, other, scope, at })
    .onConflict((c) => c.doNothing())
    .execute()
}

// ── Messages ──

export async function messagesOf(db: Db, incident: string): Promise<MessagesTable[]> {
  return await db
    .selectFrom('respond_incident_messages')
    .selectAll()
    .where('incident_id', '=', incident)
    .orderBy('created')
    .orderBy('due')
    .orderBy('id')
    .execute()
}

export async function insertMessages(db: Db, rows: readonly MessagesTable[]): Promise<void> {
  if (rows.length > 0)
    await db
      .insertInto('respond_incident_messages')
      .values([...rows])
      .execute()
}

export async function changeMessage(db: Db, id: string, change: Partial<Omit<MessagesTable, 'id' | 'scope'>>): Promise<void> {
  await db.updateTable('respond_incident_messages').set(change).where('id', '=', id).execute()
}

/** Of every scope: what was handed to a channel and may have arrived. */
export async function queuedMessages(db: Db, limit: number): Promise<MessagesTable[]> {
  return await db
    .selectFrom('respond_incident_messages')
    .selectAll()
    .where('state', '=', 'queued')
    .orderBy('created')
    .limit(limit)
    .execute()
}

// ── What has to be done afterwards ──

export async function followUpsOf(db: Db, incident: string): Promise<FollowUpsTable[]> {
  return await db.selectFrom('respond_follow_ups').selectAll().where('incident_id', '=', incident).orderBy('created').execute()
}

export async function openFollowUpCount(db: Db): Promise<number> {
  const row = await db
    .selectFrom('respond_follow_ups as f')
    .innerJoin('respond_incidents as i', 'i.id', 'f.incident_id')
    .select((e) => e.fn.countAll<number>().as('n'))
    .where('f.verified', 'is', null)
    .where('i.exercise', 'is', null)
    .executeTakeFirstOrThrow()
  return Number(row.n)
}

export async function insertFollowUp(db: Db, row: FollowUpsTable): Promise<void> {
  await db.insertInto('respond_follow_ups').values(row).execute()
}

export async function changeFollowUp(db: Db, id: string, change: Partial<Omit<FollowUpsTable, 'id' | 'scope'>>): Promise<void> {
  await db.updateTable('respond_follow_ups').set(change).where('id', '=', id).execute()
}

// ── Rota and policy ──

export async function rotaFrom(db: Db, endsAfter: number): Promise<RotaTable[]> {
  return await db.selectFrom('respond_rota').selectAll().where('ends', '>', endsAfter).orderBy('begins').orderBy('id').execute()
}

/** Who has which role at that moment; whose turn began last wins. */
export async function onCallAt(db: Db, at: number): Promise<ReadonlyMap<IncidentRole, string>> {
  const rows = await rotaFrom(db, at)
  return new Map(rows.filter(({ begins }) => begins <= at).map(({ role, person }) => [role, person]))
}

export async function turnById(db: Db, id: string): Promise<RotaTable | undefined> {
  return await db.selectFrom('respond_rota').selectAll().where('id', '=', id).executeTakeFirst()
}

export async function insertTurn(db: Db, row: RotaTable): Promise<void> {
  await db.insertInto('respond_rota').values(row).execute()
}

export async function deleteTurn(db: Db, id: string): Promise<void> {
  await db.deleteFrom('respond_rota').where('id', '=', id).execute()
}

/** What a scope set of its own; undefined while it set nothing. */
export async function ownPolicy(db: Db): Promise<PolicyTable | undefined> {
  return await db.selectFrom('respond_policy').selectAll().executeTakeFirst()
}

export async function setOwnPolicy(db: Db, row: PolicyTable): Promise<void> {
  const { scope: _, ...set } = row
  await db
    .insertInto('respond_policy')
    .values(row)
    .onConflict((c) => c.column('scope').doUpdateSet(set))
    .execute()
}

export async function audiencesOf(db: Db): Promise<AudiencesTable[]> {
  return await db.selectFrom('respond_audiences').selectAll().execute()
}

export async function setAudience(db: Db, row: AudiencesTable): Promise<void> {
  const { channel_id, contact, automatic } = row
  await db
    .insertInto('respond_audiences')
    .values(row)
    .onConflict((c) => c.columns(['scope', 'id']).doUpdateSet({ channel_id, contact, automatic }))
    .execute()
}

/** What holds names of people, by table; each row is of the incident that `incident_id` (or its own `id`) names. */
export const REDACTED_COLUMNS = {
  respond_incidents: ['title', 'title_ja', 'summary', 'post_mortem'],
  respond_incident_entries: ['detail', 'note'],
  respond_incident_tasks: ['title_en', 'title_ja', 'assignee', 'note'],
  respond_incident_alerts: ['title', 'title_ja', 'entity_name'],
  respond_incident_roles: ['person'],
  respond_incident_entities: ['name', 'note'],
  respond_incident_artefacts: ['name'],
  respond_incident_messages: ['audience_en', 'audience_ja', 'about_en', 'about_ja', 'contact', 'subject', 'text', 'error'],
  respond_follow_ups: ['title', 'owner', 'done_note', 'verified_note'],
} as const satisfies Partial<Readonly<Record<keyof IncidentTables, readonly string[]>>>
export type RedactedTable = keyof typeof REDACTED_COLUMNS

/** Only what stands in them as a value is rewritten: a name may be the word of a key. */
const JSON_COLUMNS: ReadonlySet<string> = new Set(['post_mortem', 'detail'])

function rewrittenJson(text: string, rewrite: (text: string) => string): string {
  const within = (value: JsonValue): JsonValue => {
    if (typeof value === 'string') return rewrite(value)
    if (Array.isArray(value)) return (value as readonly JsonValue[]).map(within)
    if (!isJsonObject(value)) return value
    return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, within(one as JsonValue)]))
  }
  const before = readJson<JsonValue>(text)
  const after = within(before)
  return jsonText(after as object) === jsonText(before as object) ? text : jsonText(after as object)
}

/** What tells a row from the others of its incident. */
const ROW_KEYS: Readonly<Record<RedactedTable, readonly string[]>> = {
  respond_incidents: ['id'],
  respond_incident_entries: ['incident_id', 'number'],
  respond_incident_tasks: ['id'],
  respond_incident_alerts: ['incident_id', 'alert_id'],
  respond_incident_roles: ['incident_id', 'role'],
  respond_incident_entities: ['incident_id', 'kind', 'name'],
  respond_incident_artefacts: ['incident_id', 'artefact_id'],
  respond_incident_messages: ['id'],
  respond_follow_ups: ['id'],
}

/**
 * Rewrites the texts of a table, row by row where one changes.
 * @returns the incidents whose rows change. With `write` false nothing is written.
 */
export async function redactColumns(
  db: Db,
  table: RedactedTable,
  scope: string | undefined,
  rewrite: (text: string) => string,
  write = true,
): Promise<ReadonlySet<string>> {
  type Row = Readonly<Record<string, string | number | null>>
  const loose = db as unknown as Kysely<Record<string, Record<string, string | number | null>>>
  const owner = table === 'respond_incidents' ? 'id' : 'incident_id'
  const columns: readonly string[] = REDACTED_COLUMNS[table]
  const keys = ROW_KEYS[table]
  let query = loose.selectFrom(table).select([...new Set([owner, ...keys, ...columns])])
  if (scope !== undefined) query = query.where('scope', '=', scope)
  const changed = new Set<string>()
  for (const row of (await query.execute()) as readonly Row[]) {
    const change = Object.fromEntries(
      columns.flatMap((column) => {
        const text = row[column]
        const after = typeof text !== 'string' ? text : JSON_COLUMNS.has(column) ? rewrittenJson(text, rewrite) : rewrite(text)
        return after === text ? [] : [[column, after ?? null]]
      }),
    )
    if (Object.keys(change).length === 0) continue
    changed.add(String(row[owner]))
    if (!write) continue
    let update = loose.updateTable(table).set(change)
    for (const key of keys) update = update.where(key, '=', row[key] ?? null)
    await update.execute()
  }
  return changed
}
