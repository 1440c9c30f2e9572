import { createHash, randomUUID } from 'node:crypto'
import { KanpekiError } from '../../kernel/error.ts'
import { canonicalJson, type JsonObject, type JsonValue } from '../../kernel/json.ts'
import { jsonText } from '../../platform/state/columns.ts'
import { recordEvidence } from '../../platform/state/outbox.ts'
import { scopedTo } from '../../platform/state/scope.ts'
import type { AlertSnapshot, IncidentDeps } from '../incidents/deps.ts'
import { type Actor, enter, HOUSE } from '../incidents/enter.ts'
import { alertRow, openIncident } from '../incidents/open.ts'
import { type Db, incidentById, insertAlerts } from '../incidents/queries.ts'
import type { IncidentTables } from '../incidents/tables.ts'
import { incidentDetailOf } from '../incidents/view.ts'
import {
  answersOf,
  changeExercise,
  type ExerciseDb,
  exerciseById,
  injectsOf,
  insertAnswer,
  insertExercise,
  insertInject,
  runningSimulations,
} from './queries.ts'
import type { ExerciseDeed, ExerciseReport } from './schema.ts'
import type { ExerciseScript } from './scripts.ts'
import type { ExercisesTable, ExerciseTables } from './tables.ts'
import { injectViews } from './view.ts'

export interface ExerciseDeps {
  readonly incidents: IncidentDeps
  readonly scripts: readonly ExerciseScript[]
}

type Tables = ExerciseTables & IncidentTables

function inOne<T>(
  { incidents }: ExerciseDeps,
  scope: string,
  work: (trx: ExerciseDb & Db, now: number) => Promise<T>,
): Promise<T> {
  return incidents.state.transaction<Tables, T>((all) => work(scopedTo(all, scope) as never, incidents.clock.now()))
}

/** @throws KanpekiError `not_found` for a script that is not there (any more). */
export function scriptOf({ scripts }: Pick<ExerciseDeps, 'scripts'>, id: string): ExerciseScript {
  const script = scripts.find((one) => one.id === id)
  if (script === undefined) throw new KanpekiError('not_found', `There is no script ${id}.`)
  return script
}

async function record(
  trx: ExerciseDb,
  row: ExercisesTable,
  by: Actor,
  kind: string,
  said: JsonObject,
  now: number,
): Promise<number> {
  const body = { action: `exercise.${kind}`, exercise: row.id, script: row.script, by: { id: by.id, name: by.name }, ...said }
  return await recordEvidence(trx, [{ type: 'incident', scope: row.scope, observed: now, received: now, body }], {
    now: () => now,
  })
}

/** Begins an exercise with its first inject. A simulation opens an incident in which nothing is done in earnest. */
export async function startExercise(
  deps: ExerciseDeps,
  scope: string,
  asked: { readonly script: string; readonly participants: readonly string[] },
  by: Actor,
): Promise<string> {
  const script = scriptOf(deps, asked.script)
  return await inOne(deps, scope, async (trx, now) => {
    const id = randomUUID()
    const [first] = script.injects
    const opening = {
      scope,
      title: script.title.en,
      titleJa: script.title.ja,
      severity: undefined,
      summary: '',
      alerts: first!.alerts.map((alert, index) => simulated(id, 0, index, alert, now)),
      automatic: false,
      exercise: id,
    }
    const incident = script.kind === 'simulation' ? await openIncident(trx, deps.incidents, opening, HOUSE, now) : undefined
    const row: ExercisesTable = {
      id,
      scope,
      script: script.id,
      kind: script.kind,
      title_en: script.title.en,
      title_ja: script.title.ja,
      state: 'running',
      started: now,
      ended: null,
      by_name: by.name,
      participants: jsonText(asked.participants),
      incident_id: incident?.id ?? null,
      report: null,
      sha256: null,
      outbox: null,
    }
    await insertExercise(trx, row)
    await insertInject(trx, { exercise_id: id, number: 0, scope, shown: now })
    const said = {
      kind: script.kind,
      title: script.title.en,
      participants: [...asked.participants],
      incident: incident?.id ?? null,
    }
    await record(trx, row, by, 'start', said, now)
    return id
  })
}

