import { X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { request as httpRequest, type IncomingMessage } from 'node:http'
import { request as httpsRequest, type RequestOptions } from 'node:https'
import { KanpekiError, messageOf } from '../kernel/error.ts'

/** A server and how to know it. A text is its URL, trusted as the system trusts it, or by the file in KANPEKI_CA. */
export type ServerRef =
  | string
  | {
      readonly url: string
      /** PEM file of the certificates to trust instead of the system's. */
      readonly ca?: string | undefined
      /** The server must show exactly the first certificate of `ca`, whatever name it is reached by: for this host's own. */
      readonly pinned?: boolean
    }

export interface RequestParts {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  readonly headers: Readonly<Record<string, string>>
  readonly body?: string | Uint8Array
  /** Milliseconds that the connection may be silent; without it, any. */
  readonly timeout?: number
}

export function urlOf(server: ServerRef): string {
  return typeof server === 'string' ? server : server.url
}

/**
 * One request to a Kanpeki server. @returns status and text, whatever the status.
 * @throws KanpekiError `unreachable`, `untrusted` if the server's certificate is not to be trusted, `usage` for a CA file that cannot be read.
 */
export async function send(
  server: ServerRef,
  path: string,
  request: RequestParts,
): Promise<{ readonly status: number; readonly text: string }> {
  const response = await open(server, path, request)
  try {
    const parts: Buffer[] = []
    for await (const part of response) parts.push(part as Buffer)
    return { status: response.statusCode ?? 0, text: Buffer.concat(parts).toString('utf8') }
  } catch (error) {
    throw failure(urlOf(server), error instanceof Error ? error : new Error(messageOf(error)))
  }
}

/** The same, for a reply that is larger than memory: its body is read by the caller. */
export async function open(
  server: ServerRef,
  path: string,
  { method, headers, body, timeout }: RequestParts,
): Promise<IncomingMessage> {
  const address = URL.parse(path, urlOf(server))
  if (address === null || !/^https?:$/.test(address.protocol))
    throw new KanpekiError('usage', `'${urlOf(server)}' is not the URL of a server.`, { remedy: 'Write https://HOST:PORT.' })
  const secure = address.protocol === 'https:'
  const request = secure
    ? httpsRequest(address, { method, headers, ...trustOf(server) })
    : httpRequest(address, { method, headers })
  return await new Promise((resolve, reject) => {
    request.on('error', (error) => reject(failure(urlOf(server), error)))
    request.on('response', resolve)
    if (timeout !== undefined)
      request.setTimeout(timeout, () => request.destroy(new Error(`it was silent for ${Math.round(timeout / 1000)} seconds`)))
    request.end(body)
  })
}

function trustOf(server: ServerRef): RequestOptions {
  const { ca = process.env['KANPEKI_CA'], pinned = false } = typeof server === 'string' ? {} : server
  if (ca === undefined) return {}
  let text: string
  let first: X509Certificate
  try {
    text = readFileSync(ca, 'utf8')
    first = new X509Certificate(text)
  } catch (error) {
    throw new KanpekiError('usage', `Cannot read a certificate: ${messageOf(error)}.`, {
      place: { file: ca },
      remedy: 'Give the PEM file of the server (keys/tls-served.pem in its data folder) or of its CA.',
    })
  }
  const trust: RequestOptions = { ca: text, allowPartialTrustChain: true }
  if (!pinned) return trust
  return {
    ...trust,
    checkServerIdentity: (_host, shown) =>
      shown.fingerprint256 === first.fingerprint256
        ? undefined
        : new Error('the server shows another certificate than the one it wrote down'),
  }
}

/** Error codes of OpenSSL's verification, and of the name check. */
const DISTRUST = /^(DEPTH_ZERO_SELF_SIGNED_CERT|SELF_SIGNED_CERT_IN_CHAIN|UNABLE_TO_|CERT_|ERR_TLS_CERT_ALTNAME_INVALID)/

function failure(url: string, error: Error): KanpekiError {
  const code = 'code' in error && typeof error.code === 'string' ? error.code : ''
  const reason = error.message === '' ? code : error.message
  if (DISTRUST.test(code))
    return new KanpekiError('untrusted', `${url} shows a certificate that is not trusted here: ${reason}.`, {
      remedy:
        'Copy keys/tls-served.pem from its data folder and give it with --ca FILE (or KANPEKI_CA), and use a name that it holds.',
      cause: error,
    })
  const remedy =
    code === 'EPROTO' || code.startsWith('ERR_SSL')
      ? 'Does it speak TLS there? Try http:// on its own host.'
      : 'Is Kanpeki running there?'
  return new KanpekiError('unreachable', `${url} does not answer: ${reason}.`, { remedy, cause: error })
}
