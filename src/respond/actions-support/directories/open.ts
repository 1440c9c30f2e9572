import type { AnyConnection } from '../../connections/schema.ts'
import type { ActionDeps } from '../deps.ts'
import type { Directory } from './directory.ts'
import { ldap } from './ldap.ts'
import { localAccounts } from './local.ts'
import { scim } from './scim.ts'

export const DIRECTORY_KINDS = ['ldap', 'scim', 'local-accounts'] as const

/** The directories of a scope: the one called `on`, or all. */
export async function directories(deps: ActionDeps, scope: string, on: string | undefined): Promise<readonly Directory[]> {
  return (await deps.connections.of(scope, DIRECTORY_KINDS, on)).map((one) => directory(deps, one))
}

function directory({ outgoing }: ActionDeps, connection: AnyConnection<(typeof DIRECTORY_KINDS)[number]>): Directory {
  switch (connection.kind) {
    case 'ldap':
      return ldap(outgoing, connection)
    case 'scim':
      return scim(outgoing, connection)
    case 'local-accounts':
      return localAccounts(connection)
  }
}
