import { randomUUID } from 'node:crypto'
import { KanpekiError } from '../../kernel/error.ts'
import type { JsonObject } from '../../kernel/json.ts'
import { csvHead, csvLine } from '../../platform/csv.ts'
import { type Caller, RawReply, type Route, route } from '../../platform/http/route.ts'
import { REPORT_POLICY, reportHtml } from '../../platform/report/html.ts'
import { reportPdf } from '../../platform/report/pdf.ts'
import { recordEvidence } from '../../platform/state/outbox.ts'
import { scopedTo } from '../../platform/state/scope.ts'
import { alertsNamed, doDeed } from './deeds.ts'
import type { IncidentDeps } from './deps.ts'
import type { Actor } from './enter.ts'
import { openIncident } from './open.ts'
import { changeOwn, workOf } from './policy-change.ts'
import { policyViewOf } from './policy-view.ts'
import {
  type Db,
  deleteTurn,
  incidentById,
  incidentPage,
  insertTurn,
  openFollowUpCount,
  openIncidentCount,
  overdueTaskCount,
  setAudience,
  turnById,
} from './queries.ts'
import { incidentReport } from './report.ts'
import {
  deed,
  graphReply,
  idParams,
  incidentDetail,
  incidentsQuery,
  incidentsReply,
  newIncident,
  newTurn,
  policyChange,
  policyView,
  reportQuery,
  timelineQuery,
  timelineReply,
} from './schema.ts'
import type { IncidentsTable, IncidentTables } from './tables.ts'
import { graphOf, timelineOf } from './timeline.ts'
import { incidentDetailOf, summariesOf } from './view.ts'

/** Who answers for a deed: a person, or a token for the one who made it. */
export function actorOf({ id, name, account }: Caller): Actor {
  return { id, name, account, person: true }
}

/** What people work on, from the first alert to the last follow-up. */
export function incidentRoutes(deps: IncidentDeps): Route[] {
  const { state, clock } = deps
  const db = (caller: Caller): Db => state.scoped<IncidentTables>(caller.scope)
  return [
    route({
      method: 'GET',
      path: '/api/v1/incidents',
      permission: 'incidents:read',
      summary: 'Incidents, newest first',
      query: incidentsQuery,
      response: incidentsReply,
      handle: async ({ query, caller }) => {
        const { state: wanted, severity, q = '', alert, exercises, cursor, limit } = query
        const states =
          wanted === 'open'
            ? ['open' as const]
            : wanted === 'closed'
              ? (['closed', 'merged'] as const)
              : (['open', 'closed', 'merged'] as const)
        const before = cursor === undefined ? undefined : Number(cursor)
        const severities = severity === undefined ? [] : severity.split(',').map(Number)
        const rows = await incidentPage(db(caller), { states, severities, q, exercises, alert, before }, limit + 1)
        const page = rows.slice(0, limit)
        const now = clock.now()
        return {
          incidents: await summariesOf(db(caller), page, now),
          next: rows.length > limit ? String(page.at(-1)!.number) : null,
          totals: {
            open: await openIncidentCount(db(caller)),
            overdueTasks: await overdueTaskCount(db(caller), now),
            openFollowUps: await openFollowUpCount(db(caller)),
          },
        }
      },
    }),
    route({
      method: 'POST',
      path: '/api/v1/incidents',
      permission: 'incidents:write',
      summary: 'Open an incident, from alerts or without',
      body: newIncident,
      response: incidentDetail,
      handle: async ({ body, caller }) => {
        const { title, severity, summary } = body
        if (title === undefined && body.alerts.length === 0)
          throw new KanpekiError('invalid_input', 'An incident needs a title, or an alert.')
        const alerts = await alertsNamed(deps, caller.scope, body.alerts)
        const opening = { scope: caller.scope, title, severity, summary, alerts, automatic: false, exercise: null }
        const row = await state.transaction<IncidentTables, IncidentsTable>((all) =>
          openIncident(scopedTo(all, caller.scope), deps, opening, actorOf(caller), clock.now()),
        )
        deps.changed()
        return await incidentDetailOf(deps, caller.scope, row.id)
      },
    }),
    route({
      method: 'GET',
      path: '/api/v1/incidents/:id',
      permission: 'incidents:read',
      summary: 'An incident with its tasks, alerts, messages and follow-ups',
      params: idParams,
      response: incidentDetail,
      handle: ({ params, caller }) => incidentDetailOf(deps, caller.scope, params.id),
    }),
    route({
      method: 'POST',
      path: '/api/v1/incidents/:id/deeds',
      permission: 'incidents:write',
      summary: 'Do one thing to an incident: phase, task, comment, hand-over, message, post-mortem …',
      params: idParams,
      body: deed,
      response: incidentDetail,
      handle: async ({ params, body, caller }) => {
        await doDeed(deps, caller.scope, params.id, body, actorOf(caller))
        deps.changed()
        return await incidentDetailOf(deps, caller.scope, params.id)
      },
    }),
    ...readingRoutes(deps, db),
    ...policyRoutes(deps, db),
  ]
}

