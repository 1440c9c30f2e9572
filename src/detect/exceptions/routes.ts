import { KanpekiError } from '../../kernel/error.ts'
import { type Caller, type Route, route } from '../../platform/http/route.ts'
import { readJson } from '../../platform/state/columns.ts'
import { scopedTo } from '../../platform/state/scope.ts'
import { orNull, rfc3339 } from '../alerts-view.ts'
import type { DetectDeps } from '../routes-deps.ts'
import type { DetectTables } from '../tables.ts'
import { previewOf } from './preview.ts'
import { allExceptions, titlesOfRule } from './queries.ts'
import {
  decision,
  type ExceptionCondition,
  type ExceptionPreview,
  type ExceptionView,
  exceptionList,
  exceptionParams,
  exceptionPreview,
  exceptionView,
  exceptionWhat,
  newException,
} from './schema.ts'
import type { ExceptionsTable } from './tables.ts'
import { checkConditions, decideException, endException, proposeException } from './write.ts'

/** Exceptions: proposed with what they would have hidden, decided by another person, ended by anybody who judges alerts. */
export function exceptionRoutes(deps: DetectDeps): Route[] {
  const db = (caller: Caller) => deps.state.scoped<DetectTables>(caller.scope)
  const write = async (
    caller: Caller,
    work: (trx: ReturnType<typeof db>, now: number) => Promise<ExceptionsTable>,
  ): Promise<ExceptionView> => {
    const now = deps.clock.now()
    const row = await deps.state.transaction<DetectTables, ExceptionsTable>((trx) => work(scopedTo(trx, caller.scope), now))
    deps.changed(caller.scope, [])
    return viewOf(row, caller, now)
  }
  /** @throws KanpekiError `not_found` for a rule that is neither loaded nor ever raised anything here. */
  const titlesOf = async (caller: Caller, rule: string): Promise<{ title: string; titleJa: string }> => {
    const loaded = deps.rules().loaded.find((one) => one.id === rule)
    if (loaded !== undefined) return { title: loaded.title, titleJa: loaded.ja?.title ?? loaded.title }
    const past = await titlesOfRule(db(caller), rule)
    if (past === undefined) throw new KanpekiError('not_found', `There is no rule ${rule}.`)
    return { title: past.title, titleJa: past.title_ja }
  }
  return [
    route({
      method: 'GET',
      path: '/api/v1/exceptions',
      permission: 'alerts:read',
      summary: 'Exceptions of rules, newest first, with what they hid',
      response: exceptionList,
      handle: async ({ caller }) => ({
        exceptions: (await allExceptions(db(caller))).map((row) => viewOf(row, caller, deps.clock.now())),
      }),
    }),
    route({
      method: 'POST',
      path: '/api/v1/exceptions/preview',
      permission: 'alerts:read',
      summary: 'What an exception would have hidden',
      body: exceptionWhat,
      response: exceptionPreview,
      handle: async ({ body, caller }) => {
        checkConditions(body.conditions)
        await titlesOf(caller, body.rule)
        return await previewOf(db(caller), caller.scope, body, deps.docsOf, deps.clock.now())
      },
    }),
    route({
      method: 'POST',
      path: '/api/v1/exceptions',
      permission: 'alerts:write',
      summary: 'Propose an exception; another person has to approve it',
      body: newException,
      response: exceptionView,
      handle: async ({ body, caller }) => {
        checkConditions(body.conditions)
        const titles = await titlesOf(caller, body.rule)
        const preview = await previewOf(db(caller), caller.scope, body, deps.docsOf, deps.clock.now())
        return await write(caller, (trx, now) => proposeException(trx, body, titles, preview, caller, now))
      },
    }),
    route({
      method: 'POST',
      path: '/api/v1/exceptions/:id/decide',
      permission: 'alerts:approve',
      summary: 'Approve or refuse an exception that somebody else proposed',
      params: exceptionParams,
      body: decision,
      response: exceptionView,
      handle: ({ params, body, caller }) =>
        write(caller, (trx, now) => decideException(trx, params.id, body.decision, body.note, caller, now)),
    }),
    route({
      method: 'DELETE',
      path: '/api/v1/exceptions/:id',
      permission: 'alerts:write',
      summary: 'End an exception at once, or withdraw a proposal',
      params: exceptionParams,
      response: exceptionView,
      handle: ({ params, caller }) => write(caller, (trx, now) => endException(trx, params.id, caller, now)),
    }),
  ]
}

function viewOf(row: ExceptionsTable, caller: Caller, now: number): ExceptionView {
  return {
    id: row.id,
    rule: { id: row.rule_id, title: row.rule_title, titleJa: row.rule_title_ja },
    conditions: readJson<ExceptionCondition[]>(row.conditions),
    reason: row.reason,
    owner: row.owner,
    state: row.state === 'active' && row.expires <= now ? 'expired' : row.state,
    createdBy: row.author_name,
    createdAt: rfc3339(row.created),
    expiresAt: rfc3339(row.expires),
    decidedBy: row.decided_name,
    decidedAt: orNull(row.decided),
    mayDecide:
      row.state === 'waiting' &&
      caller.permissions.has('alerts:approve') &&
      caller.account !== null &&
      caller.account !== row.author_account,
    hidden: row.hidden,
    lastHidden: orNull(row.last_hidden),
    lastEvents: readJson<string[]>(row.last_events),
    preview: readJson<ExceptionPreview>(row.preview),
  }
}
