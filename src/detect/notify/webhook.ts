import { KanpekiError } from '../../kernel/error.ts'
import type { Outgoing } from '../../platform/outgoing/outgoing.ts'
import { webhookHeaders } from '../../platform/outgoing/webhook-signature.ts'

const TIMEOUT_MS = 15_000

/**
 * Posts one message; any 2xx is a receipt.
 * @throws KanpekiError `outgoing_*`, or `webhook_refused` with the status. The address is in none of them: it may be a secret.
 */
export async function postWebhook(
  outgoing: Outgoing,
  { url, secret }: { readonly url: string; readonly secret: string },
  id: string,
  body: string,
  at: number,
): Promise<void> {
  const reply = await outgoing.fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...webhookHeaders(secret, id, at, body) },
    body,
    // A redirect would carry the signed message to an address that nobody entered.
    redirect: 'manual',
    timeoutMs: TIMEOUT_MS,
    maxBytes: 64 * 1024,
  })
  if (!reply.ok) throw new KanpekiError('webhook_refused', `${new URL(url).host} answered ${reply.status}.`)
}
