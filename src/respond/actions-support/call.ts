import { KanpekiError } from '../../kernel/error.ts'
import type { Outgoing } from '../../platform/outgoing/outgoing.ts'

/** A URL below another, each part encoded, so that no part can lead elsewhere. */
export function under(base: string, parts: readonly string[], query: Readonly<Record<string, string>> = {}): URL {
  const url = new URL(base)
  const encoded = parts.map((part) => {
    // `.` and `..` are taken as steps through the path even where they are encoded.
    if (/^\.{1,2}$/.test(part)) throw new KanpekiError('invalid_input', 'A dot is not a name.')
    return encodeURIComponent(part)
  })
  url.pathname = [url.pathname.replace(/\/$/, ''), ...encoded].join('/')
  for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value)
  return url
}

export interface JsonCall {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: unknown
  /** `application/json` unless said. */
  readonly type?: string
  readonly signal: AbortSignal
  /** Statuses besides 2xx that are an answer. */
  readonly also?: readonly number[]
  /** It makes something that must not be made twice: a fault of the other side, or an answer without sense, says nothing about whether it did. */
  readonly makes?: boolean
}

/**
 * @returns the status and the body as JSON; undefined where there is none.
 * @throws KanpekiError `service_refused` with the status; `unsure` where what it makes may be there all the same.
 */
export async function callJson(
  outgoing: Outgoing,
  url: URL,
  { method, headers = {}, body, type = 'application/json', signal, also = [], makes = false }: JsonCall,
): Promise<{ readonly status: number; readonly json: unknown }> {
  const reply = await outgoing.fetch(url, {
    method,
    headers: { accept: 'application/json', ...(body === undefined ? {} : { 'content-type': type }), ...headers },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    // A redirect would carry what is secret to an address that nobody entered.
    redirect: 'manual',
    signal,
    maxBytes: 4 * 1024 * 1024,
  })
  if (!reply.ok && !also.includes(reply.status))
    throw new KanpekiError(makes && reply.status >= 500 ? 'unsure' : 'service_refused', `${url.host} answered ${reply.status}.`, {
      remedy:
        reply.status === 401 || reply.status === 403
          ? 'Look at the secrets of this connection and at what they may do.'
          : 'Look at the settings of this connection.',
    })
  const text = await reply.text()
  try {
    return { status: reply.status, json: text === '' ? undefined : (JSON.parse(text) as unknown) }
  } catch {
    throw new KanpekiError(makes ? 'unsure' : 'service_refused', `${url.host} did not answer with JSON.`)
  }
}

/** A text of a reply, by its path; undefined where it is not there or no text or number. */
export function textAt(json: unknown, ...path: readonly (string | number)[]): string | undefined {
  let at: unknown = json
  for (const step of path) {
    if (typeof at !== 'object' || at === null || !Object.hasOwn(at, step)) return undefined
    at = (at as Record<string | number, unknown>)[step]
  }
  return typeof at === 'string' ? at : typeof at === 'number' ? String(at) : undefined
}

export function basic(user: string, password: string): string {
  return `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`
}
