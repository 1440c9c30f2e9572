import { z } from 'zod'
import type { Clock } from '../kernel/clock.ts'
import { KanpekiError } from '../kernel/error.ts'
import { type Route, route } from '../platform/http/route.ts'
import type { State } from '../platform/state/state.ts'
import type { Addresses } from './addresses.ts'
import { completenessRoutes } from './completeness/routes.ts'
import type { SourceManager } from './manager.ts'
import { readMinutes, readSource } from './queries.ts'
import {
  newSource,
  type SourceDetail,
  shipperList,
  sourceChange,
  sourceDetail,
  sourceId,
  sourceList,
  type TestReceipt,
  testReceipt,
  type UnknownList,
  unknownList,
} from './schema.ts'
import { shippers } from './shippers.ts'
import type { CollectTables } from './tables.ts'
import { detail, listSources, type StatusOf, seriesStart } from './view.ts'

export interface CollectDeps {
  readonly state: State
  readonly manager: SourceManager
  readonly statusOf: StatusOf
  readonly clock: Clock
  /** The newest records of a source that no parser could read, and how many there are, from the lake. */
  readonly unknownsOf: (scope: string, source: string, limit: number) => Promise<UnknownList>
  /** Sends one event through the real ingest path as this source; resolves when it is stored. */
  readonly sendTest: (scope: string, source: string) => Promise<TestReceipt>
  /** Where senders reach this server, for the snippets. */
  readonly addresses: () => Addresses
}

const params = z.object({ id: sourceId })
const UNKNOWNS_SHOWN = 50

export function routes(deps: CollectDeps): Route[] {
  const db = () => deps.state.tables<CollectTables>()
  const one = async (scope: string, id: string): Promise<SourceDetail> => {
    const row = await readSource(db(), scope, id)
    if (row === undefined) throw new KanpekiError('not_found', `There is no source ${id}.`)
    const now = deps.clock.now()
    const minutes = (await readMinutes(db(), scope, seriesStart(now))).filter((minute) => minute.source === id)
    return detail(row, minutes, deps.statusOf(scope, id), now)
  }
  return [
    ...completenessRoutes(deps),
    route({
      method: 'GET',
      path: '/api/v1/sources',
      permission: 'sources:read',
      summary: 'Every source with its accounts, its last hour and how it stands',
      response: sourceList,
      handle: ({ caller }) => listSources(db(), caller.scope, deps.statusOf, deps.clock.now()),
    }),
    route({
      method: 'POST',
      path: '/api/v1/sources',
      permission: 'sources:write',
      summary: 'Add a file, syslog or import source and open it',
      body: newSource,
      response: sourceDetail,
      handle: async ({ body, caller }) => one(caller.scope, await deps.manager.add(caller.scope, body, caller.name)),
    }),
    route({
      method: 'GET',
      path: '/api/v1/sources/:id',
      permission: 'sources:read',
      summary: 'One source with its settings',
      params,
      response: sourceDetail,
      handle: ({ params, caller }) => one(caller.scope, params.id),
    }),
    route({
      method: 'PATCH',
      path: '/api/v1/sources/:id',
      permission: 'sources:write',
      summary: 'Switch a source on or off, or say how long it may be silent',
      params,
      body: sourceChange,
      response: sourceDetail,
      handle: async ({ params, body, caller }) => {
        await deps.manager.change(caller.scope, params.id, body, caller.name)
        return one(caller.scope, params.id)
      },
    }),
    route({
      method: 'GET',
      path: '/api/v1/sources/:id/unknown',
      permission: 'sources:read',
      summary: 'Records of a source that no parser could read, newest first',
      params,
      response: unknownList,
      handle: ({ params, caller }) => deps.unknownsOf(caller.scope, params.id, UNKNOWNS_SHOWN),
    }),
    route({
      method: 'POST',
      path: '/api/v1/sources/:id/test',
      permission: 'sources:write',
      summary: 'Send a test event through the real path',
      params,
      response: testReceipt,
      handle: async ({ params, caller }) => {
        const { id } = await one(caller.scope, params.id)
        return deps.sendTest(caller.scope, id)
      },
    }),
    route({
      method: 'GET',
      path: '/api/v1/shippers',
      permission: 'sources:read',
      summary: 'Settings to copy and paste for each shipper',
      response: shipperList,
      handle: async () => ({ shippers: shippers(deps.addresses()) }),
    }),
  ]
}