function readingRoutes(deps: IncidentDeps, db: (caller: Caller) => Db): Route[] {
  const known = async (caller: Caller, id: string): Promise<IncidentsTable> => {
    const row = await incidentById(db(caller), id)
    if (row === undefined) throw new KanpekiError('not_found', `There is no incident ${id}.`)
    return row
  }
  return [
    route({
      method: 'GET',
      path: '/api/v1/incidents/:id/timeline',
      permission: 'incidents:read',
      summary: 'Events, alerts, deeds and runs of an incident in one line, as JSON or CSV',
      params: idParams,
      query: timelineQuery,
      response: timelineReply,
      handle: async ({ params, query, caller }) => {
        const row = await known(caller, params.id)
        const timeline = await timelineOf(deps, db(caller), row)
        if (query.format === 'json') return timeline
        const lines = timeline.items.map(({ at, kind, what, by, text, note, ref, entry }) =>
          csvLine([at, kind, what, by, text[query.language], note, ref, entry]),
        )
        return new RawReply(
          'text/csv; charset=utf-8',
          csvHead(['at', 'kind', 'what', 'by', 'text', 'note', 'ref', 'entry']) + lines.join(''),
          {
            'cache-control': 'no-store',
            'content-disposition': `attachment; filename="INC-${row.number}-timeline.csv"`,
          },
        )
      },
    }),
    route({
      method: 'GET',
      path: '/api/v1/incidents/:id/graph',
      permission: 'incidents:read',
      summary: 'Which alerts join which hosts, accounts and addresses',
      params: idParams,
      response: graphReply,
      handle: async ({ params, caller }) => graphOf(deps, db(caller), await known(caller, params.id)),
    }),
    route({
      method: 'GET',
      path: '/api/v1/incidents/:id/report',
      permission: 'incidents:read',
      summary: 'The report of an incident, as PDF or HTML, in English or Japanese',
      params: idParams,
      query: reportQuery,
      handle: async ({ params, query, caller }) => {
        const row = await known(caller, params.id)
        const detail = await incidentDetailOf(deps, caller.scope, params.id)
        const { items } = await timelineOf(deps, db(caller), row)
        const report = incidentReport({
          detail,
          timeline: items,
          scope: caller.scope,
          made: deps.clock.now(),
          language: query.language,
        })
        if (query.format === 'html')
          return new RawReply('text/html; charset=utf-8', reportHtml(report), {
            'cache-control': 'no-store',
            'content-security-policy': REPORT_POLICY,
          })
        return new RawReply('application/pdf', await reportPdf(report), {
          'cache-control': 'no-store',
          'content-disposition': `inline; filename="INC-${row.number}${query.language === 'ja' ? '.ja' : ''}.pdf"`,
        })
      },
    }),
  ]
}

