import { KanpekiError } from '../../../kernel/error.ts'
import type { AnyConnection } from '../../connections/schema.ts'
import type { ActionDeps } from '../deps.ts'
import { github } from './github.ts'
import { gitlab } from './gitlab.ts'
import { jira } from './jira.ts'
import { servicenow } from './servicenow.ts'
import type { TicketSystem } from './ticket-system.ts'
import { webhookTickets } from './webhook.ts'

const TRACKERS = ['jira', 'github', 'gitlab', 'servicenow'] as const
type TicketKind = (typeof TRACKERS)[number] | 'webhook'

/**
 * The one that takes tickets: the one called `on`, or the only tracker there is; a webhook only by its name.
 * @throws KanpekiError `no_connection`, also where several would do.
 */
export async function ticketSystem(deps: ActionDeps, scope: string, on: string | undefined): Promise<TicketSystem> {
  const kinds: readonly TicketKind[] = on === undefined ? TRACKERS : [...TRACKERS, 'webhook']
  const [first, another] = await deps.connections.of<TicketKind>(scope, kinds, on)
  if (another === undefined) return system(deps, first!)
  throw new KanpekiError('no_connection', 'Several systems take tickets.', { remedy: 'Say in the step on which of them.' })
}

function system({ outgoing }: ActionDeps, connection: AnyConnection<TicketKind>): TicketSystem {
  switch (connection.kind) {
    case 'jira':
      return jira(outgoing, connection)
    case 'github':
      return github(outgoing, connection)
    case 'gitlab':
      return gitlab(outgoing, connection)
    case 'servicenow':
      return servicenow(outgoing, connection)
    case 'webhook':
      return webhookTickets(outgoing, connection)
  }
}
