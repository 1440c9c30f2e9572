import type { Kysely } from 'kysely'
import type { StepState } from './schema.ts'
import type { EffectsTable, GuardsTable, PlaybooksTable, PlaybookTables, RunsTable, StepsTable, VersionsTable } from './tables.ts'

export type PlaybooksDb = Kysely<PlaybookTables>

// ── Playbooks and versions ──

export async function playbooks(db: PlaybooksDb): Promise<PlaybooksTable[]> {
  return await db.selectFrom('respond_playbooks').selectAll().orderBy('name').orderBy('id').execute()
}

export async function playbookById(db: PlaybooksDb, id: string): Promise<PlaybooksTable | undefined> {
  return await db.selectFrom('respond_playbooks').selectAll().where('id', '=', id).executeTakeFirst()
}

export async function playbookByUid(db: PlaybooksDb, uid: string): Promise<PlaybooksTable | undefined> {
  return await db.selectFrom('respond_playbooks').selectAll().where('uid', '=', uid).executeTakeFirst()
}

/** Those that an alert of one of these scopes may begin. */
export async function armedPlaybooks(db: PlaybooksDb, scopes: readonly string[]): Promise<PlaybooksTable[]> {
  return await db
    .selectFrom('respond_playbooks')
    .selectAll()
    .where('scope', 'in', [...scopes])
    .where('enabled', '=', 1)
    .where('armed', '=', 1)
    .orderBy('uid')
    .execute()
}

export async function insertPlaybook(db: PlaybooksDb, row: PlaybooksTable): Promise<void> {
  await db.insertInto('respond_playbooks').values(row).execute()
}

export async function changePlaybook(
  db: PlaybooksDb,
  uid: string,
  change: Partial<Omit<PlaybooksTable, 'uid' | 'scope'>>,
): Promise<void> {
  await db.updateTable('respond_playbooks').set(change).where('uid', '=', uid).execute()
}

export async function versionsOf(db: PlaybooksDb, uid: string): Promise<VersionsTable[]> {
  return await db
    .selectFrom('respond_playbook_versions')
    .selectAll()
    .where('playbook_uid', '=', uid)
    .orderBy('version', 'desc')
    .limit(200)
    .execute()
}

/** Numbers and states of every version, without their texts. */
export async function versionStates(db: PlaybooksDb): Promise<Pick<VersionsTable, 'playbook_uid' | 'version' | 'state'>[]> {
  return await db.selectFrom('respond_playbook_versions').select(['playbook_uid', 'version', 'state']).execute()
}

export async function versionOf(db: PlaybooksDb, uid: string, version: number): Promise<VersionsTable | undefined> {
  return await db
    .selectFrom('respond_playbook_versions')
    .selectAll()
    .where('playbook_uid', '=', uid)
    .where('version', '=', version)
    .executeTakeFirst()
}

export async function insertVersion(db: PlaybooksDb, row: VersionsTable): Promise<void> {
  await db.insertInto('respond_playbook_versions').values(row).execute()
}

export async function changeVersion(
  db: PlaybooksDb,
  uid: string,
  change: Partial<Omit<VersionsTable, 'uid' | 'scope'>>,
): Promise<void> {
  await db.updateTable('respond_playbook_versions').set(change).where('uid', '=', uid).execute()
}

/** Versions that wait for a second person, oldest first. */
export async function waitingVersions(
  db: PlaybooksDb,
): Promise<(VersionsTable & { name: string; name_ja: string; id: string })[]> {
  return await db
    .selectFrom('respond_playbook_versions')
    .innerJoin('respond_playbooks', 'respond_playbooks.uid', 'respond_playbook_versions.playbook_uid')
    .selectAll('respond_playbook_versions')
    .select(['respond_playbooks.name', 'respond_playbooks.name_ja', 'respond_playbooks.id'])
    .where('respond_playbook_versions.state', '=', 'waiting')
    // What came with Kanpeki waits for nobody before somebody switches it on.
    .where((eb) => eb.or([eb('respond_playbook_versions.file', '=', ''), eb('respond_playbooks.enabled', '=', 1)]))
    .orderBy('respond_playbook_versions.created')
    .orderBy('respond_playbook_versions.uid')
    .limit(500)
    .execute()
}

