import { KanpekiError } from '../../kernel/error.ts'
import { isJsonObject, type JsonObject, type JsonValue } from '../../kernel/json.ts'
import type { Outgoing } from '../../platform/outgoing/outgoing.ts'
import { readFeedEvent } from './read/misp.ts'
import { readText } from './read/read-text.ts'
import type { Reading } from './read/reading.ts'
import { readStix } from './read/stix.ts'
import type { IocListsTable } from './tables.ts'

/** What a fetch brought. */
export interface Fetched {
  readonly reading: Reading
  /** All there is, not only news. */
  readonly whole: boolean
  readonly cursor: string | null
}

export type FetchDeps = { readonly outgoing: Pick<Outgoing, 'fetch'> }

type Source = Pick<IocListsTable, 'kind' | 'url' | 'user' | 'cursor'> & { readonly secret: string | undefined }

const LARGEST = 64 * 1024 * 1024
const TIMEOUT_MS = 60_000
const TAXII = 'application/taxii+json;version=2.1'
const PAGE = 1000
/** Pages and MISP events of one fetch; what is left comes with the next. */
const MOST_PAGES = 500
const MOST_EVENTS = 2000

/** Fetches a list from where it is kept. @throws KanpekiError of the call, or `feed_refused`, `feed_unreadable`. */
export async function fetchList(source: Source, deps: FetchDeps): Promise<Fetched> {
  switch (source.kind) {
    case 'url': {
      const text = await (
        await get(source, source.url!, 'text/plain, text/csv, application/stix+json, application/json, */*', deps)
      ).text()
      return { reading: wholeList(text), whole: true, cursor: null }
    }
    case 'taxii':
      return await fetchTaxii(source, deps)
    case 'misp':
      return await fetchMisp(source, deps)
    default:
      throw new KanpekiError('feed_refused', 'This list is filled by people; there is nothing to fetch.')
  }
}

/** @throws KanpekiError `feed_unreadable` for a text of which nothing can be read: a page that says sorry empties no list. */
function wholeList(text: string): Reading {
  const reading = readText(text, 'auto')
  const isPage = text.trimStart().startsWith('<')
  const [first] = reading.skipped
  if (isPage || (reading.indicators.length === 0 && first !== undefined))
    throw new KanpekiError(
      'feed_unreadable',
      isPage
        ? 'The server answers with a page, not with a list.'
        : `Nothing in it is an indicator (${first?.reason.slice(0, 200)}).`,
      { remedy: 'Check the URL of the list; what it held stays.' },
    )
  return reading
}

/**
 * Objects of a TAXII 2.1 collection (OASIS, section 5.4): those added since the last fetch, page by page (`more`, `next`). The cursor is the
 * server's own `X-TAXII-Date-Added-Last`.
 */
async function fetchTaxii(source: Source, deps: FetchDeps): Promise<Fetched> {
  // Read as one: of an object that changes meanwhile, two versions may stand on different pages.
  const objects: JsonValue[] = []
  let next: string | undefined
  let cursor = source.cursor
  for (let page = 0; page < MOST_PAGES; page += 1) {
    const url = new URL(`${source.url!.replace(/\/*$/, '/').replace(/\/objects\/$/, '/')}objects/`)
    url.searchParams.set('limit', String(PAGE))
    url.searchParams.set('match[type]', 'indicator')
    if (source.cursor !== null) url.searchParams.set('added_after', source.cursor)
    if (next !== undefined) url.searchParams.set('next', next)
    const response = await get(source, url.href, TAXII, deps)
    const type = response.headers.get('content-type') ?? ''
    if (!type.startsWith('application/taxii+json'))
      throw new KanpekiError('feed_unreadable', `The server answers as ${type.slice(0, 60)}, not as TAXII 2.1.`, {
        remedy: 'Give the URL of a collection: …/collections/ID/.',
      })
    const envelope = jsonOf(await response.text())
    // An empty envelope has no objects at all.
    if (isJsonObject(envelope) && Array.isArray(envelope['objects'])) {
      for (const object of envelope['objects'] as readonly JsonValue[]) objects.push(object)
    }
    cursor = response.headers.get('x-taxii-date-added-last') ?? cursor
    const more = isJsonObject(envelope) && envelope['more'] === true ? envelope['next'] : undefined
    if (typeof more !== 'string') break
    next = more
  }
  return { reading: readStix({ objects }), whole: false, cursor }
}

