import type { Outgoing } from '../../../platform/outgoing/outgoing.ts'
import type { ConnectionOf } from '../../connections/schema.ts'
import { postSigned } from '../post-signed.ts'
import type { Messenger } from './messenger.ts'

/** Any receiver of signed webhooks (Standard Webhooks). */
export function webhookMessages(outgoing: Outgoing, connection: Pick<ConnectionOf<'webhook'>, 'name' | 'secrets'>): Messenger {
  return {
    name: connection.name,
    async send({ title, text, severity }, mark, signal) {
      await postSigned(outgoing, connection, { type: 'message', data: { id: mark, title, text, severity } }, mark, signal)
    },
  }
}