// ── Runs ──

const ROWS_A_STATEMENT = 400

/** @returns the ids of those that were not there before. */
export async function insertRuns(db: PlaybooksDb, rows: readonly RunsTable[]): Promise<ReadonlySet<string>> {
  const added = new Set<string>()
  for (let at = 0; at < rows.length; at += ROWS_A_STATEMENT) {
    const fresh = await db
      .insertInto('respond_runs')
      .values(rows.slice(at, at + ROWS_A_STATEMENT))
      .onConflict((conflict) => conflict.column('id').doNothing())
      .returning('id')
      .execute()
    for (const { id } of fresh) added.add(id)
  }
  return added
}

export async function runById(db: PlaybooksDb, id: string): Promise<RunsTable | undefined> {
  return await db.selectFrom('respond_runs').selectAll().where('id', '=', id).executeTakeFirst()
}

export async function changeRun(db: PlaybooksDb, id: string, change: Partial<Omit<RunsTable, 'id' | 'scope'>>): Promise<void> {
  await db.updateTable('respond_runs').set(change).where('id', '=', id).execute()
}

/** Has a run look again at what it waits for. */
export async function wakeRun(
  db: PlaybooksDb,
  id: string,
  now: number,
  change: Partial<Omit<RunsTable, 'id' | 'scope'>> = {},
): Promise<void> {
  await db
    .updateTable('respond_runs')
    .set((eb) => ({ ...change, next: now, wakes: eb('wakes', '+', 1) }))
    .where('id', '=', id)
    .execute()
}

/** What is due at a time, oldest first; runs of halted scopes wait, unless they are taken back. */
export async function dueRuns(db: PlaybooksDb, now: number, limit: number): Promise<RunsTable[]> {
  return await db
    .selectFrom('respond_runs')
    .selectAll()
    .where('next', '<=', now)
    .where((eb) =>
      eb.or([
        eb('state', '=', 'undoing'),
        eb('scope', 'not in', eb.selectFrom('respond_guards').select('scope').where('halted', '=', 1)),
      ]),
    )
    .orderBy('next')
    .orderBy('id')
    .limit(limit)
    .execute()
}

/** Runs of an incident: begun for it, or by one of its alerts. */
export async function runsOfIncident(db: PlaybooksDb, incident: string): Promise<RunsTable[]> {
  return await db
    .selectFrom('respond_runs')
    .selectAll()
    .where('incident_id', '=', incident)
    .orderBy('created')
    .limit(500)
    .execute()
}

export async function stepsOfRuns(db: PlaybooksDb, ids: readonly string[]): Promise<StepsTable[]> {
  if (ids.length === 0) return []
  return await db
    .selectFrom('respond_steps')
    .selectAll()
    .where('run_id', 'in', [...ids])
    .orderBy('started')
    .execute()
}

/** Ended runs whose undo is due. */
export async function dueUndos(db: PlaybooksDb, now: number): Promise<RunsTable[]> {
  return await db
    .selectFrom('respond_runs')
    .selectAll()
    .where('undo_at', '<=', now)
    .where('state', 'in', ['done', 'failed', 'stopped'])
    .orderBy('undo_at')
    .limit(200)
    .execute()
}

export interface RunFilter {
  readonly playbook?: string | undefined
  readonly alert?: string | undefined
  readonly incident?: string | undefined
  readonly state?: string | undefined
  /** Only those before this (created, id). */
  readonly before?: { readonly created: number; readonly id: string } | undefined
  readonly limit: number
}

