import type { JsonObject } from '../../../kernel/json.ts'
import type { Caller } from '../../../platform/http/route.ts'
import type { BodyFormat, DocumentAsked } from './body.ts'
import type { Dialect } from './dialects.ts'
import { HANDSHAKES, type Handshake, INDEX_HANDSHAKE } from './elasticsearch.ts'
import { SUCCESS } from './hec/reply.ts'
import { webhookFormat } from './webhook/kinds.ts'

/** What a request line asks of the ingest handler. */
export type Target =
  /** A body of events. `name` is the source that the path names, `words` what the query says about every event. */
  | {
      readonly kind: 'take'
      readonly dialect: Dialect
      readonly format: BodyFormat
      readonly name?: string
      readonly index?: string
      readonly document?: DocumentAsked
      readonly words?: JsonObject
    }
  | ({ readonly kind: 'handshake'; readonly dialect: Dialect } & Handshake)
  /** OTLP: metrics, which are figures and no events. */
  | { readonly kind: 'figures'; readonly dialect: 'otlp' }
  /** Splunk: which requests are durable. */
  | { readonly kind: 'acks'; readonly dialect: 'splunk' }
  /** Splunk: whether events are taken; asked without a token. */
  | { readonly kind: 'health'; readonly dialect: 'splunk' }

export type TargetOf = (method: string, url: string, accept: string | undefined) => Target | undefined

const BULK = /^\/(?:([^/_][^/]*)\/)?(?:[^/_][^/]*\/)?_bulk\/?$/
const DOCUMENT = /^\/([^/_][^/]*)\/_(doc|create)(?:\/([^/]+))?\/?$/
const LINES = /^\/api\/v1\/ingest\/([^/]+)\/?$/
const RECORDS = /^\/api\/v1\/ingest\/records\/([^/]+)\/?$/
const WEBHOOK = /^\/api\/v1\/ingest\/webhook\/([^/]+)\/?$/
const HEC = /^\/services\/collector(?:\/(event|raw|health|ack))?(?:\/1\.0)?\/?$/
const SOURCE_NAME = /^[a-z0-9][a-z0-9._-]{0,63}$/

/**
 * Which of the main port's ingest paths a request is for; undefined leaves it to the other routes. `GET /` is the console's
 * for browsers.
 */
export const mainTarget: TargetOf = (method, url, accept = '') => {
  const [path, query] = parts(url)
  if (path === '/' && (!accept.includes('json') || accept.includes('html'))) return undefined
  return events(method, path, query) ?? elastic(method, path)
}

/** As `mainTarget`, and what other products' senders ask for; nothing else is served there. */
export const compatTarget: TargetOf = (method, url) => {
  const [path, query] = parts(url)
  return (
    events(method, path, query) ?? splunk(method, path, query) ?? pushed(method, path) ?? elastic(method, path, COMPAT_HANDSHAKES)
  )
}

function parts(url: string): [path: string, query: URLSearchParams] {
  const at = url.indexOf('?')
  return at < 0 ? [url, new URLSearchParams()] : [url.slice(0, at), new URLSearchParams(url.slice(at + 1))]
}

function events(method: string, path: string, query: URLSearchParams): Target | undefined {
  if (method !== 'POST' && method !== 'PUT') return undefined
  const bulk = BULK.exec(path)
  if (bulk !== null) {
    const index = decoded(bulk[1])
    return { kind: 'take', dialect: 'elastic', format: 'bulk', ...(index === undefined ? {} : { index }) }
  }
  const document = DOCUMENT.exec(path)
  if (document !== null) return single(method, document, query)
  if (method !== 'POST') return undefined
  const webhook = WEBHOOK.exec(path)
  if (webhook !== null) {
    const format = webhookFormat(decoded(webhook[1]) ?? '')
    if (format === undefined) return undefined
    const name = query.get('source')
    const dialect = format === 'firehose' ? 'firehose' : 'problem'
    return { kind: 'take', dialect, format, ...(name === null ? {} : { name }) }
  }
  const records = RECORDS.exec(path)
  if (records !== null) return { kind: 'take', dialect: 'problem', format: 'records', name: decoded(records[1]) ?? '' }
  const lines = LINES.exec(path)
  return lines === null ? undefined : { kind: 'take', dialect: 'problem', format: 'lines', name: decoded(lines[1]) ?? '' }
}

/** One document by Elasticsearch's index API: `POST /logs/_doc`, `PUT /logs/_doc/ID`, `PUT /logs/_create/ID`. */
function single(method: string, [, index, api, id]: RegExpExecArray, query: URLSearchParams): Target | undefined {
  if (id === undefined && (method !== 'POST' || api === 'create')) return undefined
  const action = api === 'create' || query.get('op_type') === 'create' ? 'create' : 'index'
  return {
    kind: 'take',
    dialect: 'elastic',
    format: 'document',
    index: decoded(index) ?? '',
    document: { action, id: decoded(id) },
  }
}

function splunk(method: string, path: string, query: URLSearchParams): Target | undefined {
  const hec = HEC.exec(path)
  if (hec === null) return undefined
  const what = hec[1] ?? 'event'
  if (what === 'health') return { kind: 'health', dialect: 'splunk' }
  if (what === 'ack') return { kind: 'acks', dialect: 'splunk' }
  // Some senders look whether the path is there before they post.
  if (method !== 'POST') return { kind: 'handshake', dialect: 'splunk', status: 200, body: SUCCESS }
  return { kind: 'take', dialect: 'splunk', format: what === 'raw' ? 'hec-raw' : 'hec', words: meta(query) }
}

/** What Splunk lets senders say in the query. */
function meta(query: URLSearchParams): JsonObject {
  return Object.fromEntries(
    ['time', 'host', 'source', 'sourcetype', 'index'].flatMap((name) => {
      const value = query.get(name)
      return value === null ? [] : [[name, value]]
    }),
  )
}

function pushed(method: string, path: string): Target | undefined {
  if (method !== 'POST') return undefined
  if (path === '/v1/logs') return { kind: 'take', dialect: 'otlp', format: 'otlp' }
  if (path === '/v1/metrics') return { kind: 'figures', dialect: 'otlp' }
  return path === '/loki/api/v1/push' ? { kind: 'take', dialect: 'loki', format: 'loki' } : undefined
}

const COMPAT_HANDSHAKES = [...HANDSHAKES, INDEX_HANDSHAKE]

function elastic(method: string, path: string, rules = HANDSHAKES): Target | undefined {
  const found = rules.find((one) => one.methods.includes(method) && one.path.test(path))
  return found === undefined ? undefined : { kind: 'handshake', dialect: 'elastic', ...found.answer(method, path) }
}

function decoded(part: string | undefined): string | undefined {
  if (part === undefined) return undefined
  try {
    return decodeURIComponent(part)
  } catch {
    return part
  }
}

/** The source that a named path writes to, or undefined for a name that is none. */
export function namedSource(name: string): string | undefined {
  return SOURCE_NAME.test(name) ? `http:${name}` : undefined
}

/**
 * The source that a request without a name counts for: one for each token name, so that a shipper that falls silent is
 * seen, and a replaced token continues the account of the old one.
 */
export function callerSource(caller: Caller): string {
  const slug = caller.name
    .toLowerCase()
    .replaceAll(/[^a-z0-9._-]+/g, '-')
    .replace(/^[^a-z0-9]+/, '')
    .slice(0, 64)
  return slug === '' ? 'http' : `http:${slug}`
}
