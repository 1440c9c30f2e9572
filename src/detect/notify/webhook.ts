import { createHmac, randomBytes } from 'node:crypto'
import { KanpekiError } from '../../kernel/error.ts'
import type { Outgoing } from '../../platform/outgoing/outgoing.ts'

const PREFIX = 'whsec_'
const KEY_BYTES = 32
const TIMEOUT_MS = 15_000

/** A new signing secret, as Standard Webhooks writes it. */
export function newWebhookSecret(): string {
  return PREFIX + randomBytes(KEY_BYTES).toString('base64')
}

/**
 * Headers of a signed message, by Standard Webhooks 1.0.0 (symmetric): HMAC-SHA256 over `id.timestamp.body`.
 * @param at milliseconds UTC.
 */
export function webhookHeaders(secret: string, id: string, at: number, body: string): Readonly<Record<string, string>> {
  const timestamp = String(Math.floor(at / 1000))
  const key = Buffer.from(secret.slice(PREFIX.length), 'base64')
  const signature = createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64')
  return { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': `v1,${signature}` }
}

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
