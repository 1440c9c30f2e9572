import type { Clock } from '../kernel/clock.ts'
import { KanpekiError } from '../kernel/error.ts'
import type { Evidence } from '../kernel/evidence.ts'
import type { JsonObject } from '../kernel/json.ts'
import { jsonText, readJson } from '../platform/state/columns.ts'
import { recordEvidence } from '../platform/state/outbox.ts'
import type { State } from '../platform/state/state.ts'
import { newRow } from './accounting.ts'
import { changeSource, readConfigured, readSource, writeSource } from './queries.ts'
import type { NewSource, SourceChange } from './schema.ts'
import { SOURCES } from './sources/registry.ts'
import type { Supervised, Supervisor } from './supervisor.ts'
import type { CollectTables, SourcesTable } from './tables.ts'

/** Who does it, for the evidence: a person's name, or `command line`. */
export type By = string

/** Keeps the configured sources: in the state store, and open. Each change is evidence. */
export interface SourceManager {
  /** Opens all that are configured and enabled, of every scope. */
  startAll(): Promise<void>
  /** @throws KanpekiError `conflict` if there is one of this name. */
  add(scope: string, source: NewSource, by: By): Promise<string>
  /** Makes a source be as given, whether or not it was there: for what the command line asks at each start. */
  ensure(scope: string, source: NewSource, by: By): Promise<string>
  /** @throws KanpekiError `not_found`; `bad_source` for switching off what is sent to us. */
  change(scope: string, id: string, change: SourceChange, by: By): Promise<void>
}

const STOP_GRACE_MS = 10_000

export function createSourceManager(deps: {
  readonly state: State
  readonly supervisor: Supervisor
  readonly clock: Clock
  /** Called after settings changed that the writer reads by itself: zones. */
  readonly changed?: () => Promise<void>
}): SourceManager {
  const { state, supervisor, clock } = deps
  const db = () => state.tables<CollectTables>()

  const write = async (row: SourcesTable, action: string, by: By): Promise<void> => {
    await state.transaction<CollectTables, void>(async (trx) => {
      await writeSource(trx, row)
      await recordEvidence(trx, [evidenceOf(row.scope, { action, by, ...settingsOf(row) }, clock.now())])
    })
    if (row.zone !== '') await deps.changed?.()
  }
  const open = async (row: SourcesTable): Promise<void> => {
    await supervisor.stop(row.scope, row.id, STOP_GRACE_MS)
    if (opener(row) !== undefined) supervisor.start(supervise(row))
  }

  return {
    async startAll() {
      for (const row of await readConfigured(db())) {
        if (opener(row) !== undefined && supervisor.status(row.scope, row.id) === undefined) supervisor.start(supervise(row))
      }
    },
    async add(scope, source, by) {
      const row = rowOf(scope, source, clock.now())
      const before = await readSource(db(), scope, row.id)
      if (before !== undefined && before.config !== '')
        throw new KanpekiError('conflict', `There is a source ${row.id} already.`, { remedy: 'Choose another name.' })
      await write(row, 'add', by)
      await open(row)
      return row.id
    },
    async ensure(scope, source, by) {
      const row = rowOf(scope, source, clock.now())
      const before = await readSource(db(), scope, row.id)
      const same = before !== undefined && jsonText(settingsOf(before)) === jsonText(settingsOf(row))
      if (!same) await write(row, before === undefined ? 'add' : 'change', by)
      if (!same || supervisor.status(scope, row.id) === undefined) await open(row)
      return row.id
    },
    async change(scope, id, change, by) {
      const before = await readSource(db(), scope, id)
      if (before === undefined) throw new KanpekiError('not_found', `There is no source ${id}.`)
      if (change.enabled !== undefined && opener(before) === undefined)
        throw new KanpekiError('bad_source', `${id} is sent to us and cannot be switched on or off.`, {
          remedy: 'Revoke its token instead.',
        })
      if (change.mapping !== undefined && before.kind !== 'http')
        throw new KanpekiError('bad_source', `${id} is not sent to us: there is nothing to map.`, {
          remedy: 'Mappings are for webhooks, whose ids begin with http.',
        })
      const after = await state.transaction<CollectTables, SourcesTable>(async (trx) => {
        await changeSource(trx, scope, id, change)
        await recordEvidence(trx, [
          evidenceOf(scope, { action: 'change', by, id, change: { ...change } as JsonObject }, clock.now()),
        ])
        return (await readSource(trx, scope, id))!
      })
      if (change.zone !== undefined) await deps.changed?.()
      if (change.enabled === undefined) return
      if (after.enabled === 1) await open(after)
      else await supervisor.stop(scope, id, STOP_GRACE_MS)
    },
  }
}

function rowOf(scope: string, source: NewSource, now: number): SourcesTable {
  const row = newRow(scope, `${source.kind}:${source.name}`, now)
  return {
    ...row,
    title: source.title ?? row.title,
    config: jsonText(source.config),
    zone_minutes: source.zoneMinutes,
    zone: source.zone ?? '',
    parsers: jsonText(source.parsers),
    expected_seconds: source.expectedSeconds === undefined ? row.expected_seconds : source.expectedSeconds,
  }
}

/** What a person decided about a source, as evidence tells it. */
function settingsOf(row: SourcesTable): JsonObject {
  return {
    id: row.id,
    title: row.title,
    enabled: row.enabled === 1,
    config: row.config === '' ? null : readJson<JsonObject>(row.config),
    zoneMinutes: row.zone_minutes,
    zone: row.zone,
    parsers: readJson<string[]>(row.parsers),
    expectedSeconds: row.expected_seconds,
  }
}

function evidenceOf(scope: string, body: JsonObject, now: number): Evidence {
  return { type: 'source', scope, observed: now, received: now, body }
}

/** How a source is opened; undefined for what is sent to us. */
function opener(row: SourcesTable): (typeof SOURCES)[number]['open'] {
  return SOURCES.find((source) => source.id === row.kind)?.open
}

function supervise(row: SourcesTable): Supervised {
  const open = opener(row)
  if (open === undefined) throw new KanpekiError('bad_source', `A source of kind ${row.kind} cannot be opened.`)
  return {
    id: row.id,
    scope: row.scope,
    zoneMinutes: row.zone_minutes,
    parsers: readJson<string[]>(row.parsers),
    open: (context) => open(readJson(row.config), context),
  }
}
