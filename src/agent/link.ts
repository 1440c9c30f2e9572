import { Agent, type RequestOptions, request } from 'node:https'
import { KanpekiError, messageOf } from '../kernel/error.ts'
import type { Identity } from './identity.ts'

export interface Answer {
  readonly status: number
  readonly text: string
}

/** The agent's one way out: its server, over mutual TLS, and nowhere else. */
export interface Link {
  /** @throws KanpekiError `unreachable` where no answer came. */
  readonly post: (path: string, body: Uint8Array | string, headers: Readonly<Record<string, string>>) => Promise<Answer>
  readonly close: () => void
}

const TIMEOUT_MS = 30_000
/** What of an answer is read; the server's answers are small. */
const MOST_BYTES = 8_000_000

/** @param identity without a certificate it may only enrol. */
export function openLink({ url, key, certificate, ca }: Pick<Identity, 'url' | 'ca'> & Partial<Identity>): Link {
  const base = new URL(url)
  if (base.protocol !== 'https:')
    throw new KanpekiError('usage', `An agent speaks TLS only, and ${url} is not https.`, {
      remedy: 'Give the server a bind with TLS (docs/tls.md) and use its https:// address.',
    })
  const agent = new Agent({
    keepAlive: true,
    maxSockets: 2,
    minVersion: 'TLSv1.3',
    ...(key === undefined || certificate === undefined ? {} : { key, cert: certificate }),
    ...(ca === undefined ? {} : { ca, allowPartialTrustChain: true }),
  })
  const send = async (path: string, options: RequestOptions, body: Uint8Array | string): Promise<Answer> =>
    await new Promise<Answer>((resolve, reject) => {
      const outgoing = request(new URL(path, base), { ...options, agent, timeout: TIMEOUT_MS }, (response) => {
        const parts: Buffer[] = []
        let size = 0
        response.on('data', (part: Buffer) => {
          size += part.length
          if (size > MOST_BYTES) response.destroy(new Error('the answer is too long'))
          else parts.push(part)
        })
        response.on('error', reject)
        response.on('end', () => resolve({ status: response.statusCode ?? 0, text: Buffer.concat(parts).toString('utf8') }))
      })
      outgoing.on('timeout', () => outgoing.destroy(new Error('no answer in time')))
      outgoing.on('error', reject)
      outgoing.end(body)
    })
  return {
    async post(path, body, headers) {
      try {
        return await send(
          path,
          { method: 'POST', headers: { ...headers, 'content-length': String(Buffer.byteLength(body)) } },
          body,
        )
      } catch (error) {
        throw new KanpekiError('unreachable', `${url} does not answer: ${messageOf(error)}.`, {
          remedy: 'Is the server up, and is its certificate the one given with --ca?',
          cause: error,
        })
      }
    },
    close: () => agent.destroy(),
  }
}
