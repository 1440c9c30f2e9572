import type { Caller } from '../../../platform/http/route.ts'

/** What a request line asks of the ingest handler. */
export type Target =
  | { readonly kind: 'bulk'; readonly index: string | undefined }
  | { readonly kind: 'lines'; readonly name: string }
  | { readonly kind: 'handshake'; readonly status: number; readonly body: object }

const BULK = /^\/(?:([^/_][^/]*)\/)?(?:[^/_][^/]*\/)?_bulk\/?$/
const LINES = /^\/api\/v1\/ingest\/([^/]+)\/?$/
const SOURCE_NAME = /^[a-z0-9][a-z0-9._-]{0,63}$/

/**
 * Which of the ingest paths a request is for; undefined leaves it to the other routes. What Elasticsearch clients ask
 * before they send is answered so that they do: v7 `GET /`, winston-elasticsearch `/_cluster/health` and templates.
 * `GET /` is the console's for browsers.
 */
export function targetOf(method: string, url: string, accept: string | undefined): Target | undefined {
  const path = url.split('?', 1)[0]!
  if (method === 'POST' || method === 'PUT') {
    const bulk = BULK.exec(path)
    if (bulk !== null) return { kind: 'bulk', index: decoded(bulk[1]) }
    const lines = method === 'POST' ? LINES.exec(path) : null
    if (lines !== null) return { kind: 'lines', name: decoded(lines[1]) ?? '' }
  }
  return handshake(method, path, accept ?? '')
}

function handshake(method: string, path: string, accept: string): Target | undefined {
  const ok = (body: object): Target => ({ kind: 'handshake', status: 200, body })
  if (path === '/' && (method === 'GET' || method === 'HEAD') && accept.includes('json') && !accept.includes('html'))
    return ok(ABOUT)
  if (path.startsWith('/_index_template/') || path.startsWith('/_template/')) return ok({ acknowledged: true })
  if (method === 'GET' && path === '/_license')
    return ok({ license: { status: 'active', type: 'basic', mode: 'basic', uid: 'kanpeki' } })
  if (method === 'GET' && path === '/_cluster/health') return ok({ cluster_name: 'kanpeki', status: 'green', timed_out: false })
  return undefined
}

/** The least that version checks ask for; the tagline and build flavour are part of the v7 client's check. */
const ABOUT = {
  name: 'kanpeki',
  cluster_name: 'kanpeki',
  version: { number: '8.19.0', build_flavor: 'default', minimum_wire_compatibility_version: '7.17.0' },
  tagline: 'You Know, for Search',
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
 * The source a bulk request counts for: one for each token name, so that a shipper that falls silent is seen, and a
 * replaced token continues the account of the old one.
 */
export function callerSource(caller: Caller): string {
  const slug = caller.name
    .toLowerCase()
    .replaceAll(/[^a-z0-9._-]+/g, '-')
    .replace(/^[^a-z0-9]+/, '')
    .slice(0, 64)
  return slug === '' ? 'http' : `http:${slug}`
}
