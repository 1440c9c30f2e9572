import { KanpekiError } from '../../kernel/error.ts'
import type { JsonObject } from '../../kernel/json.ts'
import type { Outgoing } from '../../platform/outgoing/outgoing.ts'
import { webhookHeaders } from '../../platform/outgoing/webhook-signature.ts'
import type { ConnectionOf } from '../connections/schema.ts'

/**
 * Posts a message as Standard Webhooks say; the same id for the same message, so that the receiver can leave out a repetition.
 * @returns what it answered, if that is JSON.
 */
export async function postSigned(
  outgoing: Outgoing,
  { secrets }: Pick<ConnectionOf<'webhook'>, 'secrets'>,
  message: { readonly type: string; readonly data: JsonObject },
  id: string,
  signal: AbortSignal,
): Promise<unknown> {
  const at = Date.now()
  const body = JSON.stringify({ type: message.type, timestamp: new Date(at).toISOString(), data: message.data })
  const reply = await outgoing.fetch(secrets.url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...webhookHeaders(secrets.key, id, at, body) },
    body,
    // A redirect would carry the signed message to an address that nobody entered.
    redirect: 'manual',
    signal,
    maxBytes: 64 * 1024,
  })
  if (!reply.ok) throw new KanpekiError('service_refused', `${new URL(secrets.url).host} answered ${reply.status}.`)
  return await reply.json().catch(() => undefined)
}
