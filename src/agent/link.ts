import { type LookupAddress, lookup } from 'node:dns'
import { createReadStream, createWriteStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { Agent, type RequestOptions, request } from 'node:https'
import { isIPv4, type LookupFunction } from 'node:net'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { KanpekiError, messageOf } from '../kernel/error.ts'
import type { JsonObject } from '../kernel/json.ts'
import type { Identity } from './identity.ts'

export interface Answer {
  readonly status: number
  readonly text: string
}

/** The agent's one way out: its server, over mutual TLS, and nowhere else. */
export interface Link {
  /** @throws KanpekiError `unreachable` where no answer came. */
  readonly post: (path: string, body: Uint8Array | string, headers: Readonly<Record<string, string>>) => Promise<Answer>
  /** Sends a file as it is. @returns the reply. @throws KanpekiError `unreachable`, `upload_refused`. */
  readonly upload: (path: string, file: string) => Promise<JsonObject>
  /** Takes what lies at a path into a file. @throws KanpekiError `unreachable`, `not_found`, `too_large`. */
  readonly download: (path: string, file: string, most: number) => Promise<void>
  readonly close: () => void
}

type Side = Pick<Identity, 'url' | 'ca'> &
  Partial<Identity> & {
    /** Where the server is, while names must not be asked for. */
    readonly addresses?: () => readonly string[] | undefined
  }

const TIMEOUT_MS = 30_000
/** What of an answer is read; the server's answers are small. */
const MOST_BYTES = 8_000_000

/**
 * One request over a link of its own. @param taken statuses that the caller knows what to do about; one of them comes back.
 * @throws KanpekiError `unreachable` where no answer came; Error with the server's words for any other status.
 */
export async function tell(
  side: Side,
  path: string,
  body: Uint8Array | string,
  { type = 'application/json', taken = [200] }: { readonly type?: string; readonly taken?: readonly number[] } = {},
): Promise<number> {
  const link = openLink(side)
  try {
    const { status, text } = await link.post(path, body, { 'content-type': type })
    if (!taken.includes(status)) throw new Error(`the server answers ${status}: ${text.slice(0, 200)}`)
    return status
  } finally {
    link.close()
  }
}

/** @param identity without a certificate it may only enrol. */
export function openLink({ url, key, certificate, ca, addresses }: Side): Link {
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
    ...(addresses === undefined ? {} : { lookup: lookupOf(addresses) }),
  })
  const send = async (path: string, options: RequestOptions, body: Uint8Array | string | Readable): Promise<Answer> =>
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
      if (!(body instanceof Readable)) return void outgoing.end(body)
      body.on('error', (error) => outgoing.destroy(error))
      body.pipe(outgoing)
    })
  const reach = async (...request: Parameters<typeof send>): Promise<Answer> => {
    try {
      return await send(...request)
    } catch (error) {
      throw new KanpekiError('unreachable', `${url} does not answer: ${messageOf(error)}.`, {
        remedy: 'Is the server up, and is its certificate the one given with --ca?',
        cause: error,
      })
    }
  }
  return {
    post: (path, body, headers) =>
      reach(path, { method: 'POST', headers: { ...headers, 'content-length': String(Buffer.byteLength(body)) } }, body),
    async upload(path, file) {
      const { size } = await stat(file)
      const headers = { 'content-type': 'application/octet-stream', 'content-length': String(size) }
      const { status, text } = await reach(path, { method: 'POST', headers }, createReadStream(file))
      if (status !== 200) throw new KanpekiError('upload_refused', `The server answers ${status}: ${text.slice(0, 300)}`)
      return JSON.parse(text) as JsonObject
    },
    async download(path, file, most) {
      await new Promise<void>((resolve, reject) => {
        const outgoing = request(new URL(path, base), { method: 'GET', agent, timeout: TIMEOUT_MS }, (response) => {
          const { statusCode = 0 } = response
          const declared = Number(response.headers['content-length'] ?? Number.NaN)
          if (statusCode !== 200 || !(declared <= most)) {
            response.resume()
            const why = statusCode === 200 ? `it has ${declared} bytes` : `the server answers ${statusCode}`
            return reject(new KanpekiError(statusCode === 200 ? 'too_large' : 'not_found', `${path}: ${why}.`))
          }
          pipeline(response, createWriteStream(file, { mode: 0o600 })).then(resolve, reject)
        })
        outgoing.on('timeout', () => outgoing.destroy(new Error('no answer in time')))
        outgoing.on('error', reject)
        outgoing.end()
      })
    },
    close: () => agent.destroy(),
  }
}

/** Asks the system, or while the host is isolated says where the server was when that began. */
function lookupOf(addresses: () => readonly string[] | undefined): LookupFunction {
  return (name, options, callback) => {
    const known = addresses()?.map((address): LookupAddress => ({ address, family: isIPv4(address) ? 4 : 6 }))
    const [first] = known ?? []
    if (known === undefined || first === undefined) lookup(name, options, callback)
    else if (options.all === true) callback(null, known)
    else callback(null, first.address, first.family)
  }
}
