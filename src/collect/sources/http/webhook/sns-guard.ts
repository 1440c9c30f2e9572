import { createVerify, X509Certificate } from 'node:crypto'
import type { Clock } from '../../../../kernel/clock.ts'
import { KanpekiError, messageOf } from '../../../../kernel/error.ts'
import { isJsonObject, type JsonObject } from '../../../../kernel/json.ts'

export interface SnsGuard {
  /**
   * Whether a body is what SNS signed. `confirm` answers a request to confirm a subscription; call it once the body is
   * stored.
   * @throws KanpekiError `bad_signature`; `confirm` rejects with `unconfirmed`, which SNS asks for again.
   */
  check(body: Buffer): Promise<{ readonly words: JsonObject; readonly confirm?: () => Promise<void> }>
}

export interface SnsGuardDeps {
  /** The guarded door for outgoing calls (`services.outgoing.fetch`); nothing is called where it is absent. */
  readonly fetch:
    | ((
        url: URL,
        init: { readonly redirect: 'error'; readonly timeoutMs: number; readonly maxBytes: number },
      ) => Promise<Response>)
    | undefined
  readonly clock: Clock
  readonly log: (message: string, detail?: Record<string, unknown>) => void
}

/** SNS's own hosts, in the public regions and in China; nothing else is ever called. */
const SNS_HOST = /^sns\.[a-z]{2}(-[a-z]+)+-\d{1,2}\.amazonaws\.com(\.cn)?$/
const CERTIFICATE_PATH = /^\/SimpleNotificationService-[A-Za-z0-9]+\.pem$/
const CERTIFICATES_KEPT = 32
const CALL = { redirect: 'error', timeoutMs: 10_000, maxBytes: 65_536 } as const

/** What is signed, by kind, in this order (docs.aws.amazon.com, "Verifying the signatures of Amazon SNS messages"). */
const SIGNED_NOTIFICATION = ['Message', 'MessageId', 'Subject', 'Timestamp', 'TopicArn', 'Type']
const SIGNED_SUBSCRIPTION = ['Message', 'MessageId', 'SubscribeURL', 'Timestamp', 'Token', 'TopicArn', 'Type']

/**
 * Checks SNS's signatures, and confirms subscriptions: only those whose request SNS itself signed, at SNS's own hosts,
 * through the guarded door. Where the certificate cannot be had (no way out), the message is taken on its token alone,
 * `aws.sns.signature` says `not-checked`, and nothing is confirmed.
 */
export function createSnsGuard({ fetch: guardedFetch, clock, log }: SnsGuardDeps): SnsGuard {
  const certificates = new Map<string, X509Certificate>()

  const certificate = async (url: URL): Promise<X509Certificate | undefined> => {
    const known = certificates.get(url.href)
    if (known !== undefined) return known
    if (guardedFetch === undefined) return undefined
    try {
      const reply = await guardedFetch(url, CALL)
      if (!reply.ok) throw new Error(`status ${reply.status}`)
      const got = new X509Certificate(Buffer.from(await reply.arrayBuffer()))
      if (certificates.size >= CERTIFICATES_KEPT) certificates.delete(certificates.keys().next().value!)
      certificates.set(url.href, got)
      return got
    } catch (error) {
      log('the certificate of SNS could not be fetched', { url: url.href, reason: messageOf(error) })
      return undefined
    }
  }

  return {
    async check(body) {
      const message = messageIn(body)
      if (message === undefined) return { words: {} }
      const url = snsUrl(message['SigningCertURL'] ?? message['SigningCertUrl'])
      if (url === undefined || !CERTIFICATE_PATH.test(url.pathname)) throw refused('its certificate is not one of SNS')
      const signer = await certificate(url)
      if (signer === undefined) return { words: { 'aws.sns.signature': 'not-checked' } }
      const now = clock.now()
      if (now < Date.parse(signer.validFrom) || now > Date.parse(signer.validTo))
        throw refused('its certificate is not valid now')
      if (!isSigned(message, signer)) throw refused('the signature does not match')
      const words = { 'aws.sns.signature': 'verified' }
      if (message['Type'] !== 'SubscriptionConfirmation') return { words }
      const confirmAt = snsUrl(message['SubscribeURL'])
      if (confirmAt === undefined || confirmAt.host !== url.host) throw refused('its SubscribeURL is not at SNS')
      return { words, confirm: () => confirm(confirmAt, String(message['TopicArn'])) }
    },
  }

  async function confirm(url: URL, topic: string): Promise<void> {
    try {
      const reply = await guardedFetch!(url, CALL)
      if (!reply.ok) throw new Error(`status ${reply.status}`)
      await reply.body?.cancel()
      log('a subscription of SNS was confirmed', { topic })
    } catch (error) {
      throw new KanpekiError('unconfirmed', `The subscription could not be confirmed: ${messageOf(error)}.`)
    }
  }
}

/** A signed message of SNS; undefined for a body that came by raw delivery, which carries no signature. */
function messageIn(body: Buffer): JsonObject | undefined {
  try {
    const value: unknown = JSON.parse(body.toString('utf8'))
    return isJsonObject(value) &&
      value['Type'] !== undefined &&
      value['MessageId'] !== undefined &&
      value['TopicArn'] !== undefined
      ? value
      : undefined
  } catch {
    return undefined
  }
}

function snsUrl(text: unknown): URL | undefined {
  const url = typeof text === 'string' ? URL.parse(text) : null
  if (url === null || url.protocol !== 'https:' || url.port !== '' || url.username !== '' || url.password !== '') return undefined
  return SNS_HOST.test(url.hostname) ? url : undefined
}

function isSigned(message: JsonObject, certificate: X509Certificate): boolean {
  const { Type, Signature, SignatureVersion } = message
  if (typeof Signature !== 'string' || (SignatureVersion !== '1' && SignatureVersion !== '2')) return false
  const names = Type === 'Notification' ? SIGNED_NOTIFICATION : SIGNED_SUBSCRIPTION
  const text = names.map((name) => (typeof message[name] === 'string' ? `${name}\n${message[name]}\n` : '')).join('')
  const verify = createVerify(SignatureVersion === '1' ? 'RSA-SHA1' : 'RSA-SHA256').update(text)
  return verify.verify(certificate.publicKey, Signature, 'base64')
}

function refused(why: string): KanpekiError {
  return new KanpekiError('bad_signature', `This is no message that SNS signed: ${why}.`, {
    remedy: 'Send other JSON to the webhook kind `generic`.',
  })
}