export async function listRuns(db: PlaybooksDb, filter: RunFilter): Promise<RunsTable[]> {
  let query = db.selectFrom('respond_runs').selectAll()
  if (filter.playbook !== undefined) query = query.where('playbook_id', '=', filter.playbook)
  if (filter.alert !== undefined) query = query.where('alert_id', '=', filter.alert)
  if (filter.incident !== undefined) query = query.where('incident_id', '=', filter.incident)
  if (filter.state !== undefined) query = query.where('state', '=', filter.state as RunsTable['state'])
  const { before } = filter
  if (before !== undefined)
    query = query.where((eb) =>
      eb.or([eb('created', '<', before.created), eb.and([eb('created', '=', before.created), eb('id', '<', before.id)])]),
    )
  return await query.orderBy('created', 'desc').orderBy('id', 'desc').limit(filter.limit).execute()
}

export async function runCounts(
  db: PlaybooksDb,
): Promise<{ playbook_id: string; state: RunsTable['state']; n: number; last: number }[]> {
  return await db
    .selectFrom('respond_runs')
    .select((eb) => ['playbook_id', 'state', eb.fn.countAll<number>().as('n'), eb.fn.max<number>('created').as('last')])
    .groupBy(['playbook_id', 'state'])
    .execute()
}

// ── Steps ──

export async function stepsOf(db: PlaybooksDb, runId: string): Promise<StepsTable[]> {
  return await db.selectFrom('respond_steps').selectAll().where('run_id', '=', runId).orderBy('number').orderBy('path').execute()
}

export async function stepByKey(db: PlaybooksDb, key: string): Promise<StepsTable | undefined> {
  return await db.selectFrom('respond_steps').selectAll().where('key', '=', key).executeTakeFirst()
}

export async function keepStep(db: PlaybooksDb, row: StepsTable): Promise<void> {
  const { key: _, scope: __, ...rest } = row
  await db
    .insertInto('respond_steps')
    .values(row)
    .onConflict((conflict) => conflict.column('key').doUpdateSet(rest))
    .execute()
}

/** Codes of steps that were given up although what they asked for may still be done. */
const GIVEN_UP = ['agent_silent', 'timeout']

/** Failed steps, of runs that go on or ended since a time, of which nobody knows yet that they were done after all. */
export async function givenUpSteps(db: PlaybooksDb, since: number): Promise<StepsTable[]> {
  const failed = db
    .selectFrom('respond_steps')
    .innerJoin('respond_runs', 'respond_runs.id', 'respond_steps.run_id')
    .selectAll('respond_steps')
    .where('respond_steps.state', '=', 'failed')
    .where('respond_steps.code', 'in', GIVEN_UP)
    .where('respond_steps.receipt', 'is', null)
    .where('respond_runs.mode', '=', 'real')
  // Said so that the index of ended runs is used: there are many others.
  const going = await failed.where('respond_runs.settled', '=', 0).where('respond_runs.ended', 'is', null).execute()
  const ended = failed.where('respond_runs.settled', 'in', [0, 1]).where('respond_runs.ended', '>', since)
  return [...going, ...(await ended.execute())]
}

/** Keys of steps whose commands may still lie in a queue: of one run, or of all of a scope since a time. */
export async function unansweredKeys(
  db: PlaybooksDb,
  which: { readonly run: string } | { readonly scope: string },
  since: number,
): Promise<readonly { readonly scope: string; readonly key: string }[]> {
  return await db
    .selectFrom('respond_steps')
    .select(['scope', 'key'])
    .where('code', 'in', GIVEN_UP)
    .where('receipt', 'is', null)
    .where('state', 'in', ['failed', 'started', 'retry'])
    .where('started', '>', since)
    .where((eb) => ('run' in which ? eb('run_id', '=', which.run) : eb('scope', '=', which.scope)))
    .execute()
}

