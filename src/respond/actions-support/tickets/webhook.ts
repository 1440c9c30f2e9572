import type { Outgoing } from '../../../platform/outgoing/outgoing.ts'
import type { ConnectionOf } from '../../connections/schema.ts'
import { textAt } from '../call.ts'
import { postSigned } from '../post-signed.ts'
import type { TicketSystem } from './ticket-system.ts'

/** Any system behind a signed webhook. It may answer with `{"id","url"}`; what it is told carries the mark as its id. */
export function webhookTickets(outgoing: Outgoing, connection: Pick<ConnectionOf<'webhook'>, 'name' | 'secrets'>): TicketSystem {
  return {
    name: connection.name,
    async open({ title, text, severity }, mark, signal) {
      const message = { type: 'ticket.opened', data: { id: mark, title, text, severity } }
      const answer = await postSigned(outgoing, connection, message, mark, signal)
      const id = textAt(answer, 'id') ?? mark
      const url = textAt(answer, 'url')
      return { id, number: id, ...(url !== undefined && URL.parse(url)?.protocol === 'https:' ? { url } : {}) }
    },
    // It leaves out what it already has, by the id.
    find: async () => undefined,
    async close({ id }, note, signal) {
      await postSigned(outgoing, connection, { type: 'ticket.withdrawn', data: { id, note } }, `${id}-withdrawn`, signal)
    },
  }
}
