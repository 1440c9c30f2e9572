import { randomUUID } from 'node:crypto'
import { type Caller, type Route, route } from '../platform/http/route.ts'
import { scopedTo } from '../platform/state/scope.ts'
import { alertDetail } from './alerts-detail.ts'
import { alertCounts, alertQueue } from './alerts-queue.ts'
import { behaviourRoutes } from './behaviour/routes.ts'
import { draftRule } from './draft/draft-rule.ts'
import { draftBody, draftReply } from './draft/schema.ts'
import { exceptionRoutes } from './exceptions/routes.ts'
import type { DetectDeps } from './routes-deps.ts'
import { ruleRoutes } from './routes-rules.ts'
import {
  type AlertSummary,
  alertCounts as alertCountsSchema,
  alertDetail as alertDetailSchema,
  alertParams,
  assignBody,
  bulkUndoBody,
  bulkVerdictBody,
  queueQuery,
  queueResponse,
  verdictBody,
  verdictResponse,
} from './schema.ts'
import type { DetectTables } from './tables.ts'
import { assignAlert, giveVerdict, undoVerdict } from './verdicts.ts'

export function routes(deps: DetectDeps): Route[] {
  const db = (scope: string) => deps.state.scoped<DetectTables>(scope)
  const write = async (
    caller: Caller,
    deed: (trx: Parameters<typeof giveVerdict>[0], now: number) => Promise<AlertSummary[]>,
  ): Promise<{ alerts: AlertSummary[] }> => {
    const now = deps.clock.now()
    const alerts = await deps.state.transaction<never, AlertSummary[]>((trx) => deed(scopedTo(trx, caller.scope), now))
    deps.changed(caller.scope, alerts)
    return { alerts }
  }
  return [
    route({
      method: 'GET',
      path: '/api/v1/alerts',
      permission: 'alerts:read',
      summary: 'The queue: alerts grouped by entity and story, gravest first',
      query: queueQuery,
      response: queueResponse,
      handle: ({ query, caller }) => alertQueue(db(caller.scope), query, caller.name, deps.clock.now()),
    }),
    route({
      method: 'GET',
      path: '/api/v1/alerts/summary',
      permission: 'alerts:read',
      summary: 'Counts for the navigation and the overview',
      response: alertCountsSchema,
      handle: ({ caller }) => alertCounts(db(caller.scope), caller.name, deps.clock.now()),
    }),
    route({
      method: 'GET',
      path: '/api/v1/alerts/:id',
      permission: 'alerts:read',
      summary: 'One alert: why it fired, what the entity did, its history and its place in the ledger',
      params: alertParams,
      response: alertDetailSchema,
      handle: ({ params, caller }) => alertDetail(db(caller.scope), params.id, deps, deps.clock.now()),
    }),
    route({
      method: 'POST',
      path: '/api/v1/alerts/:id/verdict',
      permission: 'alerts:write',
      summary: 'Judge an alert',
      params: alertParams,
      body: verdictBody,
      response: verdictResponse,
      handle: ({ params, body, caller }) =>
        write(caller, (trx, now) => giveVerdict(trx, [params.id], body.verdict, body.note, caller, now, body.quietHours)),
    }),
    route({
      method: 'POST',
      path: '/api/v1/alerts/:id/undo',
      permission: 'alerts:write',
      summary: 'Take back the last verdict or assignment',
      params: alertParams,
      response: verdictResponse,
      handle: ({ params, caller }) => write(caller, (trx, now) => undoVerdict(trx, [params.id], caller, now)),
    }),
    route({
      method: 'POST',
      path: '/api/v1/alerts/:id/assign',
      permission: 'alerts:write',
      summary: 'Give an alert to somebody, or to nobody',
      params: alertParams,
      body: assignBody,
      response: verdictResponse,
      handle: ({ params, body, caller }) =>
        write(caller, (trx, now) =>
          assignAlert(trx, params.id, body.assignee === 'me' ? caller.name : body.assignee, caller, now),
        ),
    }),
    route({
      method: 'POST',
      path: '/api/v1/alerts/verdict',
      permission: 'alerts:write',
      summary: 'Judge several alerts alike, all or none',
      body: bulkVerdictBody,
      response: verdictResponse,
      handle: ({ body, caller }) =>
        write(caller, (trx, now) => giveVerdict(trx, body.ids, body.verdict, body.note, caller, now, body.quietHours)),
    }),
    route({
      method: 'POST',
      path: '/api/v1/alerts/undo',
      permission: 'alerts:write',
      summary: 'Take back the last verdict of several alerts, all or none',
      body: bulkUndoBody,
      response: verdictResponse,
      handle: ({ body, caller }) => write(caller, (trx, now) => undoVerdict(trx, body.ids, caller, now)),
    }),
    ...behaviourRoutes(deps),
    route({
      method: 'POST',
      path: '/api/v1/rules/draft',
      permission: 'alerts:write',
      summary: 'A search as a Sigma rule, ready to be put among the rules',
      body: draftBody,
      response: draftReply,
      handle: async ({ body, caller }) => {
        const date = new Date(deps.clock.now()).toISOString().slice(0, 10)
        return { yaml: draftRule({ ...body, id: randomUUID(), author: caller.name, date }) }
      },
    }),
    ...exceptionRoutes(deps),
    ...ruleRoutes(deps),
  ]
}
