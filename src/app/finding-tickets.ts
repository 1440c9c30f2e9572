import { createHash } from 'node:crypto'
import type { OpenTicket } from '../assess/work/ticket.ts'
import type { Action, ActionContext } from '../kernel/action.ts'
import type { Clock } from '../kernel/clock.ts'
import { KanpekiError } from '../kernel/error.ts'

/** Longer than a ticket system takes to answer; the person who asked for it is waiting. */
const TIMEOUT_MS = 30_000

/** Opens tickets for weaknesses by the response action of the same name: asked for again, the one that is there is found. */
export function findingTickets(actions: ReadonlyMap<string, Action>, clock: Clock): OpenTicket {
  return async ({ scope, about, by, ...asked }) => {
    const action = actions.get('open-ticket')
    if (action === undefined) throw new KanpekiError('no_connection', 'No ticket system can be reached.')
    const input = action.input.parse(asked)
    const context: ActionContext = {
      scope,
      key: createHash('sha256')
        .update(JSON.stringify(['weakness', scope, ...about]))
        .digest('hex'),
      by,
      signal: AbortSignal.timeout(TIMEOUT_MS),
      now: () => clock.now(),
    }
    const { before } = await action.plan(input, context)
    const known = await action.find?.(input, context)
    const { detail } = known ?? (await action.run(input, before === undefined ? context : { ...context, before }))
    return { id: String(detail['id'] ?? ''), url: typeof detail['url'] === 'string' ? detail['url'] : null }
  }
}
