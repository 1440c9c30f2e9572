import type { Detection, RuleInfo } from '../../kernel/detection.ts'
import { DEFAULT_SCOPE, type StoredEvent } from '../../kernel/event.ts'
import type { JsonObject, JsonValue } from '../../kernel/json.ts'
import type { IndicatorHit, IndicatorIndex } from './indicator-index.ts'
import { indicatorRule } from './rules.ts'

type Ask = 'address' | 'domain' | 'url' | 'hash'

/** Where events say with whom and with what they have to do (ECS). */
const PLACES: readonly (readonly [path: string, ask: Ask])[] = [
  ['source.ip', 'address'],
  ['destination.ip', 'address'],
  ['client.ip', 'address'],
  ['server.ip', 'address'],
  ['source.nat.ip', 'address'],
  ['destination.nat.ip', 'address'],
  ['network.forwarded_ip', 'address'],
  ['dns.resolved_ip', 'address'],
  ['dns.answers.data', 'address'],
  ['related.ip', 'address'],
  ['dns.question.name', 'domain'],
  ['dns.answers.data', 'domain'],
  ['url.domain', 'domain'],
  ['source.domain', 'domain'],
  ['destination.domain', 'domain'],
  ['client.domain', 'domain'],
  ['server.domain', 'domain'],
  ['tls.client.server_name', 'domain'],
  ['url.full', 'url'],
  ['url.original', 'url'],
  ['http.request.referrer', 'url'],
  ['file.hash', 'hash'],
  ['process.hash', 'hash'],
  ['process.parent.hash', 'hash'],
  ['dll.hash', 'hash'],
  ['driver.hash', 'hash'],
  ['related.hash', 'hash'],
  ['email.attachments.file.hash', 'hash'],
]

interface Node {
  readonly key: string
  readonly asks: { readonly path: string; readonly ask: Ask }[]
  readonly below: Node[]
}

/** The places as a tree, so that an event is walked once, and only where it has something. */
const TREE: Node = { key: '', asks: [], below: [] }
for (const [path, ask] of PLACES) {
  let node = TREE
  for (const key of path.split('.')) {
    let next = node.below.find((one) => one.key === key)
    if (next === undefined) {
      next = { key, asks: [], below: [] }
      node.below.push(next)
    }
    node = next
  }
  node.asks.push({ path, ask })
}
/** Whose host is worth asking about. */
const URL_ASKS: ReadonlySet<Ask> = new Set(['url'])

/** One event that has to do with something on a list. */
export interface EventHit {
  readonly hit: IndicatorHit
  readonly path: string
  readonly value: string
}

/** What of an event is on a list, each indicator once. Allocates nothing where nothing is. */
export function hitsOf(index: IndicatorIndex, doc: JsonObject): readonly EventHit[] {
  let hits: EventHit[] | undefined
  let known: Set<string> | undefined
  walk(TREE, doc)
  return hits ?? NONE

  function walk(node: Node, here: JsonValue): void {
    if (Array.isArray(here)) {
      for (const element of here as readonly JsonValue[]) walk(node, element)
      return
    }
    if (typeof here === 'object' && here !== null) {
      for (const { path, ask } of node.asks)
        if (ask === 'hash') for (const member of Object.values(here)) askAbout(path, ask, member)
      for (const next of node.below) {
        const value = (here as JsonObject)[next.key]
        if (value !== undefined && value !== null && typeof value !== 'function') walk(next, value)
      }
      return
    }
    for (const { path, ask } of node.asks) askAbout(path, ask, here)
  }

  function askAbout(path: string, ask: Ask, value: JsonValue | undefined): void {
    if (typeof value !== 'string' || value === '') return
    const take = (hit: IndicatorHit): void => {
      hits ??= []
      known ??= new Set()
      // An event may name thousands of listed addresses.
      const key = `${hit.list.id} ${hit.value}`
      if (known.has(key)) return
      known.add(key)
      hits.push({ hit, path, value })
    }
    index[ask](value, take)
    if (!URL_ASKS.has(ask)) return
    const host = hostOf(value)
    if (host === undefined) return
    if (/^[\d.]+$|:/.test(host)) index.address(host, take)
    else index.domain(host, take)
  }
}