export async function changeStep(
  db: PlaybooksDb,
  key: string,
  change: Partial<Omit<StepsTable, 'key' | 'scope'>>,
): Promise<void> {
  await db.updateTable('respond_steps').set(change).where('key', '=', key).execute()
}

/** Steps that wait for somebody, oldest first, with their runs. */
export async function stepsWaiting(db: PlaybooksDb, states: readonly StepState[]) {
  return await db
    .selectFrom('respond_steps')
    .innerJoin('respond_runs', 'respond_runs.id', 'respond_steps.run_id')
    .leftJoin('respond_playbooks', 'respond_playbooks.uid', 'respond_runs.playbook_uid')
    .selectAll('respond_steps')
    .select([
      'respond_runs.playbook_id',
      'respond_runs.playbook_name',
      'respond_runs.alert_id',
      'respond_runs.incident_id',
      'respond_runs.by_account',
      'respond_runs.by_name',
      'respond_runs.version',
      'respond_playbooks.name_ja as playbook_name_ja',
    ])
    .where('respond_steps.state', 'in', [...states])
    .where('respond_runs.state', '=', 'waiting')
    .orderBy('respond_steps.created')
    .orderBy('respond_steps.key')
    .limit(500)
    .execute()
}

// ── Effects and guards ──

export async function effectsOf(db: PlaybooksDb, runId: string): Promise<Pick<EffectsTable, 'kind' | 'name'>[]> {
  return await db.selectFrom('respond_effects').select(['kind', 'name']).where('run_id', '=', runId).distinct().execute()
}

export async function effectsSince(
  db: PlaybooksDb,
  scope: string,
  since: number,
): Promise<Pick<EffectsTable, 'kind' | 'name' | 'playbook_uid'>[]> {
  return await db
    .selectFrom('respond_effects')
    .select(['kind', 'name', 'playbook_uid'])
    .where('scope', '=', scope)
    .where('at', '>', since)
    .distinct()
    .execute()
}

export async function insertEffects(db: PlaybooksDb, rows: readonly EffectsTable[]): Promise<void> {
  if (rows.length === 0) return
  await db
    .insertInto('respond_effects')
    .values([...rows])
    // A further try acts at its own time, and is counted in that hour.
    .onConflict((conflict) => conflict.column('id').doUpdateSet({ at: (eb) => eb.ref('excluded.at') }))
    .execute()
}

/** Ended runs from before a time, a few at once, whatever they can still take back. */
export async function forgetRuns(db: PlaybooksDb, before: number, most: number): Promise<number> {
  const rows = await db
    .selectFrom('respond_runs')
    .select('id')
    .where('ended', '<', before)
    .where('state', 'in', ['done', 'failed', 'stopped', 'undone'])
    .where('undo_at', 'is', null)
    .where('incident_id', 'is', null)
    .orderBy('ended')
    .limit(most)
    .execute()
  const ids = rows.map(({ id }) => id)
  if (ids.length === 0) return 0
  await db.deleteFrom('respond_steps').where('run_id', 'in', ids).execute()
  await db.deleteFrom('respond_runs').where('id', 'in', ids).execute()
  return ids.length
}

export async function forgetEffects(db: PlaybooksDb, before: number): Promise<void> {
  await db
    .deleteFrom('respond_effects')
    .where('at', '<', before)
    .where('run_id', 'not in', (eb) => eb.selectFrom('respond_runs').select('id').where('state', '=', 'waiting'))
    .execute()
}

export async function guardsOf(db: PlaybooksDb, scope: string): Promise<GuardsTable | undefined> {
  return await db.selectFrom('respond_guards').selectAll().where('scope', '=', scope).executeTakeFirst()
}

export async function keepGuards(db: PlaybooksDb, row: GuardsTable): Promise<void> {
  const { uid: _, scope: __, ...rest } = row
  await db
    .insertInto('respond_guards')
    .values(row)
    .onConflict((conflict) => conflict.column('uid').doUpdateSet(rest))
    .execute()
}
