import type { z } from 'zod'
import { type IocDeps, iocRoutes } from '../detect/ioc/routes.ts'
import type { Added, addIndicatorsSchema, IocList, indicatorSchema, newIocListSchema } from '../detect/ioc/schema.ts'
import { systemClock } from '../kernel/clock.ts'
import type { Config } from '../platform/config.ts'
import { dataDir } from '../platform/data-dir.ts'
import { type Caller, PERMISSIONS, type Route } from '../platform/http/route.ts'
import { createOutgoing } from '../platform/outgoing/outgoing.ts'
import { openSealer } from '../platform/secrets/open-sealer.ts'
import { sealKeySource } from '../platform/secrets/seal-keys.ts'
import type { State } from '../platform/state/state.ts'
import { checked } from './checked.ts'
import { callApi } from './remote.ts'
import type { ServerRef } from './request.ts'
import { terminalLog } from './terminal-log.ts'

type Indicator = z.infer<typeof indicatorSchema>

/** The most that the server names at once. */
export const MOST_SHOWN = 500

/** Indicator lists of a server, or of a folder that no server runs on. */
export interface IocApi {
  lists(): Promise<readonly IocList[]>
  indicators(list: string, q: string | undefined): Promise<readonly Indicator[]>
  create(list: z.input<typeof newIocListSchema>): Promise<IocList>
  add(list: string, what: z.input<typeof addIndicatorsSchema>): Promise<Added>
  remove(list: string, values: readonly string[]): Promise<number>
  removeList(list: string): Promise<void>
}

type Call = <T>(
  method: 'GET' | 'POST' | 'DELETE',
  path: string,
  input?: { params?: object; query?: object; body?: object },
) => Promise<T>

function apiOver(call: Call): IocApi {
  const LISTS = '/api/v1/ioc/lists'
  return {
    lists: async () => (await call<{ lists: IocList[] }>('GET', LISTS)).lists,
    indicators: async (list, q) =>
      (
        await call<{ indicators: Indicator[] }>('GET', '/api/v1/ioc/indicators', {
          query: { list, limit: MOST_SHOWN, ...(q === undefined ? {} : { q }) },
        })
      ).indicators,
    create: (body) => call('POST', LISTS, { body }),
    add: (id, body) => call('POST', `${LISTS}/:id/indicators`, { params: { id }, body }),
    remove: async (id, values) =>
      (await call<{ removed: number }>('POST', `${LISTS}/:id/remove`, { params: { id }, body: { values } })).removed,
    removeList: (id) => call('DELETE', `${LISTS}/:id`, { params: { id } }),
  }
}

export function remoteIoc(server: ServerRef, token: string | undefined, scope: string): IocApi {
  return apiOver(async <T>(...[method, path, { params = {}, query, body } = {}]: Parameters<Call>): Promise<T> => {
    const named = path.replace(/:(\w+)/g, (_, name: string) =>
      encodeURIComponent(String((params as Record<string, unknown>)[name])),
    )
    const pairs = Object.entries(query ?? {}).map(([key, value]): [string, string] => [key, String(value)])
    const asked = query === undefined ? '' : `?${new URLSearchParams(pairs)}`
    return await callApi<T>(server, token, method, `${named}${asked}`, body, scope)
  })
}

/** The server's own routes, called without it: a server that is started later reads what was changed. */
export async function offlineIoc(state: State, config: Config, scope: string): Promise<IocApi> {
  const { keys } = dataDir(config.data)
  const deps: IocDeps = {
    state,
    clock: systemClock,
    sealer: await openSealer(keys, sealKeySource(keys, config.values, process.env)),
    outgoing: createOutgoing({ allow: config.values['outgoing-allow'], log: terminalLog() }),
    changed: async () => {},
  }
  const routes = iocRoutes(deps)
  const caller: Caller = {
    kind: 'token',
    id: 'command line',
    name: 'command line',
    account: null,
    scope,
    scopes: [scope],
    roles: [],
    permissions: new Set(PERMISSIONS),
  }
  return apiOver(async <T>(...[method, path, { params, query = {}, body } = {}]: Parameters<Call>): Promise<T> => {
    const route = routes.find((one) => one.method === method && one.path === path) as Route
    const handle = route.handle as (input: object) => Promise<T>
    return await handle({
      params,
      query: route.query && checked(route.query, query),
      body: route.body && checked(route.body, body),
      caller,
    })
  })
}
