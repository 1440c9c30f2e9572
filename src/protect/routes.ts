import { createHash } from 'node:crypto'
import type { Clock } from '../kernel/clock.ts'
import { KanpekiError } from '../kernel/error.ts'
import { getPath } from '../kernel/json.ts'
import { type Caller, RawReply, type Route, route } from '../platform/http/route.ts'
import type { Lake } from '../platform/lake/lake.ts'
import { readJson } from '../platform/state/columns.ts'
import { scopedTo } from '../platform/state/scope.ts'
import type { State } from '../platform/state/state.ts'
import {
  type Application,
  applicationListSchema,
  applicationParamsSchema,
  applicationSchema,
  applicationSettingsSchema,
  type ExclusionPreview,
  type ExclusionView,
  exclusionListSchema,
  exclusionParamsSchema,
  exclusionPreviewSchema,
  exclusionRule,
  exclusionViewSchema,
  exclusionWhatSchema,
  newExclusionSchema,
  newVerdictSchema,
  referenceParamsSchema,
  suggestionListSchema,
  verdictSchema,
} from './schema.ts'
import { PREVIEW_DAYS, previewExclusion, suggestExclusions } from './tuning/preview.ts'
import { allApplications, allExclusions, exclusionsInForce, type ProtectDb, verdictOf } from './tuning/queries.ts'
import type { ApplicationsTable, ExclusionsTable, ProtectTables } from './tuning/tables.ts'
import { declareApplication, endExclusion, judgeTransaction, withdrawApplication, writeExclusion } from './tuning/write.ts'
import { and, anyOf, STOPPED, TRANSACTIONS, term, WATCHED } from './waf-queries.ts'

export interface ProtectDeps {
  readonly state: State
  readonly lake: Pick<Lake, 'count' | 'top' | 'search'>
  readonly clock: Clock
  /** There is something to write into the ledger. */
  readonly changed: () => void
}

const DAY = 86_400_000

interface Ways {
  readonly db: (caller: Caller) => ProtectDb
  readonly write: <T>(caller: Caller, work: (trx: ProtectDb, now: number) => Promise<T>) => Promise<T>
}

/** Tuning a firewall: exclusions that it fetches, applications that ought to have one, verdicts on what it stopped. */
export function protectRoutes(deps: ProtectDeps): Route[] {
  const ways: Ways = {
    db: (caller) => deps.state.scoped<ProtectTables>(caller.scope),
    write: async <T>(caller: Caller, work: (trx: ProtectDb, now: number) => Promise<T>): Promise<T> => {
      const done = await deps.state.transaction<ProtectTables, T>((trx) => work(scopedTo(trx, caller.scope), deps.clock.now()))
      deps.changed()
      return done
    },
  }
  return [...exclusionRoutes(deps, ways), ...applicationRoutes(deps, ways), ...verdictRoutes(deps, ways)]
}

function exclusionRoutes({ lake, clock }: ProtectDeps, { db, write }: Ways): Route[] {
  return [
    route({
      method: 'GET',
      path: '/api/v1/waf/exclusions',
      permission: 'rules:read',
      summary: 'What firewall rules do not look at, newest first',
      response: exclusionListSchema,
      handle: async ({ caller }) => ({
        exclusions: (await allExclusions(db(caller))).map((row) => exclusionView(row, clock.now())),
      }),
    }),
    route({
      method: 'GET',
      path: '/api/v1/waf/exclusions.conf',
      permission: 'rules:read',
      summary: 'The exclusions in force as SecLang, for firewalls to fetch; the entity tag changes with them',
      handle: async ({ caller, request }) => {
        const text = (await exclusionsInForce(db(caller), clock.now()))
          .map((row, at) => `# ${row.id}\n${exclusionRule({ ...row, until: row.expires }, at) ?? ''}`)
          .join('')
        const tag = `"${createHash('sha256').update(text).digest('hex').slice(0, 32)}"`
        const headers = { etag: tag, 'cache-control': 'no-cache' }
        const isKnown = request.headers['if-none-match'] === tag
        return new RawReply('text/plain; charset=utf-8', isKnown ? '' : text, headers, isKnown ? 304 : 200)
      },
    }),
    route({
      method: 'POST',
      path: '/api/v1/waf/exclusions/preview',
      permission: 'alerts:read',
      summary: 'What an exclusion would have touched in the last days',
      body: exclusionWhatSchema,
      response: exclusionPreviewSchema,
      handle: async ({ body, caller }) => await previewExclusion(lake, db(caller), caller.scope, body, clock.now()),
    }),
    route({
      method: 'POST',
      path: '/api/v1/waf/exclusions',
      permission: 'alerts:write',
      summary: 'Let a rule not look at a parameter of a path until a day',
      body: newExclusionSchema,
      response: exclusionViewSchema,
      handle: async ({ body, caller }) => {
        const { rule, path, variable } = body
        const preview = await previewExclusion(lake, db(caller), caller.scope, { rule, path, variable }, clock.now())
        const row = await write(caller, (trx, now) => writeExclusion(trx, body, preview, caller, now))
        return exclusionView(row, clock.now())
      },
    }),
    route({
      method: 'DELETE',
      path: '/api/v1/waf/exclusions/:id',
      permission: 'alerts:write',
      summary: 'End an exclusion before its day',
      params: exclusionParamsSchema,
      response: exclusionViewSchema,
      handle: async ({ params, caller }) => {
        const row = await write(caller, (trx, now) => endExclusion(trx, params.id, caller, now))
        return exclusionView(row, clock.now())
      },
    }),
    route({
      method: 'GET',
      path: '/api/v1/waf/suggestions',
      permission: 'alerts:read',
      summary: 'What could be excluded, learned from what many harmless clients send',
      response: suggestionListSchema,
      handle: async ({ caller }) => {
        const inForce = await exclusionsInForce(db(caller), clock.now())
        return { days: PREVIEW_DAYS, suggestions: await suggestExclusions(lake, db(caller), caller.scope, clock.now(), inForce) }
      },
    }),
  ]
}

