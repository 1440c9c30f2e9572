import { scopedTo } from '../../platform/state/scope.ts'
import type { IncidentDeps } from './deps.ts'
import { enter, HOUSE } from './enter.ts'
import { changeMessage, incidentById, queuedMessages } from './queries.ts'
import type { IncidentTables } from './tables.ts'

const AT_ONCE = 200

/**
 * Asks what became of messages that were handed to a channel, and writes it down: when it was taken by the other side,
 * under which id, or why it was given up. @returns how many are settled.
 */
export async function settleMessages(deps: Pick<IncidentDeps, 'state' | 'clock' | 'fates' | 'changed'>): Promise<number> {
  const { state, clock, fates, changed } = deps
  const waiting = (await queuedMessages(state.tables<IncidentTables>(), AT_ONCE)).filter(({ delivery }) => delivery !== null)
  if (waiting.length === 0) return 0
  const known = await fates(waiting.map(({ delivery }) => delivery!))
  let settled = 0
  for (const message of waiting) {
    const fate = known.get(message.delivery!) ?? { state: 'failed' as const, at: null, error: 'The channel was removed.' }
    if (fate.state === 'waiting') continue
    settled += 1
    await state.transaction<IncidentTables, void>(async (all) => {
      const trx = scopedTo(all, message.scope)
      const incident = await incidentById(trx, message.incident_id)
      const now = clock.now()
      const at = fate.at ?? now
      const arrived = fate.state === 'sent'
      await changeMessage(trx, message.id, arrived ? { state: 'sent', sent: at } : { state: 'failed', error: fate.error ?? '' })
      if (incident === undefined) return
      const { channel_name: channel, audience_en: en, audience_ja: ja, delivery, sha256 } = message
      const text = arrived
        ? { en: `Delivered to ${en} by ${channel}`, ja: `${ja}への連絡を「${channel}」で送信済み` }
        : { en: `Could not be delivered to ${en} by ${channel}`, ja: `${ja}への連絡を「${channel}」で送信できず` }
      const facts = { message: message.id, channel, delivery, sha256, ...(arrived ? {} : { error: fate.error }) }
      await enter(trx, incident, HOUSE, { kind: arrived ? 'message-delivered' : 'message-failed', text, facts, at }, now)
    })
  }
  if (settled > 0) changed()
  return settled
}
