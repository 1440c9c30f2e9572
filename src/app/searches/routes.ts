import { randomUUID } from 'node:crypto'
import { z } from 'zod'
import type { Clock } from '../../kernel/clock.ts'
import { KanpekiError } from '../../kernel/error.ts'
import { type Caller, type Route, route } from '../../platform/http/route.ts'
import { parseQuery } from '../../platform/lake/query/parse.ts'
import { flag } from '../../platform/state/columns.ts'
import type { State } from '../../platform/state/state.ts'
import { changeSearch, deleteSearch, insertSearch, ownCount, searchById, searchesFor } from './queries.ts'
import { newSearchSchema, type SavedSearch, savedSearchesSchema, savedSearchSchema } from './schema.ts'
import type { SearchesTable, SearchTables } from './tables.ts'

const MOST_OWN = 200
const idParams = z.object({ id: z.string().min(1).max(100) })

/** Searches that people keep: their own, and those that everybody of the scope sees. */
export function searchRoutes({ state, clock }: { readonly state: State; readonly clock: Clock }): Route[] {
  const db = (caller: Caller) => state.scoped<SearchTables>(caller.scope)
  return [
    route({
      method: 'GET',
      path: '/api/v1/searches',
      permission: 'events:read',
      summary: 'Saved searches: your own and those that are shared',
      response: savedSearchesSchema,
      handle: async ({ caller }) => ({
        searches: (await searchesFor(db(caller), caller.id)).map((row) => searchView(row, caller)),
      }),
    }),
    route({
      method: 'POST',
      path: '/api/v1/searches',
      permission: 'events:read',
      summary: 'Save a search',
      body: newSearchSchema,
      response: savedSearchSchema,
      handle: async ({ body, caller }) => {
        parseQuery(body.query)
        refuseSharing(caller, body.shared)
        if ((await ownCount(db(caller), caller.id)) >= MOST_OWN)
          throw new KanpekiError('too_many', `${MOST_OWN} searches are saved already.`, { remedy: 'Delete one first.' })
        const now = clock.now()
        const row: SearchesTable = {
          id: randomUUID(),
          scope: caller.scope,
          ...whatOf(body),
          owner_id: caller.id,
          owner_name: caller.name,
          created: now,
          updated: now,
        }
        await insertSearch(db(caller), row)
        return searchView(row, caller)
      },
    }),
    route({
      method: 'PUT',
      path: '/api/v1/searches/:id',
      permission: 'events:read',
      summary: 'Change a saved search',
      params: idParams,
      body: newSearchSchema,
      response: savedSearchSchema,
      handle: async ({ params, body, caller }) => {
        parseQuery(body.query)
        const row = await changeable(await searchById(db(caller), params.id), caller)
        if (!row.shared) refuseSharing(caller, body.shared)
        const changed = { ...row, ...whatOf(body), updated: clock.now() }
        const { id, scope: _, ...change } = changed
        await changeSearch(db(caller), id, change)
        return searchView(changed, caller)
      },
    }),
    route({
      method: 'DELETE',
      path: '/api/v1/searches/:id',
      permission: 'events:read',
      summary: 'Delete a saved search',
      params: idParams,
      handle: async ({ params, caller }) => {
        const row = await changeable(await searchById(db(caller), params.id), caller)
        await deleteSearch(db(caller), row.id)
      },
    }),
  ]
}

/** What everybody sees is kept by those who judge alerts. @throws KanpekiError `forbidden`. */
function refuseSharing(caller: Caller, shared: boolean): void {
  if (shared && !caller.permissions.has('alerts:write'))
    throw new KanpekiError('forbidden', 'Searches are shared by those who may judge alerts.', {
      remedy: 'Save it for yourself.',
    })
}

/** @throws KanpekiError `not_found`; a search that one may not even see looks the same. */
async function changeable(row: SearchesTable | undefined, caller: Caller): Promise<SearchesTable> {
  if (row === undefined || !mayChange(row, caller)) throw new KanpekiError('not_found', 'There is no such search of yours.')
  return row
}

function mayChange(row: SearchesTable, caller: Caller): boolean {
  return row.owner_id === caller.id || (row.shared === 1 && caller.permissions.has('access:write'))
}

function whatOf(
  body: z.infer<typeof newSearchSchema>,
): Pick<SearchesTable, 'name' | 'query' | 'span' | 'begins' | 'ends' | 'shared'> {
  const { name, query, span, from, to, shared } = body
  return {
    name,
    query,
    span,
    begins: from === null ? null : Date.parse(from),
    ends: to === null ? null : Date.parse(to),
    shared: flag(shared),
  }
}

function searchView(row: SearchesTable, caller: Caller): SavedSearch {
  const { id, name, query, span, owner_name: owner } = row
  return {
    id,
    name,
    query,
    span,
    from: row.begins === null ? null : new Date(row.begins).toISOString(),
    to: row.ends === null ? null : new Date(row.ends).toISOString(),
    shared: row.shared === 1,
    owner,
    mine: mayChange(row, caller),
    updated: new Date(row.updated).toISOString(),
  }
}
