import type { AnyConnection } from '../../connections/schema.ts'
import type { ActionDeps } from '../deps.ts'
import { chat } from './chat.ts'
import { lineWorks } from './line-works.ts'
import { mailGroup } from './mail.ts'
import type { Messenger } from './messenger.ts'
import { pagerduty } from './pagerduty.ts'
import { webhookMessages } from './webhook.ts'

const KINDS = ['mail', 'slack', 'teams', 'mattermost', 'pagerduty', 'line-works', 'webhook'] as const

/** Where people are told: at the one called `on`, or everywhere. */
export async function messengers(deps: ActionDeps, scope: string, on: string | undefined): Promise<readonly Messenger[]> {
  return (await deps.connections.of(scope, KINDS, on)).map((one) => messenger(deps, one))
}

function messenger({ outgoing, mail }: ActionDeps, connection: AnyConnection<(typeof KINDS)[number]>): Messenger {
  switch (connection.kind) {
    case 'mail':
      return mailGroup(mail, connection)
    case 'slack':
    case 'teams':
    case 'mattermost':
      return chat(outgoing, connection)
    case 'pagerduty':
      return pagerduty(outgoing, connection)
    case 'line-works':
      return lineWorks(outgoing, connection)
    case 'webhook':
      return webhookMessages(outgoing, connection)
  }
}
