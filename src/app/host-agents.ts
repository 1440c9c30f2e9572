import { findAssetByName } from '../access/assets/queries.ts'
import { listAgents } from '../access/machines/queries.ts'
import type { AccessTables } from '../access/tables.ts'
import type { KnownAgent } from '../hosts/commands.ts'
import { readJson } from '../platform/state/columns.ts'
import type { State } from '../platform/state/state.ts'

/** Enrolled agents of a scope that are not revoked. */
export const agentsOf =
  (state: State) =>
  async (scope: string): Promise<KnownAgent[]> =>
    (await listAgents(state.tables<AccessTables>(), scope))
      .filter(({ revoked }) => revoked === null)
      .map(({ id, name, last_seen: lastSeen }) => ({ id, scope, name, lastSeen }))

/** Labels (`env=production`) of the asset of a host's name. */
export const labelsOf =
  (state: State) =>
  async (scope: string, name: string): Promise<string[]> => {
    const asset = await findAssetByName(state.tables<AccessTables>(), scope, name)
    if (asset === undefined) return []
    return Object.entries(readJson<Record<string, string>>(asset.labels)).map(([label, value]) => `${label}=${value}`)
  }
