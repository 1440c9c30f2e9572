import { z } from 'zod'
import type { Action, ActionReceipt } from '../../../kernel/action.ts'
import { KanpekiError } from '../../../kernel/error.ts'
import type { ActionDeps } from '../../actions-support/deps.ts'
import { markOf } from '../../actions-support/mark.ts'
import { undoEach } from '../../actions-support/places.ts'
import { severityInput, textInput, titleInput } from '../../actions-support/text-input.ts'
import { ticketSystem } from '../../actions-support/tickets/open.ts'
import type { OpenedTicket } from '../../actions-support/tickets/ticket-system.ts'
import { connectionName } from '../../connections/schema.ts'

const input = z.strictObject({ title: titleInput, text: textInput, severity: severityInput, on: connectionName.optional() })

const TAKEN_BACK = 'Kanpeki took back what this ticket was opened for.\nこのチケットの起票元となった対応は取り消されました。'

/** Opens a ticket: Jira, GitHub, GitLab, ServiceNow, or whatever takes signed webhooks. */
export function openTicket(deps: ActionDeps): Action<z.infer<typeof input>> {
  return {
    id: 'open-ticket',
    title: { en: 'Open a ticket', ja: 'チケットの起票' },
    input,
    repeats: 'key',
    async plan({ title, on }, { scope }) {
      const { name } = await ticketSystem(deps, scope, on)
      return {
        summary: { en: `Open a ticket at ${name}: ${title}`, ja: `${name} にチケットを起票します: ${title}` },
        targets: [{ kind: 'ticket', name: title }],
        reversible: true,
      }
    },
    async run({ on, ...ticket }, { scope, key, signal }) {
      const system = await ticketSystem(deps, scope, on)
      const opened = await system.open(ticket, markOf(key), signal)
      if (opened.id === '') throw new KanpekiError('unsure', `${system.name} did not say which ticket it opened.`)
      return receipt(system.name, opened)
    },
    async find({ on }, { scope, key, signal }) {
      const system = await ticketSystem(deps, scope, on)
      const found = await system.find(markOf(key), signal)
      return found === undefined ? undefined : receipt(system.name, found)
    },
    undo: (done, { scope, signal }) =>
      undoEach(done, async ({ on, id, number }) => {
        const system = await ticketSystem(deps, scope, on)
        await system.close({ id: String(id), number: String(number) }, TAKEN_BACK, signal)
      }),
  }
}

function receipt(on: string, { id, number, url }: OpenedTicket): ActionReceipt {
  return {
    outcome: 'done',
    detail: { on, id: number, ...(url === undefined ? {} : { url }) },
    undo: { places: [{ on, id, number }] },
  }
}
