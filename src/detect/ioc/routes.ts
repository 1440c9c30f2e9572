import type { Clock } from '../../kernel/clock.ts'
import { KanpekiError } from '../../kernel/error.ts'
import { type Caller, type Route, route } from '../../platform/http/route.ts'
import type { Outgoing } from '../../platform/outgoing/outgoing.ts'
import type { Sealer } from '../../platform/secrets/sealer.ts'
import { keptError } from '../../platform/state/kept-error.ts'
import { scopedTo } from '../../platform/state/scope.ts'
import type { State } from '../../platform/state/state.ts'
import { orNull, rfc3339 } from '../alerts-view.ts'
import { indicatorOf } from './indicator.ts'
import { allLists, countsByList, type IocDb, indicatorsLike, listById } from './queries.ts'
import { readText } from './read/read-text.ts'
import { refreshList } from './refresh.ts'
import {
  addedSchema,
  addIndicatorsSchema,
  type IocList,
  indicatorsQuery,
  indicatorsSchema,
  iocListParams,
  iocListSchema,
  iocListsSchema,
  newIocListSchema,
  removedSchema,
  removeIndicatorsSchema,
} from './schema.ts'
import { createList, knownList, removeIndicators, removeList, skippedOf } from './store.ts'
import type { IocIndicatorsTable, IocListsTable, IocTables } from './tables.ts'
import { takeInParts } from './take.ts'

export interface IocDeps {
  readonly state: State
  readonly clock: Clock
  readonly sealer: Sealer
  readonly outgoing: Outgoing
  /** The matcher is to follow what changed. */
  changed(): Promise<void>
}

/** Lists of indicators: what they hold, when they were fetched, what was left out. */
export function iocRoutes(deps: IocDeps): Route[] {
  const { state, clock } = deps
  const tables = (caller: Caller): IocDb => state.scoped<IocTables>(caller.scope)
  const work = <R>(caller: Caller, fn: (db: IocDb) => Promise<R>): Promise<R> =>
    state.transaction<IocTables, R>((trx) => fn(scopedTo(trx, caller.scope)))
  const viewOf = async (caller: Caller, id: string): Promise<IocList> => {
    const row = await knownList(tables(caller), id)
    return listView(row, (await countsByList(tables(caller))).get(id))
  }
  return [
    route({
      method: 'GET',
      path: '/api/v1/ioc/lists',
      permission: 'rules:read',
      summary: 'Indicator lists with their numbers, their last fetch and what was left out',
      response: iocListsSchema,
      handle: async ({ caller }) => {
        const counts = await countsByList(tables(caller))
        return { lists: (await allLists(tables(caller))).map((row) => listView(row, counts.get(row.id))) }
      },
    }),
    route({
      method: 'POST',
      path: '/api/v1/ioc/lists',
      permission: 'sources:write',
      summary: 'Create an indicator list; one with a URL is fetched at once',
      body: newIocListSchema,
      response: iocListSchema,
      handle: async ({ body, caller }) => {
        const row = await work(caller, (db) => createList(db, body, caller.scope, deps.sealer, caller, clock.now()))
        if (row.kind !== 'own') await refreshList(row, deps, caller)
        await deps.changed()
        return await viewOf(caller, row.id)
      },
    }),
    route({
      method: 'DELETE',
      path: '/api/v1/ioc/lists/:id',
      permission: 'sources:write',
      summary: 'Delete an indicator list with its indicators',
      params: iocListParams,
      handle: async ({ params, caller }) => {
        await work(caller, (db) => removeList(db, params.id, caller, clock.now()))
        await deps.changed()
      },
    }),
    route({
      method: 'POST',
      path: '/api/v1/ioc/lists/:id/fetch',
      permission: 'sources:write',
      summary: 'Fetch an indicator list now',
      params: iocListParams,
      response: iocListSchema,
      handle: async ({ params, caller }) => {
        const row = await knownList(tables(caller), params.id)
        if (row.kind === 'own')
          throw new KanpekiError('invalid_input', 'This list is filled by people; there is nothing to fetch.')
        await refreshList(row, deps, caller)
        await deps.changed()
        return await viewOf(caller, row.id)
      },
    }),
    route({
      method: 'POST',
      path: '/api/v1/ioc/lists/:id/indicators',
      permission: 'sources:write',
      summary: 'Add indicators to a list of your own: plain lines, CSV, a STIX 2.1 bundle or a MISP event',
      params: iocListParams,
      body: addIndicatorsSchema,
      response: addedSchema,
      handle: async ({ params, body, caller }) => {
        const row = await knownList(tables(caller), params.id)
        if (row.kind !== 'own') throw new KanpekiError('invalid_input', 'This list is fetched; the next fetch would undo it.')
        const reading = readText(body.text, body.format)
        const { added, changed, skipped } = await takeInParts(state, row, reading, {
          whole: false,
          by: caller,
          now: clock.now(),
          confidence: body.confidence,
          days: body.days,
        })
        await deps.changed()
        return { added, changed, skipped }
      },
    }),
    route({
      method: 'POST',
      path: '/api/v1/ioc/lists/:id/remove',
      permission: 'sources:write',
      summary: 'Take indicators out of a list',
      params: iocListParams,
      body: removeIndicatorsSchema,
      response: removedSchema,
      handle: async ({ params, body, caller }) => {
        const removed = await work(caller, async (db) =>
          removeIndicators(db, await knownList(db, params.id), body.values, caller, clock.now()),
        )
        await deps.changed()
        return { removed }
      },
    }),
    route({
      method: 'GET',
      path: '/api/v1/ioc/indicators',
      permission: 'rules:read',
      summary: 'Indicators by value, or by its beginning',
      query: indicatorsQuery,
      response: indicatorsSchema,
      handle: async ({ query, caller }) => {
        if (query.list !== undefined && (await listById(tables(caller), query.list)) === undefined)
          throw new KanpekiError('not_found', 'There is no such list of indicators.')
        const { q = '', ...rest } = query
        const rows = await indicatorsLike(tables(caller), { ...rest, q: indicatorOf(q)?.value ?? q.trim().toLowerCase() })
        const last = rows.at(-1)
        return {
          indicators: rows.map(indicatorView),
          next: rows.length === query.limit && last !== undefined ? last.value : null,
        }
      },
    }),
  ]
}

function listView(row: IocListsTable, counts: { readonly all: number; readonly waiting: number } | undefined): IocList {
  const { id, name, kind, url, confidence, days, every, guarded, created, changed, tried, fetched } = row
  return {
    id,
    name,
    kind,
    url,
    confidence,
    days,
    everyMinutes: Math.round(every / 60_000),
    guarded: guarded === 1,
    indicators: counts?.all ?? 0,
    pastWaiting: counts?.waiting ?? 0,
    created: rfc3339(created),
    changed: rfc3339(changed),
    tried: orNull(tried),
    fetched: orNull(fetched),
    ...keptError(row.error),
    skipped: skippedOf(row),
  }
}

function indicatorView({ list_id: list, kind, value, confidence, until, note, added }: IocIndicatorsTable) {
  return { list, kind, value, confidence, until: orNull(until), note, added: rfc3339(added) }
}
