import type { Clock } from '../../kernel/clock.ts'
import { KanpekiError, messageOf } from '../../kernel/error.ts'
import { type Caller, type Route, route } from '../../platform/http/route.ts'
import type { Outgoing } from '../../platform/outgoing/outgoing.ts'
import type { Sealer } from '../../platform/secrets/sealer.ts'
import { readJson } from '../../platform/state/columns.ts'
import { scopedTo } from '../../platform/state/scope.ts'
import type { State } from '../../platform/state/state.ts'
import { openConnection } from './connections.ts'
import { allConnections, type ConnectionDb, connectionById } from './queries.ts'
import {
  type AnyConnection,
  CONNECTION_KINDS,
  type ConnectionTest,
  type ConnectionView,
  connectionChange,
  connectionList,
  connectionParams,
  connectionTest,
  connectionView,
  newConnection,
} from './schema.ts'
import type { ConnectionsTable, ConnectionTables } from './tables.ts'
import { alterConnection, createConnection, recordTest, refuseLocal, removeConnection } from './write.ts'

export interface ConnectionDeps {
  readonly state: State
  readonly clock: Clock
  readonly sealer: Sealer
  readonly outgoing: Pick<Outgoing, 'addressesOf'>
  /** Asks the other side for something that changes nothing. @throws KanpekiError with what is wrong. */
  readonly probe: (scope: string, connection: AnyConnection, signal: AbortSignal) => Promise<{ readonly told: boolean }>
  /** There is something to write into the ledger. */
  readonly changed: () => void
}

const TEST_MS = 20_000

/** What response actions may reach. */
export function connectionRoutes(deps: ConnectionDeps): Route[] {
  const { state, clock, sealer } = deps
  const write = async <T>(caller: Caller, work: (trx: ConnectionDb, now: number) => Promise<T>): Promise<T> => {
    const done = await state.transaction<ConnectionTables, T>((trx) => work(scopedTo(trx, caller.scope), clock.now()))
    deps.changed()
    return done
  }
  return [
    route({
      method: 'GET',
      path: '/api/v1/connections',
      permission: 'connections:read',
      summary: 'What response actions may reach: firewalls, directories, ticket systems, messengers',
      response: connectionList,
      handle: async ({ caller }) => ({
        connections: (await allConnections(state.scoped<ConnectionTables>(caller.scope))).map(viewOf),
      }),
    }),
    route({
      method: 'POST',
      path: '/api/v1/connections',
      permission: 'connections:write',
      summary: 'Set up something that response actions may reach',
      body: newConnection,
      response: connectionView,
      handle: async ({ body, caller }) => {
        await refuseUnsafe(deps.outgoing, { ...body.settings, ...body.secrets })
        return viewOf(await write(caller, (trx, now) => createConnection(trx, body, sealer, caller, now)))
      },
    }),
    route({
      method: 'PATCH',
      path: '/api/v1/connections/:id',
      permission: 'connections:write',
      summary: 'Change a connection, or switch it off for a while',
      params: connectionParams,
      body: connectionChange,
      response: connectionView,
      handle: async ({ params, body, caller }) => {
        await refuseUnsafe(deps.outgoing, { ...body.settings, ...body.secrets })
        return viewOf(await write(caller, (trx, now) => alterConnection(trx, params.id, body, sealer, caller, now)))
      },
    }),
    route({
      method: 'POST',
      path: '/api/v1/connections/:id/test',
      permission: 'connections:write',
      summary: 'Find out whether a connection works: asked for what changes nothing, or told that it is a test',
      params: connectionParams,
      response: connectionTest,
      handle: async ({ params, caller }) => {
        const row = await connectionById(state.scoped<ConnectionTables>(caller.scope), params.id)
        if (row === undefined) throw new KanpekiError('not_found', 'There is no such connection.')
        refuseLocal(row.kind, caller)
        const found = await tested(() => deps.probe(caller.scope, openConnection(row, sealer), AbortSignal.timeout(TEST_MS)))
        await write(caller, (trx, now) => recordTest(trx, row, found, caller, now))
        return found
      },
    }),
    route({
      method: 'DELETE',
      path: '/api/v1/connections/:id',
      permission: 'connections:write',
      summary: 'Forget a connection with its secrets',
      params: connectionParams,
      handle: ({ params, caller }) => write(caller, (trx, now) => removeConnection(trx, params.id, caller, now)),
    }),
  ]
}

async function tested(work: () => Promise<{ readonly told: boolean }>): Promise<ConnectionTest> {
  try {
    return { works: true, ...(await work()), problem: null }
  } catch (error) {
    const code = error instanceof KanpekiError ? error.code : 'failed'
    return { works: false, told: false, problem: { code, message: messageOf(error).slice(0, 500) } }
  }
}

/** Says at once what each action would say later: an address that may not be called, or one that takes secrets in the clear. */
async function refuseUnsafe(
  outgoing: Pick<Outgoing, 'addressesOf'>,
  values: Readonly<Record<string, string | undefined>>,
): Promise<void> {
  for (const name of ['url', 'signIn', 'issuer', 'api']) {
    const url = URL.parse(values[name] ?? '')
    if (url === null) continue
    if (url.username !== '' || url.password !== '')
      throw new KanpekiError('invalid_input', 'A user or a password does not belong into the address.', {
        place: { field: name },
      })
    const addresses = await outgoing.addressesOf(url.hostname.replace(/^\[(.*)\]$/, '$1'))
    const here = addresses.every(({ address }) => address === '::1' || address.startsWith('127.'))
    const clear = url.protocol === 'http:' || (url.protocol === 'ldap:' && values['startTls'] === 'no')
    if (clear && !here)
      throw new KanpekiError('invalid_input', 'Outside this host a connection needs TLS.', {
        place: { field: name },
        remedy: 'Write https://… or ldaps://….',
      })
  }
}

function viewOf(row: ConnectionsTable): ConnectionView {
  return {
    id: row.id,
    name: row.name,
    kind: row.kind,
    settings: readJson<Record<string, string>>(row.settings),
    secrets: readJson<string[]>(row.sealed),
    enabled: row.enabled === 1,
    local: CONNECTION_KINDS[row.kind].local,
    createdBy: row.by_name,
    createdAt: new Date(row.created).toISOString(),
    updatedAt: new Date(row.updated).toISOString(),
  }
}