function simulated(
  exercise: string,
  inject: number,
  index: number,
  { rule, title, severity, entity, techniques }: ExerciseScript['injects'][number]['alerts'][number],
  now: number,
): AlertSnapshot {
  const id = `exercise:${exercise}:${inject}:${index}`
  return { id, rule, title, severity, entity, techniques, events: [], firstObserved: now, raised: now, acknowledged: null }
}

/** @throws KanpekiError `not_found`, `conflict` where it is over or everything was given. */
export async function doExerciseDeed(
  deps: ExerciseDeps,
  scope: string,
  id: string,
  asked: ExerciseDeed,
  by: Actor,
): Promise<void> {
  if (asked.do === 'end') return await endExercise(deps, scope, id, asked, by)
  await inOne(deps, scope, async (trx, now) => {
    const row = await running(trx, id)
    const script = scriptOf(deps, row.script)
    const shown = (await injectsOf(trx, id)).length
    if (asked.do === 'next') {
      if (shown >= script.injects.length) throw new KanpekiError('conflict', 'Everything was given already.')
      return await giveInject(trx, row, script, shown, by, now)
    }
    const { inject, question, text } = asked
    if (inject >= shown || question >= script.injects[inject]!.questions.length)
      throw new KanpekiError('not_found', 'That was not asked (yet).')
    await insertAnswer(trx, { id: randomUUID(), exercise_id: id, scope, inject, question, text, by_name: by.name, at: now })
    await record(trx, row, by, 'answer', { inject, question, text }, now)
  })
}

async function running(trx: ExerciseDb, id: string): Promise<ExercisesTable> {
  const row = await exerciseById(trx, id)
  if (row === undefined) throw new KanpekiError('not_found', `There is no exercise ${id}.`)
  if (row.state === 'ended') throw new KanpekiError('conflict', 'This exercise is over.')
  return row
}

async function giveInject(
  trx: ExerciseDb & Db,
  row: ExercisesTable,
  script: ExerciseScript,
  number: number,
  by: Actor,
  now: number,
): Promise<void> {
  const inject = script.injects[number]!
  await insertInject(trx, { exercise_id: row.id, number, scope: row.scope, shown: now })
  await record(trx, row, by, 'inject', { inject: number, text: inject.text.en }, now)
  const incident = row.incident_id === null ? undefined : await incidentById(trx, row.incident_id)
  if (incident === undefined || incident.state !== 'open') return
  const alerts = inject.alerts.map((alert, index) => simulated(row.id, number, index, alert, now))
  await insertAlerts(
    trx,
    alerts.map((alert) => alertRow(incident, alert, now)),
  )
  const said = { kind: 'inject', text: inject.text, facts: { exercise: row.id, alerts: alerts.map(({ id }) => id) } }
  await enter(trx, incident, HOUSE, said, now)
}

/** Gives what is due in the simulations that run, by the clock. @returns how many injects were given. */
export async function advanceSimulations(deps: ExerciseDeps): Promise<number> {
  const { state, changed } = deps.incidents
  let given = 0
  for (const { id, scope, script: name, started } of await runningSimulations(state.tables<ExerciseTables>())) {
    const script = deps.scripts.find((one) => one.id === name)
    if (script === undefined) continue
    given += await inOne(deps, scope, async (trx, now) => {
      const row = await exerciseById(trx, id)
      const shown = (await injectsOf(trx, id)).length
      const due = script.injects.filter(({ after }, index) => index >= shown && started + after * 60_000 <= now).length
      if (row?.state !== 'running') return 0
      for (let number = shown; number < shown + due; number += 1) await giveInject(trx, row, script, number, HOUSE, now)
      return due
    })
  }
  if (given > 0) changed()
  return given
}

