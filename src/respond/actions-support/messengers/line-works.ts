import { createSign } from 'node:crypto'
import { KanpekiError } from '../../../kernel/error.ts'
import type { Outgoing } from '../../../platform/outgoing/outgoing.ts'
import type { ConnectionOf } from '../../connections/schema.ts'
import { callJson, textAt, under } from '../call.ts'
import type { Messenger } from './messenger.ts'

const MOST_TEXT = 2000
const TOKEN_SECONDS = 600

/** A bot of LINE WORKS (API 2.0), signed in as a service account by a signed assertion (RFC 7523). */
export function lineWorks(
  outgoing: Outgoing,
  { name, settings, secrets }: Pick<ConnectionOf<'line-works'>, 'name' | 'settings' | 'secrets'>,
): Messenger {
  const tokenOf = async (signal: AbortSignal): Promise<string> => {
    const reply = await outgoing.fetch(under(settings.signIn, ['oauth2', 'v2.0', 'token']), {
      method: 'POST',
      body: new URLSearchParams({
        assertion: assertion(settings.client, settings.account, secrets.privateKey),
        grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer',
        client_id: settings.client,
        client_secret: secrets.clientSecret,
        scope: 'bot',
      }),
      redirect: 'manual',
      signal,
      maxBytes: 64 * 1024,
    })
    const token = reply.ok ? textAt(await reply.json().catch(() => undefined), 'access_token') : undefined
    if (token === undefined)
      throw new KanpekiError('service_refused', `LINE WORKS does not let the bot sign in (${reply.status}).`)
    return token
  }
  return {
    name,
    async send({ title, text }, _mark, signal) {
      const token = await tokenOf(signal)
      await callJson(outgoing, under(settings.url, ['v1.0', 'bots', settings.bot, 'channels', settings.channel, 'messages']), {
        method: 'POST',
        headers: { authorization: `Bearer ${token}` },
        body: { content: { type: 'text', text: [...`${title}\n\n${text}`].slice(0, MOST_TEXT).join('') } },
        signal,
      })
    },
  }
}

function assertion(client: string, account: string, privateKey: string): string {
  const now = Math.floor(Date.now() / 1000)
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')
  const head = part({ alg: 'RS256', typ: 'JWT' })
  const claims = part({ iss: client, sub: account, iat: now, exp: now + TOKEN_SECONDS })
  try {
    return `${head}.${claims}.${createSign('RSA-SHA256').update(`${head}.${claims}`).sign(privateKey, 'base64url')}`
  } catch {
    throw new KanpekiError('service_refused', 'The private key for LINE WORKS is none.', { remedy: 'Enter it as PEM.' })
  }
}