/** How a scope works on incidents: what opens them by itself, who is told, who is on call. */
function policyRoutes(deps: IncidentDeps, db: (caller: Caller) => Db): Route[] {
  const { state, clock } = deps
  const write = async (
    caller: Caller,
    work: (trx: Db, now: number) => Promise<readonly [action: string, said: JsonObject]>,
  ): Promise<void> => {
    const { id, name, scope } = caller
    await state.transaction<IncidentTables, void>(async (all) => {
      const now = clock.now()
      const [action, said] = await work(scopedTo(all, scope), now)
      const body = { action, by: { id, name }, ...said }
      await recordEvidence(all, [{ type: 'admin', scope, observed: now, received: now, body }], { now: () => now })
    })
    deps.changed()
  }
  return [
    route({
      method: 'GET',
      path: '/api/v1/incident-policy',
      permission: 'incidents:read',
      summary: 'Clocks, who has to be told, and who is on call',
      response: policyView,
      handle: ({ caller }) => policyViewOf(deps.policy, db(caller), clock.now()),
    }),
    route({
      method: 'PUT',
      path: '/api/v1/incident-policy',
      permission: 'incidents:write',
      summary: 'Set which alerts open incidents by themselves, tasks and their clocks, and by which channel people are told',
      body: policyChange,
      response: policyView,
      handle: async ({ body, caller }) => {
        const stray = (body.audiences ?? []).find(({ id }) => !deps.policy.audiences.some((one) => one.id === id))
        if (stray !== undefined) throw new KanpekiError('not_found', `There is no audience ${stray.id}.`)
        const channels = await deps.channels(caller.scope)
        const lost = (body.audiences ?? []).find(({ channel }) => channel !== null && !channels.some(({ id }) => id === channel))
        if (lost !== undefined) throw new KanpekiError('not_found', `There is no channel ${lost.channel}.`)
        await write(caller, async (trx, now) => {
          const before = await policyViewOf(deps.policy, trx, now)
          const own = await changeOwn(trx, deps.policy, caller.scope, body, now)
          for (const { id, channel, contact, automatic } of body.audiences ?? [])
            await setAudience(trx, { id, scope: caller.scope, channel_id: channel, contact, automatic: automatic ? 1 : 0 })
          const told = (
            list: readonly { id: string; channel: string | null; contact: string; automatic: boolean }[],
          ): JsonObject =>
            Object.fromEntries(list.map(({ id, channel, contact, automatic }) => [id, { channel, contact, automatic }]))
          return [
            'incident-policy.change',
            {
              before: { openAutomatically: before.openAutomatically, audiences: told(before.audiences), ...workOf(body, before) },
              after: {
                openAutomatically: own.openAutomatically,
                audiences: told(body.audiences ?? []),
                ...workOf(body, own),
              },
            },
          ]
        })
        return await policyViewOf(deps.policy, db(caller), clock.now())
      },
    }),
    route({
      method: 'POST',
      path: '/api/v1/on-call',
      permission: 'incidents:write',
      summary: 'Put somebody on call for a role',
      body: newTurn,
      response: policyView,
      handle: async ({ body, caller }) => {
        const { role, person, from, to } = body
        await write(caller, async (trx) => {
          await insertTurn(trx, {
            id: randomUUID(),
            scope: caller.scope,
            role,
            person,
            begins: Date.parse(from),
            ends: Date.parse(to),
            by_name: caller.name,
          })
          return ['on-call.add', { role, target: person, from, to }]
        })
        return await policyViewOf(deps.policy, db(caller), clock.now())
      },
    }),
    route({
      method: 'DELETE',
      path: '/api/v1/on-call/:id',
      permission: 'incidents:write',
      summary: 'Take somebody off the rota',
      params: idParams,
      response: policyView,
      handle: async ({ params, caller }) => {
        await write(caller, async (trx) => {
          const turn = await turnById(trx, params.id)
          if (turn === undefined) throw new KanpekiError('not_found', 'There is no such turn.')
          await deleteTurn(trx, params.id)
          const { role, person, begins, ends } = turn
          return [
            'on-call.remove',
            { role, target: person, from: new Date(begins).toISOString(), to: new Date(ends).toISOString() },
          ]
        })
        return await policyViewOf(deps.policy, db(caller), clock.now())
      },
    }),
  ]
}