const NONE: readonly EventHit[] = []
const NO_DETECTIONS: readonly Detection[] = []

type ComparedEvent = Omit<StoredEvent, 'sequence'>

/** A URL whose host is as it is written. An address may be written otherwise: as one number, as hexadecimal. */
const PLAIN_URL = /^[a-z][a-z0-9+.-]*:\/\/([a-z0-9_-]+(?:\.[a-z0-9_-]+)*\.[a-z][a-z0-9-]*)(?::\d*)?(?:[/?#]|$)/i

/** The host that a browser would ask, of `scheme://user@host:port/…` in whatever spelling. */
function hostOf(url: string): string | undefined {
  const plain = PLAIN_URL.exec(url)?.[1]
  if (plain !== undefined) return plain.toLowerCase()
  const parsed = URL.parse(url)?.hostname ?? ''
  if (parsed !== '') return parsed.startsWith('[') ? parsed.slice(1, -1) : parsed.toLowerCase()
  const match = /^[a-z][a-z0-9+.-]*:\/\/(?:[^/?#@]*@)?(\[[^\]]+\]|[^/?#:]+)/i.exec(url)?.[1]
  return match?.startsWith('[') === true ? match.slice(1, -1) : match?.toLowerCase()
}

/** Whom an alert is about, beside the indicator. */
const ENTITY_FIELDS = ['host.name', 'source.ip', 'user.name'] as const

/**
 * Detections of an event: one for each indicator on it that was valid when the event was observed, by lists of the event's scope and of
 * the shared one.
 * @param past whether the event was stored before the indicator was known.
 */
export function indicatorDetections(index: IndicatorIndex, event: ComparedEvent, past = false): readonly Detection[] {
  if (index.size === 0) return NO_DETECTIONS
  const hits = hitsOf(index, event.doc)
  if (hits.length === 0) return NO_DETECTIONS
  // Of several lists the surest speaks: the alert is of the first detection's severity.
  const surest = hits.length === 1 ? hits : [...hits].sort((a, b) => b.hit.confidence - a.hit.confidence)
  return surest.flatMap((one) => {
    const { hit } = one
    if (hit.list.scope !== DEFAULT_SCOPE && hit.list.scope !== event.scope) return []
    if (hit.until !== null && event.observed >= hit.until) return []
    return [detectionOf(one, event, past)]
  })
}

function detectionOf({ hit, path, value }: EventHit, event: ComparedEvent, past: boolean): Detection {
  const rule: RuleInfo = indicatorRule(hit.kind, hit.confidence, past)
  const until = hit.until === null ? '' : `, until ${new Date(hit.until).toISOString().slice(0, 10)}`
  const text = `${path} ${value} ∈ ${hit.list.name}: ${hit.value} (${hit.confidence}/100${until})${hit.note === '' ? '' : ` — ${hit.note}`}`
  return {
    rule,
    eventIds: [event.id],
    eventCount: 1,
    fields: { [path]: value },
    conditions: [{ text, fields: [path] }],
    group: { ...entityOf(event), 'threat.indicator': hit.value },
    observed: event.observed,
    received: event.received,
    scope: event.scope,
  }
}

function entityOf(event: ComparedEvent): JsonObject {
  for (const field of ENTITY_FIELDS) {
    const [first = '', second = ''] = field.split('.')
    const parent = event.doc[first]
    const value = typeof parent === 'object' && parent !== null ? (parent as JsonObject)[second] : undefined
    if (typeof value === 'string' && value !== '') return { [field]: value }
  }
  return { source: event.source }
}
