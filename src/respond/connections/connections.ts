import { KanpekiError } from '../../kernel/error.ts'
import type { Sealer } from '../../platform/secrets/sealer.ts'
import { readJson } from '../../platform/state/columns.ts'
import type { State } from '../../platform/state/state.ts'
import { allConnections } from './queries.ts'
import { type AnyConnection, CONNECTION_KINDS, type ConnectionKind } from './schema.ts'
import type { ConnectionsTable, ConnectionTables } from './tables.ts'

/** What a sealed value of a connection is bound to. */
export const connectionContext = (id: string): string => `respond_connections:${id}`

/** The connections that actions use. */
export interface Connections {
  /**
   * Those of these kinds, with their secrets open: the one called `on`, or all that are enabled.
   * @throws KanpekiError `no_connection` where there is none, or the one of this name is of another kind or switched off.
   */
  of<K extends ConnectionKind>(scope: string, kinds: readonly K[], on?: string): Promise<readonly AnyConnection<K>[]>
}

export function createConnections({ state, sealer }: { readonly state: State; readonly sealer: Sealer }): Connections {
  return {
    async of(scope, kinds, on) {
      const rows = await allConnections(state.scoped<ConnectionTables>(scope))
      const fit = rows.filter(
        (row) => row.enabled === 1 && (kinds as readonly string[]).includes(row.kind) && (on === undefined || row.name === on),
      )
      if (fit.length === 0) throw noConnection(kinds, on)
      return fit.map((row) => openConnection(row, sealer)) as never
    },
  }
}

/** With its secrets open. */
export function openConnection(row: ConnectionsTable, sealer: Sealer): AnyConnection {
  const { settings, secrets } = CONNECTION_KINDS[row.kind]
  const opened = row.secret === null ? {} : readJson<object>(sealer.open(row.secret, connectionContext(row.id)).toString('utf8'))
  return {
    id: row.id,
    name: row.name,
    kind: row.kind,
    settings: settings.parse(readJson(row.settings)),
    secrets: secrets.parse(opened),
  } as AnyConnection
}

function noConnection(kinds: readonly string[], on: string | undefined): KanpekiError {
  const of = kinds.join(', ')
  return new KanpekiError(
    'no_connection',
    on === undefined ? `Nothing is set up for this: ${of}.` : `No connection of this name can do this (${of}).`,
    { remedy: 'Set up a connection under Settings, or switch it on.' },
  )
}
