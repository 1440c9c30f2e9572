import { KanpekiError } from '../../kernel/error.ts'
import { DEFAULT_SCOPE, SELFTEST_SCOPE } from '../../kernel/event.ts'
import type { JsonObject } from '../../kernel/json.ts'
import { type Caller, EVERY_SCOPE, type Route, route } from '../../platform/http/route.ts'
import { jsonText, readJson } from '../../platform/state/columns.ts'
import { moveAssets } from '../assets/write.ts'
import type { Db } from '../queries.ts'
import { adminEvidence } from '../routes-deps.ts'
import type { ScopesTable } from '../tables.ts'
import type { PartDeps } from './deps.ts'
import { findScope, insertScope, listScopes, type ScopeFigures, scopeFigures, selectors, updateScope } from './queries.ts'
import {
  newScopeSchema,
  ownScopesReplySchema,
  type ScopeView,
  scopeChangeSchema,
  scopeParamsSchema,
  scopeReplySchema,
  scopesReplySchema,
} from './schema.ts'

const NOTHING: ScopeFigures = { assets: 0, people: 0, tokens: 0 }

/** Teams and customers: parts of the installation whose people see nothing of each other. */
export function scopeRoutes(deps: PartDeps): Route[] {
  return [
    route({
      method: 'GET',
      path: '/api/v1/scopes',
      permission: 'installation',
      summary: 'Every scope, the shared one first',
      response: scopesReplySchema,
      handle: async () => {
        const [rows, figures] = await Promise.all([listScopes(deps.db), scopeFigures(deps.db)])
        return { items: [undefined, ...rows].map((row) => scopeView(deps.organisation, row, figures)) }
      },
    }),
    route({
      method: 'GET',
      path: '/api/v1/scopes/mine',
      permission: 'session',
      summary: 'The scopes that whoever is signed in may work in',
      response: ownScopesReplySchema,
      handle: async ({ caller }) => {
        const all = [{ scope: DEFAULT_SCOPE, title: deps.organisation }, ...(await listScopes(deps.db))]
        const every = caller.scopes.includes(EVERY_SCOPE)
        const own = all.filter(({ scope }) => every || caller.scopes.includes(scope))
        return { items: own.map(({ scope, title }) => ({ scope, title })) }
      },
    }),
    route({
      method: 'POST',
      path: '/api/v1/scopes',
      permission: 'installation',
      summary: 'Make a scope; assets that carry its labels move into it',
      body: newScopeSchema,
      response: scopeReplySchema,
      handle: async ({ body, caller }) => {
        const reply = await deps.record(async (db) => {
          if (body.scope === DEFAULT_SCOPE || body.scope === SELFTEST_SCOPE || (await findScope(db, body.scope)) !== undefined)
            throw new KanpekiError('conflict', `There is a scope ${body.scope} already.`)
          const now = deps.clock.now()
          await insertScope(db, { scope: body.scope, title: body.title, labels: jsonText(body.labels), created: now })
          return await settled(deps, db, caller, body.scope, 'scope.create', {
            scope: body.scope,
            after: { title: body.title, labels: body.labels },
          })
        })
        await deps.assetsChanged()
        return reply
      },
    }),
    route({
      method: 'PATCH',
      path: '/api/v1/scopes/:scope',
      permission: 'installation',
      summary: "Change a scope's title or labels; assets move with the labels",
      params: scopeParamsSchema,
      body: scopeChangeSchema,
      response: scopeReplySchema,
      handle: async ({ params, body, caller }) => {
        const reply = await deps.record(async (db) => {
          if (params.scope === DEFAULT_SCOPE)
            throw new KanpekiError('conflict', 'The shared scope takes what belongs to no other; it cannot be changed.')
          const before = await findScope(db, params.scope)
          if (before === undefined) throw new KanpekiError('not_found', 'There is no such scope.')
          const title = body.title ?? before.title
          const labels = body.labels ?? readJson<ScopeView['labels']>(before.labels)
          await updateScope(db, params.scope, { title, labels: jsonText(labels) })
          return await settled(deps, db, caller, params.scope, 'scope.change', {
            scope: params.scope,
            before: { title: before.title, labels: readJson<ScopeView['labels']>(before.labels) },
            after: { title, labels },
          })
        })
        await deps.assetsChanged()
        return reply
      },
    }),
  ]
}

/** What follows from a scope's labels, in the transaction that changed them. */
async function settled(deps: PartDeps, db: Db, caller: Caller, scope: string, action: string, body: JsonObject) {
  const now = deps.clock.now()
  const { moved, evidence } = await moveAssets(db, caller, await selectors(db), now)
  const view = scopeView(deps.organisation, await findScope(db, scope), await scopeFigures(db))
  return {
    result: { scope: view, moved },
    evidence: [adminEvidence(caller, now, action, { ...body, moved }), ...evidence],
  }
}

/** @param row undefined for the shared scope, which no row stands for. */
function scopeView(organisation: string, row: ScopesTable | undefined, figures: ReadonlyMap<string, ScopeFigures>): ScopeView {
  const scope = row?.scope ?? DEFAULT_SCOPE
  return {
    scope,
    title: row?.title ?? organisation,
    shared: row === undefined,
    labels: row === undefined ? {} : readJson<ScopeView['labels']>(row.labels),
    created: row === undefined ? null : new Date(row.created).toISOString(),
    ...(figures.get(scope) ?? NOTHING),
  }
}
