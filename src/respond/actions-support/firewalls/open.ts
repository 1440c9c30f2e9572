import type { AnyConnection } from '../../connections/schema.ts'
import type { ActionDeps } from '../deps.ts'
import type { Firewall } from './firewall.ts'
import { httpFirewall } from './http.ts'
import { nftables } from './nftables.ts'
import { wafList } from './waf.ts'

export const FIREWALL_KINDS = ['nftables', 'waf', 'http-firewall'] as const

/** The firewalls of a scope: the one called `on`, or all. */
export async function firewalls(deps: ActionDeps, scope: string, on: string | undefined): Promise<readonly Firewall[]> {
  return (await deps.connections.of(scope, FIREWALL_KINDS, on)).map((one) => firewall(deps, scope, one))
}

function firewall(deps: ActionDeps, scope: string, connection: AnyConnection<(typeof FIREWALL_KINDS)[number]>): Firewall {
  switch (connection.kind) {
    case 'nftables':
      return nftables(connection)
    case 'waf':
      return wafList(deps.wafFolder, scope, connection)
    case 'http-firewall':
      return httpFirewall(deps.outgoing, connection)
  }
}