function applicationRoutes({ lake, clock }: ProtectDeps, { db, write }: Ways): Route[] {
  const view = async (row: ApplicationsTable): Promise<Application> => {
    const hosts = readJson<string[]>(row.hosts)
    const now = clock.now()
    const range = { from: now - DAY, to: now + 1, by: 'received' as const }
    const count = (query: typeof TRANSACTIONS) =>
      lake.count({ scope: row.scope, query: and(query, anyOf('url.domain', hosts)), range })
    const [requests, watched, stopped] = await Promise.all([count(TRANSACTIONS), count(WATCHED), count(STOPPED)])
    const { name, owner, author_name: declaredBy, created } = row
    return { name, hosts, owner, declaredBy, declaredAt: new Date(created).toISOString(), requests, watched, stopped }
  }
  return [
    route({
      method: 'GET',
      path: '/api/v1/waf/applications',
      permission: 'rules:read',
      summary: 'Applications that ought to be behind a firewall, and what it reported of each in a day',
      response: applicationListSchema,
      handle: async ({ caller }) => ({ applications: await Promise.all((await allApplications(db(caller))).map(view)) }),
    }),
    route({
      method: 'PUT',
      path: '/api/v1/waf/applications/:name',
      permission: 'sources:write',
      summary: 'Declare an application by the names that clients ask for',
      params: applicationParamsSchema,
      body: applicationSettingsSchema,
      response: applicationSchema,
      handle: async ({ params, body, caller }) =>
        await view(await write(caller, (trx, now) => declareApplication(trx, params.name, body, caller, now))),
    }),
    route({
      method: 'DELETE',
      path: '/api/v1/waf/applications/:name',
      permission: 'sources:write',
      summary: 'An application that needs no firewall any more',
      params: applicationParamsSchema,
      response: applicationParamsSchema,
      handle: async ({ params, caller }) => {
        await write(caller, (trx, now) => withdrawApplication(trx, params.name, caller, now))
        return params
      },
    }),
  ]
}

function verdictRoutes({ lake }: ProtectDeps, { db, write }: Ways): Route[] {
  const verdictFor = async (caller: Caller, reference: string) => {
    const row = await verdictOf(db(caller), reference)
    const at = row === undefined ? null : new Date(row.at).toISOString()
    return { reference, verdict: row?.verdict ?? null, by: row?.author_name ?? null, at }
  }
  return [
    route({
      method: 'GET',
      path: '/api/v1/waf/verdicts',
      permission: 'alerts:read',
      summary: 'What a person found a request to be that a firewall found something in',
      query: referenceParamsSchema,
      response: verdictSchema,
      handle: async ({ query, caller }) => await verdictFor(caller, query.reference),
    }),
    route({
      method: 'PUT',
      path: '/api/v1/waf/verdicts/:reference',
      permission: 'alerts:write',
      summary: 'Judge a request: an attack, or found by mistake',
      params: referenceParamsSchema,
      body: newVerdictSchema,
      response: verdictSchema,
      handle: async ({ params, body, caller }) => {
        const query = and(TRANSACTIONS, term('http.request.id', params.reference))
        const { events } = await lake.search({ scope: caller.scope, query, limit: 1 })
        const [event] = events
        if (event === undefined) throw new KanpekiError('not_found', 'No request with this reference is stored.')
        const rule = Number(getPath(event.doc, 'rule.id') ?? Number.NaN)
        await write(caller, (trx, now) =>
          judgeTransaction(trx, params.reference, body.verdict, Number.isSafeInteger(rule) ? rule : null, caller, now),
        )
        return await verdictFor(caller, params.reference)
      },
    }),
  ]
}

function exclusionView(row: ExclusionsTable, now: number): ExclusionView {
  return {
    id: row.id,
    rule: row.rule,
    path: row.path,
    variable: row.variable,
    reason: row.reason,
    owner: row.owner,
    state: row.ended !== null ? 'ended' : row.expires <= now ? 'expired' : 'active',
    createdBy: row.author_name,
    createdAt: new Date(row.created).toISOString(),
    expiresAt: new Date(row.expires).toISOString(),
    endedBy: row.ended_name,
    preview: readJson<ExclusionPreview>(row.preview),
  }
}