/** Ends it: what was asked, answered and done is kept as it stands, and its hash is evidence. */
async function endExercise(
  deps: ExerciseDeps,
  scope: string,
  id: string,
  { summary, improvements }: Extract<ExerciseDeed, { do: 'end' }>,
  by: Actor,
): Promise<void> {
  const db = deps.incidents.state.scoped<ExerciseTables>(scope)
  const before = await running(db, id)
  const outcome = before.incident_id === null ? null : await incidentOutcome(deps, scope, before.incident_id)
  await inOne(deps, scope, async (trx, now) => {
    const row = await running(trx, id)
    const script = scriptOf(deps, row.script)
    const [injects, answers] = [await injectsOf(trx, id), await answersOf(trx, id)]
    const views = injectViews(script, injects, answers, true)
    const report: ExerciseReport = {
      exercise: id,
      script: script.id,
      kind: script.kind,
      title: script.title,
      started: new Date(row.started).toISOString(),
      ended: new Date(now).toISOString(),
      by: by.name,
      participants: JSON.parse(row.participants) as string[],
      injects: views,
      replies: repliesOf(views),
      incident: outcome,
      summary,
      improvements,
    }
    const kept = canonicalJson(report as unknown as JsonValue)
    const sha256 = createHash('sha256').update(kept).digest('hex')
    const { asked, answered } = report.replies
    const said = {
      sha256,
      injects: injects.length,
      asked,
      answered,
      improvements: improvements.map(({ title, owner }) => `${title} (${owner})`),
      summary,
    }
    const outbox = await record(trx, row, by, 'end', said, now)
    await changeExercise(trx, id, { state: 'ended', ended: now, report: kept, sha256, outbox })
    const incident = row.incident_id === null ? undefined : await incidentById(trx, row.incident_id)
    if (incident?.state === 'open')
      await enter(
        trx,
        incident,
        by,
        { kind: 'close', text: { en: 'Closed: the exercise is over', ja: '完了：演習終了' }, facts: { exercise: id } },
        now,
        { state: 'closed', outcome: 'expected', closed: now },
      )
  })
}

async function incidentOutcome(deps: ExerciseDeps, scope: string, id: string): Promise<ExerciseReport['incident']> {
  const detail = await incidentDetailOf(deps.incidents, scope, id)
  const begun = detail.taskList.filter(({ due, done }) => due !== null || done !== null)
  const told = detail.messages.filter(({ state }) => state === 'simulated' || state === 'said' || state === 'sent')
  const { acknowledge, contain, resolve } = detail.clocks
  return {
    number: detail.number,
    clocks: { acknowledge, contain, resolve },
    tasks: {
      all: begun.length,
      done: begun.filter(({ done }) => done !== null).length,
      late: begun.filter(({ overdue, due, done }) => overdue || (due !== null && done !== null && done > due)).length,
    },
    messages: {
      all: detail.messages.length,
      told: told.length,
      late: detail.messages.filter(({ overdue, due, sent }) => overdue || (due !== null && sent !== null && sent > due)).length,
    },
    deeds: detail.phases.length,
    runs: detail.runs.length,
  }
}

function repliesOf(injects: ExerciseReport['injects']): ExerciseReport['replies'] {
  const given = injects.filter(({ shown }) => shown !== null)
  const times = given.flatMap(({ shown, questions, answers }) =>
    questions.flatMap((_, question) => {
      const first = answers.find((answer) => answer.question === question)
      return first === undefined ? [] : [(Date.parse(first.at) - Date.parse(shown!)) / 1000]
    }),
  )
  return {
    asked: given.reduce((sum, { questions }) => sum + questions.length, 0),
    answered: times.length,
    mean: times.length === 0 ? null : Math.round(times.reduce((sum, one) => sum + one, 0) / times.length),
    slowest: times.length === 0 ? null : Math.max(...times),
  }
}
