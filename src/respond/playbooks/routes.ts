import type { Clock } from '../../kernel/clock.ts'
import { KanpekiError } from '../../kernel/error.ts'
import type { JsonValue } from '../../kernel/json.ts'
import { type Caller, RawReply, type Route, route } from '../../platform/http/route.ts'
import { readJson } from '../../platform/state/columns.ts'
import { scopedTo } from '../../platform/state/scope.ts'
import type { State } from '../../platform/state/state.ts'
import { DEFAULT_GUARDS } from './guards.ts'
import { answerStep, decideStep, knownRun, setGuards, setHalt, stopRun, undoOf } from './intervene.ts'
import { toCacao } from './language/cacao.ts'
import { EXTENSION_KEY, type Playbook } from './language/form.ts'
import { type ReadPlaybook, readPlaybook } from './language/read.ts'
import {
  guardsOf,
  listRuns,
  type PlaybooksDb,
  playbookById,
  playbooks,
  runCounts,
  stepsOf,
  stepsWaiting,
  versionOf,
  versionStates,
  versionsOf,
  waitingVersions,
} from './queries.ts'
import { runTests, type TestResult } from './run/try-out.ts'
import {
  answerBody,
  checkBody,
  checked,
  decideBody,
  type GuardSettings,
  guardsBody,
  guardsView,
  haltBody,
  haltView,
  inbox,
  playbookList,
  playbookParams,
  playbookQuery,
  playbookView,
  type RunView,
  runList,
  runParams,
  runQuery,
  runView,
  saveBody,
  settingsBody,
  startBody,
  stepParams,
  versionParams,
} from './schema.ts'
import { startRun } from './start.ts'
import type { GuardsTable, PlaybooksTable, PlaybookTables } from './tables.ts'
import type { AlertFacts } from './triggers.ts'
import { graphOf, iso, isoOrNull, summaryOf, summaryOfRun, viewOfRun, viewOfStep, viewOfVersion } from './view.ts'
import { decideVersion, saveVersion, setPlaybook, validPlaybook } from './write.ts'

export interface PlaybookDeps {
  readonly state: State
  readonly clock: Clock
  /** Ids of the actions that steps may call. */
  readonly actions: () => ReadonlySet<string>
  /** An alert of a scope by its id. */
  readonly alertOf: (scope: string, id: string) => Promise<AlertFacts | undefined>
  /** Something may be due now. */
  readonly poke: () => void
  /** Calls that go on are cut off. */
  readonly cut: (which: { readonly run: string } | { readonly scope: string }) => void
}

