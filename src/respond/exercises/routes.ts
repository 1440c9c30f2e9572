import { KanpekiError } from '../../kernel/error.ts'
import { type Caller, RawReply, type Route, route } from '../../platform/http/route.ts'
import { REPORT_POLICY, reportHtml } from '../../platform/report/html.ts'
import { reportPdf } from '../../platform/report/pdf.ts'
import { readJson } from '../../platform/state/columns.ts'
import { actorOf } from '../incidents/routes.ts'
import { doExerciseDeed, type ExerciseDeps, startExercise } from './exercise.ts'
import { type ExerciseDb, exerciseById, exercises } from './queries.ts'
import { exerciseReportOf } from './report.ts'
import {
  type ExerciseDetail,
  type ExerciseReport,
  exerciseDeed,
  exerciseDetail,
  exerciseParams,
  exerciseReportQuery,
  exercisesReply,
  newExercise,
} from './schema.ts'
import type { ExercisesTable, ExerciseTables } from './tables.ts'
import { exerciseDetailOf, exerciseSummaryOf } from './view.ts'

/** Table-tops and simulations: what is trained leaves a dated report. */
export function exerciseRoutes(deps: ExerciseDeps): Route[] {
  const { state, ledgerIndexes, changed } = deps.incidents
  const db = (caller: Caller): ExerciseDb => state.scoped<ExerciseTables>(caller.scope)
  const known = async (caller: Caller, id: string): Promise<ExercisesTable> => {
    const row = await exerciseById(db(caller), id)
    if (row === undefined) throw new KanpekiError('not_found', `There is no exercise ${id}.`)
    return row
  }
  const detail = async (caller: Caller, id: string): Promise<ExerciseDetail> => {
    const row = await known(caller, id)
    const script = deps.scripts.find((one) => one.id === row.script)
    return await exerciseDetailOf(db(caller), row, script, async (outbox) => (await ledgerIndexes([outbox])).get(outbox) ?? null)
  }
  return [
    route({
      method: 'GET',
      path: '/api/v1/exercises',
      permission: 'incidents:read',
      summary: 'Exercises that were held or run, and the scripts there are',
      response: exercisesReply,
      handle: async ({ caller }) => ({
        exercises: (await exercises(db(caller))).map(exerciseSummaryOf),
        scripts: deps.scripts.map(({ id, kind, title, about, minutes, injects }) => ({
          ...{ id, kind, title, about, minutes },
          injects: injects.length,
        })),
      }),
    }),
    route({
      method: 'POST',
      path: '/api/v1/exercises',
      permission: 'incidents:write',
      summary: 'Begin a table-top or a simulation',
      body: newExercise,
      response: exerciseDetail,
      handle: async ({ body, caller }) => {
        const id = await startExercise(deps, caller.scope, body, actorOf(caller))
        changed()
        return await detail(caller, id)
      },
    }),
    route({
      method: 'GET',
      path: '/api/v1/exercises/:id',
      permission: 'incidents:read',
      summary: 'An exercise with its injects, answers and report',
      params: exerciseParams,
      response: exerciseDetail,
      handle: ({ params, caller }) => detail(caller, params.id),
    }),
    route({
      method: 'POST',
      path: '/api/v1/exercises/:id/deeds',
      permission: 'incidents:write',
      summary: 'Give the next inject, answer a question, or end the exercise',
      params: exerciseParams,
      body: exerciseDeed,
      response: exerciseDetail,
      handle: async ({ params, body, caller }) => {
        await doExerciseDeed(deps, caller.scope, params.id, body, actorOf(caller))
        changed()
        return await detail(caller, params.id)
      },
    }),
    route({
      method: 'GET',
      path: '/api/v1/exercises/:id/report',
      permission: 'incidents:read',
      summary: 'The dated report of an exercise, as PDF or HTML',
      params: exerciseParams,
      query: exerciseReportQuery,
      handle: async ({ params, query, caller }) => {
        const row = await known(caller, params.id)
        if (row.report === null || row.sha256 === null)
          throw new KanpekiError('conflict', 'This exercise has not ended yet.', { remedy: 'End it first.' })
        const report = exerciseReportOf(readJson<ExerciseReport>(row.report), row.sha256, query.language)
        if (query.format === 'html')
          return new RawReply('text/html; charset=utf-8', reportHtml(report), {
            'cache-control': 'no-store',
            'content-security-policy': REPORT_POLICY,
          })
        const day = new Date(row.started).toISOString().slice(0, 10)
        return new RawReply('application/pdf', await reportPdf(report), {
          'cache-control': 'no-store',
          'content-disposition': `inline; filename="exercise-${day}${query.language === 'ja' ? '.ja' : ''}.pdf"`,
        })
      },
    }),
  ]
}