/**
 * A MISP feed: `manifest.json` names its events with their times; those that changed since they were read are read. An event may be
 * published long after its time, so that the cursor holds the time of each (`{"read":{"UUID": seconds}}`), not the latest of all. An event
 * that the manifest does not name any more is withdrawn. Cursors of before say nothing of what an event held: everything is read anew.
 */
async function fetchMisp(source: Source, deps: FetchDeps): Promise<Fetched> {
  const base = source.url!.replace(/manifest\.json$/, '').replace(/\/*$/, '/')
  const manifest = jsonOf(await (await get(source, `${base}manifest.json`, 'application/json', deps)).text())
  if (!isJsonObject(manifest)) throw new KanpekiError('feed_unreadable', 'manifest.json is no manifest of a MISP feed.')
  const known = mispCursor(source.cursor)
  const all = Object.entries(manifest)
    .map(([uuid, about]) => ({ uuid, at: Number((isJsonObject(about) ? about['timestamp'] : undefined) ?? 0) || 0 }))
    .filter(({ uuid }) => /^[0-9a-f-]{36}$/i.test(uuid))
  const unread = all.filter((event) => known.get(event.uuid) !== event.at).sort((a, b) => a.at - b.at)
  const events = unread.slice(0, MOST_EVENTS)
  const named = new Set(all.map(({ uuid }) => uuid))
  const gone = [...known.keys()].filter((uuid) => !named.has(uuid))
  const parts: Reading[] = [{ indicators: [], skipped: [], withdrawn: gone }]
  for (const { uuid } of events)
    parts.push(readFeedEvent(jsonOf(await (await get(source, `${base}${uuid}.json`, 'application/json', deps)).text()), uuid))
  const later = new Set(unread.slice(MOST_EVENTS).map(({ uuid }) => uuid))
  // What is read later and was read before stays known by its old time, so that it is withdrawn if it goes meanwhile.
  const read = all.flatMap(({ uuid, at }) => {
    const time = later.has(uuid) ? known.get(uuid) : at
    return time === undefined ? [] : [[uuid, time]]
  })
  const whole = known.size === 0 && later.size === 0
  return { reading: together(parts), whole, cursor: JSON.stringify({ read: Object.fromEntries(read) }) }
}

/** The events that were read, with their times. */
function mispCursor(text: string | null): ReadonlyMap<string, JsonValue> {
  const cursor = text?.startsWith('{') === true ? jsonOf(text) : null
  const read = isJsonObject(cursor) ? cursor['read'] : undefined
  return new Map(Object.entries(isJsonObject(read ?? null) ? (read as JsonObject) : {}))
}

async function get(source: Source, url: string, accept: string, { outgoing }: FetchDeps): Promise<Response> {
  const { user, secret } = source
  const authorization =
    secret === undefined
      ? {}
      : {
          authorization:
            user === null
              ? /^\S+ \S/.test(secret)
                ? secret
                : `Bearer ${secret}`
              : `Basic ${Buffer.from(`${user}:${secret}`).toString('base64')}`,
        }
  const response = await outgoing.fetch(url, { headers: { accept, ...authorization }, timeoutMs: TIMEOUT_MS, maxBytes: LARGEST })
  if (response.ok) return response
  throw new KanpekiError('feed_refused', `${new URL(url).host} answers ${response.status}.`, {
    remedy:
      response.status === 401 || response.status === 403 ? 'Check user and secret of the list.' : 'Check the URL of the list.',
  })
}

function jsonOf(text: string): JsonValue {
  try {
    return JSON.parse(text) as JsonValue
  } catch {
    throw new KanpekiError('feed_unreadable', 'The server answers with something that is no JSON.')
  }
}

function together(parts: readonly Reading[]): Reading {
  return {
    indicators: parts.flatMap((part) => part.indicators),
    skipped: parts.flatMap((part) => part.skipped),
    withdrawn: parts.flatMap((part) => part.withdrawn ?? []),
    revised: parts.flatMap((part) => part.revised ?? []),
  }
}