export function playbookRoutes(deps: PlaybookDeps): Route[] {
  const { state, clock } = deps
  const dbOf = (caller: Caller): PlaybooksDb => state.scoped<PlaybookTables>(caller.scope)
  const change = async <R>(caller: Caller, work: (trx: PlaybooksDb, now: number) => Promise<R>): Promise<R> => {
    const result = await state.transaction<PlaybookTables, R>((trx) => work(scopedTo(trx, caller.scope), clock.now()))
    deps.poke()
    return result
  }
  const known = async (db: PlaybooksDb, id: string): Promise<PlaybooksTable> => {
    const row = await playbookById(db, id)
    if (row === undefined) throw new KanpekiError('not_found', `There is no playbook ${id}.`)
    return row
  }
  const summaries = async (db: PlaybooksDb, rows: readonly PlaybooksTable[]) => {
    const counts = Map.groupBy(await runCounts(db), (one) => one.playbook_id)
    const states = Map.groupBy(await versionStates(db), (one) => one.playbook_uid)
    return rows.map((row) => summaryOf(row, states.get(row.uid) ?? [], counts.get(row.id) ?? []))
  }
  const read = rememberingReader()
  const tested = async (playbook: Playbook, db: PlaybooksDb): Promise<TestResult[]> => {
    const called = new Map<string, Playbook>()
    if (playbook.tests.length > 0) await addCalled(db, playbook, called, read)
    return [...(await runTests(playbook, (id) => called.get(id)))]
  }
  const viewOf = async (caller: Caller, id: string, version?: number) => {
    const db = dbOf(caller)
    const row = await known(db, id)
    const versions = await versionsOf(db, row.uid)
    const shown = versions.find((one) => one.version === (version ?? versions[0]?.version))
    if (shown === undefined) throw new KanpekiError('not_found', `There is no version ${version}.`)
    const [summary] = await summaries(db, [row])
    const { playbook } = read(shown.source)
    const own = playbook?.[EXTENSION_KEY]
    return {
      ...summary!,
      description: { en: playbook?.description ?? '', ja: own?.ja?.description ?? playbook?.description ?? '' },
      source: shown.source,
      shown: shown.version,
      graph: playbook === undefined ? null : graphOf(playbook),
      variables: Object.entries(playbook?.playbook_variables ?? {}).map(([name, one]) => ({
        name,
        type: one.type,
        description: one.description ?? '',
        external: one.external,
        value: one.value ?? null,
      })),
      triggers: (own?.triggers ?? []) as JsonValue[],
      tests: playbook === undefined ? [] : await tested(playbook, db),
      versions: versions.map((one) => viewOfVersion(one, caller)),
    }
  }
  const runOf = async (caller: Caller, id: string): Promise<RunView> => {
    const db = dbOf(caller)
    const run = await knownRun(db, id)
    const [steps, playbook, version, guards] = await Promise.all([
      stepsOf(db, id),
      playbookById(db, run.playbook_id),
      versionOf(db, run.playbook_uid, run.version),
      guardsOf(db, caller.scope),
    ])
    const playbookRead = version === undefined ? undefined : read(version.source).playbook
    const graph = playbookRead === undefined ? null : graphOf(playbookRead)
    return viewOfRun(run, playbook?.name_ja ?? run.playbook_name, steps, graph, caller, clock.now(), guards)
  }
  const start = async (caller: Caller, id: string, body: StartBody, mode: 'plan' | 'real'): Promise<RunView> => {
    const alert = body.alert === undefined ? undefined : await deps.alertOf(caller.scope, body.alert)
    if (body.alert !== undefined && alert === undefined) throw new KanpekiError('not_found', `There is no alert ${body.alert}.`)
    const { account, name } = caller
    const { variables, incident } = body
    const run = await change(caller, (trx, now) =>
      startRun(trx, { playbook: id, mode, variables, alert, incident, by: { account, name }, human: true }, now),
    )
    return await runOf(caller, run.id)
  }
  return [
    route({
      method: 'GET',
      path: '/api/v1/playbooks',
      permission: 'playbooks:read',
      summary: 'Playbooks, and whether anything may run',
      response: playbookList,
      handle: async ({ caller }) => {
        const db = dbOf(caller)
        return { playbooks: await summaries(db, await playbooks(db)), halt: haltOf(await guardsOf(db, caller.scope)) }
      },
    }),
    route({
      method: 'GET',
      path: '/api/v1/playbooks/:id',
      permission: 'playbooks:read',
      summary: 'A playbook: its text, graph, tests and versions',
      params: playbookParams,
      query: playbookQuery,
      response: playbookView,
      handle: ({ params, query, caller }) => viewOf(caller, params.id, query.version),
    }),
    route({
      method: 'GET',
      path: '/api/v1/playbooks/:id/cacao',
      permission: 'playbooks:read',
      summary: 'The playbook as OASIS CACAO 2.0 JSON',
      params: playbookParams,
      query: playbookQuery,
      handle: async ({ params, query, caller }) => {
        const { source } = await viewOf(caller, params.id, query.version)
        const { playbook } = read(source)
        if (playbook === undefined) throw new KanpekiError('not_valid', 'This version cannot be read any more.')
        const name = `${params.id}.cacao.json`
        return new RawReply('application/json', JSON.stringify(toCacao(playbook), null, 2), {
          'content-disposition': `attachment; filename="${name}"`,
        })
      },
    }),
    route({
      method: 'POST',
      path: '/api/v1/respond/check',
      permission: 'playbooks:read',
      summary: 'Check a playbook and run its tests, without keeping it',
      body: checkBody,
      response: checked,
      handle: async ({ body, caller }) => {
        const { playbook, problems } = readPlaybook(body.source, deps.actions())
        if (playbook === undefined) return { valid: false, problems: [...problems], id: null, graph: null, tests: [] }
        return {
          valid: true,
          problems: [],
          id: playbook.id,
          graph: graphOf(playbook),
          tests: await tested(playbook, dbOf(caller)),
        }
      },
    }),
    route({
      method: 'POST',
      path: '/api/v1/playbooks',
      permission: 'playbooks:write',
      summary: 'Keep a version of a playbook; another person approves it before it runs for real',
      body: saveBody,
      response: playbookView,
      handle: async ({ body, caller }) => {
        const playbook = validPlaybook(body.source, deps.actions())
        await change(caller, (trx, now) =>
          saveVersion(trx, caller.scope, body.source, playbook, caller, { note: body.note, file: '', now }),
        )
        return await viewOf(caller, playbook.id)
      },
    }),
    route({
      method: 'POST',
      path: '/api/v1/playbooks/:id/settings',
      permission: 'playbooks:write',
      summary: 'Switch a playbook on or off, or between plans and real runs',
      params: playbookParams,
      body: settingsBody,
      response: playbookView,
      handle: async ({ params, body, caller }) => {
        await change(caller, (trx, now) => setPlaybook(trx, params.id, body, caller, now))
        return await viewOf(caller, params.id)
      },
    }),
    route({
      method: 'POST',
      path: '/api/v1/playbooks/:id/versions/:version/decide',
      permission: 'playbooks:approve',
      summary: 'Approve or refuse a version that somebody else wrote',
      params: versionParams,
      body: decideBody,
      response: playbookView,
      handle: async ({ params, body, caller }) => {
        await change(caller, (trx, now) => decideVersion(trx, params.id, params.version, body.decision, body.note, caller, now))
        return await viewOf(caller, params.id)
      },
    }),
    route({
      method: 'POST',
      path: '/api/v1/playbooks/:id/plan',
      permission: 'alerts:write',
      summary: 'Say what a playbook would do, without doing it',
      params: playbookParams,
      body: startBody,
      response: runView,
      handle: ({ params, body, caller }) => start(caller, params.id, body, 'plan'),
    }),
    route({
      method: 'POST',
      path: '/api/v1/playbooks/:id/run',
      permission: 'playbooks:run',
      summary: 'Run a playbook for real',
      params: playbookParams,
      body: startBody,
      response: runView,
      handle: ({ params, body, caller }) => start(caller, params.id, body, 'real'),
    }),
    route({
      method: 'GET',
      path: '/api/v1/runs',
      permission: 'playbooks:read',
      summary: 'Runs of playbooks, newest first',
      query: runQuery,
      response: runList,
      handle: async ({ query, caller }) => {
        const db = dbOf(caller)
        const { cursor, limit, ...filter } = query
        const rows = await listRuns(db, { ...filter, before: cursorOf(cursor), limit: limit + 1 })
        const names = new Map((await playbooks(db)).map((one) => [one.id, one.name_ja]))
        const guards = await guardsOf(db, caller.scope)
        const shown = rows.slice(0, limit)
        const last = rows.length > limit ? shown.at(-1) : undefined
        return {
          runs: shown.map((run) => summaryOfRun(run, names.get(run.playbook_id) ?? run.playbook_name, clock.now(), guards)),
          next: last === undefined ? null : `${last.created}.${last.id}`,
        }
      },
    }),
    route({
      method: 'GET',
      path: '/api/v1/runs/:id',
      permission: 'playbooks:read',
      summary: 'A run: plans, receipts, and what it waits for',
      params: runParams,
      response: runView,
      handle: ({ params, caller }) => runOf(caller, params.id),
    }),
    route({
      method: 'POST',
      path: '/api/v1/runs/:id/stop',
      permission: 'playbooks:run',
      summary: 'Stop a run: no further step begins',
      params: runParams,
      response: runView,
      handle: async ({ params, caller }) => {
        await change(caller, (trx, now) => stopRun(trx, params.id, caller, now))
        deps.cut({ run: params.id })
        return await runOf(caller, params.id)
      },
    }),
    route({
      method: 'POST',
      path: '/api/v1/runs/:id/undo',
      permission: 'playbooks:run',
      summary: 'Take back everything that a run did, the last step first',
      params: runParams,
      response: runView,
      handle: async ({ params, caller }) => {
        await change(caller, (trx, now) => undoOf(trx, params.id, caller, now))
        return await runOf(caller, params.id)
      },
    }),
    route({
      method: 'POST',
      path: '/api/v1/runs/:id/steps/:key/decide',
      permission: 'playbooks:approve',
      summary: 'Approve or refuse a step that waits for a second person',
      params: stepParams,
      body: decideBody,
      response: runView,
      handle: async ({ params, body, caller }) => {
        await change(caller, (trx, now) => decideStep(trx, params.id, params.key, body.decision, body.note, caller, now))
        return await runOf(caller, params.id)
      },
    }),
    route({
      method: 'POST',
      path: '/api/v1/runs/:id/steps/:key/answer',
      permission: 'playbooks:run',
      summary: 'Say what was done by hand, or whether a step ran whose end was not seen',
      params: stepParams,
      body: answerBody,
      response: runView,
      handle: async ({ params, body, caller }) => {
        await change(caller, (trx, now) => answerStep(trx, params.id, params.key, body, caller, now))
        return await runOf(caller, params.id)
      },
    }),
    route({
      method: 'GET',
      path: '/api/v1/respond/inbox',
      permission: 'playbooks:read',
      summary: 'What waits for somebody: versions, steps to approve, questions',
      response: inbox,
      handle: async ({ caller }) => {
        const db = dbOf(caller)
        return {
          versions: (await waitingVersions(db)).map((row) => ({
            ...viewOfVersion(row, caller),
            playbook: { id: row.id, name: { en: row.name, ja: row.name_ja } },
          })),
          steps: (await stepsWaiting(db, ['approval', 'person', 'unsure'])).map((row) => ({
            ...viewOfStep(row, caller, row.by_account),
            run: row.run_id,
            playbook: {
              id: row.playbook_id,
              name: { en: row.playbook_name, ja: row.playbook_name_ja ?? row.playbook_name },
              version: row.version,
            },
            alert: row.alert_id,
            startedBy: row.by_name,
          })),
        }
      },
    }),
    route({
      method: 'POST',
      path: '/api/v1/respond/halt',
      permission: 'playbooks:run',
      summary: 'Hold every run of the scope, or let them go on',
      body: haltBody,
      response: haltView,
      handle: async ({ body, caller }) => {
        await change(caller, (trx, now) => setHalt(trx, caller.scope, body.halt, body.reason, caller, now))
        if (body.halt) deps.cut({ scope: caller.scope })
        return haltOf(await guardsOf(dbOf(caller), caller.scope))
      },
    }),
    route({
      method: 'GET',
      path: '/api/v1/respond/guards',
      permission: 'playbooks:read',
      summary: 'What no playbook ever acts upon, and on how many it may act',
      response: guardsView,
      handle: async ({ caller }) => guardsViewOf(await guardsOf(dbOf(caller), caller.scope)),
    }),
    route({
      method: 'PUT',
      path: '/api/v1/respond/guards',
      permission: 'playbooks:write',
      summary: 'Change what no playbook ever acts upon, and the limits',
      body: guardsBody,
      response: guardsView,
      handle: async ({ body, caller }) => {
        await change(caller, (trx, now) => setGuards(trx, caller.scope, body, caller, now))
        return guardsViewOf(await guardsOf(dbOf(caller), caller.scope))
      },
    }),
  ]
}

