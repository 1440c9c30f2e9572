import type { Outgoing } from '../../../platform/outgoing/outgoing.ts'
import type { ConnectionOf } from '../../connections/schema.ts'
import { callJson, under } from '../call.ts'
import type { Message, Messenger } from './messenger.ts'

const SEVERITY = { 1: 'critical', 2: 'error', 3: 'warning', 4: 'info', 5: 'info' } as const satisfies Record<
  Message['severity'],
  string
>

/** Events API v2: the mark is the key by which PagerDuty leaves out a repetition. */
export function pagerduty(
  outgoing: Outgoing,
  { name, settings, secrets }: Pick<ConnectionOf<'pagerduty'>, 'name' | 'settings' | 'secrets'>,
): Messenger {
  const enqueue = async (event: object, signal: AbortSignal): Promise<void> => {
    await callJson(outgoing, under(settings.url, ['v2', 'enqueue']), {
      method: 'POST',
      body: { routing_key: secrets.key, ...event },
      signal,
    })
  }
  return {
    name,
    send: ({ title, text, severity }, mark, signal) =>
      enqueue(
        {
          event_action: 'trigger',
          dedup_key: mark,
          payload: { summary: title, source: 'kanpeki', severity: SEVERITY[severity], custom_details: { text } },
        },
        signal,
      ),
    resolve: (mark, signal) => enqueue({ event_action: 'resolve', dedup_key: mark }, signal),
  }
}