type StartBody = { variables: Record<string, string>; alert?: string | undefined; incident?: string | undefined }

const REMEMBERED = 100

/** Reads a text once; a text is what it is, whoever asks. */
function rememberingReader(): (source: string) => ReadPlaybook {
  const known = new Map<string, ReadPlaybook>()
  return (source) => {
    const before = known.get(source)
    if (before !== undefined) return before
    const fresh = readPlaybook(source)
    if (known.size >= REMEMBERED) known.clear()
    known.set(source, fresh)
    return fresh
  }
}

/** The playbooks that one calls, and those that these call. */
async function addCalled(
  db: PlaybooksDb,
  playbook: Playbook,
  called: Map<string, Playbook>,
  read: (source: string) => ReadPlaybook,
): Promise<void> {
  for (const step of Object.values(playbook.workflow)) {
    if (step.type !== 'playbook-action' || called.has(step.playbook_id)) continue
    const row = await playbookById(db, step.playbook_id)
    const version = row === undefined ? undefined : await versionOf(db, row.uid, row.version)
    const other = version === undefined ? undefined : read(version.source).playbook
    if (other === undefined) continue
    called.set(step.playbook_id, other)
    await addCalled(db, other, called, read)
  }
}

function haltOf(row: GuardsTable | undefined) {
  return { halted: row?.halted === 1, by: row?.halted_by ?? null, since: isoOrNull(row?.halted_at) }
}

function guardsViewOf(row: GuardsTable | undefined) {
  return {
    settings: row === undefined ? DEFAULT_GUARDS : readJson<GuardSettings>(row.settings),
    by: row?.by_name ?? null,
    updatedAt: row === undefined ? null : iso(row.updated),
  }
}

function cursorOf(text: string | undefined): { created: number; id: string } | undefined {
  const [created, id] = text?.split('.') ?? []
  return id === undefined ? undefined : { created: Number(created), id }
}
