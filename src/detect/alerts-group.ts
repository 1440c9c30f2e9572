import { hash } from 'node:crypto'
import type { Detection, MatchedCondition, RuleInfo } from '../kernel/detection.ts'
import { canonicalJson, isJsonObject, type JsonObject, type JsonValue } from '../kernel/json.ts'
import type { Entity, EntityKind } from './schema.ts'

/** Detections of one rule for one group key join an alert up to this long before its first or after its last event. */
export const ALERT_GAP_MS = 60 * 60_000
/** … but an alert never spans more than this, so that what goes on for days comes up again each day. */
export const ALERT_SPAN_MS = 24 * 60 * 60_000
/** Alerts of one entity that are no further apart than this tell one story. */
export const STORY_GAP_MS = 60 * 60_000

export const EVENT_IDS_KEPT = 100
const FIELD_CHARS_KEPT = 8192

/** What a detection may join. Times are milliseconds UTC. */
export interface Span {
  readonly first: number
  readonly last: number
}

/** An alert while detections are folded into it. */
export interface GrowingAlert {
  readonly id: string
  readonly scope: string
  readonly groupId: string
  readonly entity: Entity
  readonly rule: RuleInfo
  readonly group: JsonObject
  /** Of the first detection. */
  readonly fields: JsonObject
  readonly conditions: readonly MatchedCondition[]
  readonly received: number
  readonly detections: Detection[]
  readonly keys: string[]
  first: number
  last: number
}

/** An alert of the store when the batch began. A closed one takes no more, except what would have its very id and is no later than it. */
export interface KnownAlert extends Span {
  readonly id: string
  readonly groupId: string
  readonly open: boolean
  /** Somebody asked that it goes on counting and that nothing is raised anew: it takes whatever its group brings. */
  readonly quiet?: boolean
}

export interface Additions {
  readonly detections: Detection[]
  readonly keys: string[]
  first: number
  last: number
}

export interface Folded {
  readonly fresh: readonly GrowingAlert[]
  readonly additions: ReadonlyMap<string, Additions>
}

/** The first half of SHA-256 over parts with their lengths, so that no two lists of parts read alike. */
function digest(...parts: readonly string[]): string {
  return hash('sha256', parts.map((part) => `${part.length}:${part}`).join('')).slice(0, 32)
}

/** A detection with what identifies it. */
export interface Keyed {
  readonly detection: Detection
  /** The same for the same detection however often it is offered. */
  readonly key: string
  /** The same for all detections of one rule for one group key. */
  readonly groupId: string
  /** Of the alert that it would begin: rule and version, group key, first event. */
  readonly alertId: string
  /** The same where an alert with that id was closed before: a window that becomes true again may begin with the same event. */
  readonly laterId: string
}

/** Identifies detections; those of one rule and group share the work. */
export function keyed(detections: readonly Detection[]): readonly Keyed[] {
  const groupIds = new Map<string, string>()
  return detections.map((offered) => {
    const detection = onTheClock(offered)
    const { rule, group, scope, eventIds, eventCount } = detection
    const named = JSON.stringify([scope, rule.id, rule.version, canonicalJson(group)])
    const groupId = groupIds.get(named) ?? digest('group', named)
    groupIds.set(named, groupId)
    const key = digest('detection', groupId, String(eventCount), ...eventIds)
    return {
      detection,
      key,
      groupId,
      alertId: digest('alert', groupId, eventIds[0] ?? ''),
      laterId: digest('alert', groupId, eventIds[0] ?? '', key),
    }
  })
}

const LATEST_DATE_MS = 8.64e15

/** An event's own clock can say anything; the store keeps whole milliseconds that a date can hold. */
function onTheClock(detection: Detection): Detection {
  const { observed, received } = detection
  if (Number.isSafeInteger(observed) && Math.abs(observed) <= LATEST_DATE_MS && Number.isSafeInteger(received)) return detection
  const whole = (ms: number, otherwise: number): number =>
    Number.isFinite(ms) ? Math.min(Math.max(Math.trunc(ms), -LATEST_DATE_MS), LATEST_DATE_MS) : otherwise
  const arrived = whole(received, 0)
  return { ...detection, observed: whole(observed, arrived), received: arrived }
}

export function storyIdOf(scope: string, entityKey: string, alertId: string): string {
  return digest('story', scope, entityKey, alertId)
}

/** Group keys by what they name, most telling first. */
const ENTITY_FIELDS: readonly (readonly [EntityKind, readonly string[]])[] = [
  ['host', ['host.name', 'host.hostname', 'winlog.computer_name', 'Computer', 'host.id', 'agent.name']],
  ['user', ['user.name', 'user.id', 'user.email', 'winlog.event_data.TargetUserName', 'TargetUserName', 'User']],
  ['address', ['source.ip', 'client.ip', 'source.address', 'destination.ip', 'host.ip', 'IpAddress', 'SourceIp']],
]

/** What the alert is about. A detection without a group key is about its rule, so that such alerts do not lump together. */
export function entityOf(group: JsonObject, rule: RuleInfo): Entity {
  for (const [kind, fields] of ENTITY_FIELDS) {
    for (const field of fields) {
      const name = nameOf(group[field])
      if (name !== undefined) return { kind, name }
    }
  }
  for (const value of Object.values(group)) {
    const name = nameOf(value)
    if (name !== undefined) return { kind: 'other', name }
  }
  return { kind: 'other', name: rule.title }
}

function nameOf(value: JsonValue | undefined): string | undefined {
  const one = Array.isArray(value) ? value[0] : value
  if (typeof one === 'number') return String(one)
  return typeof one === 'string' && one !== '' ? one : undefined
}

export function entityKeyOf(entity: Entity): string {
  return `${entity.kind}:${entity.name.normalize('NFKC').toLowerCase()}`
}

/** May a detection observed at `observed` join what spans `span`? */
export function joins(span: Span, observed: number): boolean {
  const first = Math.min(span.first, observed)
  const last = Math.max(span.last, observed)
  return observed >= span.first - ALERT_GAP_MS && observed <= span.last + ALERT_GAP_MS && last - first <= ALERT_SPAN_MS
}

/**
 * Folds detections, in the order given, into the alerts that are known and into new ones. Depends on nothing but its
 * arguments, so that the same events in the same order always make the same alerts, however they are cut into batches.
 * Detections in `seen` are left out, and so is the second of two equal ones. Of several open alerts that fit, the one
 * with the latest event takes the detection.
 */
export function foldDetections(detections: readonly Keyed[], seen: ReadonlySet<string>, known: readonly KnownAlert[]): Folded {
  const taken = new Set(seen)
  const additions = new Map<string, Additions>()
  const fresh = new Map<string, GrowingAlert>()
  const byGroup = new Map<string, (KnownAlert | GrowingAlert)[]>()
  const knownById = new Map(known.map((alert) => [alert.id, alert]))
  for (const alert of known) if (alert.open || alert.quiet === true) listed(byGroup, alert.groupId).push(alert)
  for (const { detection, key, groupId, alertId, laterId } of detections) {
    if (taken.has(key)) continue
    taken.add(key)
    const candidates = listed(byGroup, groupId)
    const fitting = candidates.filter((alert) => isQuiet(alert) || joins(additions.get(alert.id) ?? alert, detection.observed))
    const found = fitting.reduce<KnownAlert | GrowingAlert | undefined>(
      (best, alert) => (best === undefined || isLater(alert, best, additions) ? alert : best),
      undefined,
    )
    if (found !== undefined && 'detections' in found) grow(found, detection, key)
    else if (found !== undefined) grow(additionsTo(additions, found), detection, key)
    else {
      const first = knownById.get(alertId)
      const id = first !== undefined && !first.open && detection.observed > first.last ? laterId : alertId
      const same = knownById.get(id)
      if (same !== undefined) grow(additionsTo(additions, same), detection, key)
      else {
        const alert = fresh.get(id) ?? begin(id, groupId, detection)
        if (!fresh.has(id)) candidates.push(alert)
        fresh.set(id, alert)
        grow(alert, detection, key)
      }
    }
  }
  return { fresh: [...fresh.values()], additions }
}

function isQuiet(alert: KnownAlert | GrowingAlert): boolean {
  return 'quiet' in alert && alert.quiet === true
}

function isLater(a: Span & { id: string }, b: Span & { id: string }, additions: ReadonlyMap<string, Additions>): boolean {
  const lastOfA = additions.get(a.id)?.last ?? a.last
  const lastOfB = additions.get(b.id)?.last ?? b.last
  return lastOfA === lastOfB ? a.id < b.id : lastOfA > lastOfB
}

function listed<T>(map: Map<string, T[]>, key: string): T[] {
  const list = map.get(key)
  if (list !== undefined) return list
  const made: T[] = []
  map.set(key, made)
  return made
}

function additionsTo(all: Map<string, Additions>, alert: KnownAlert): Additions {
  const there = all.get(alert.id)
  if (there !== undefined) return there
  const made: Additions = { detections: [], keys: [], first: alert.first, last: alert.last }
  all.set(alert.id, made)
  return made
}

function grow(into: Additions, detection: Detection, key: string): void {
  into.detections.push(detection)
  into.keys.push(key)
  into.first = Math.min(into.first, detection.observed)
  into.last = Math.max(into.last, detection.observed)
}

function begin(id: string, groupId: string, detection: Detection): GrowingAlert {
  const { rule, group, fields, conditions } = detection
  return {
    id,
    scope: detection.scope,
    groupId,
    entity: entityOf(group, rule),
    rule,
    group,
    fields: shortened(fields),
    conditions: conditions ?? conditionsOf(fields),
    received: detection.received,
    detections: [],
    keys: [],
    first: detection.observed,
    last: detection.observed,
  }
}

/** Where an engine gives no conditions, each field that matched is one. */
function conditionsOf(fields: JsonObject): readonly MatchedCondition[] {
  return Object.keys(fields).map((field) => ({ text: field, fields: [field] }))
}

/** Oldest first, bounded; the true number is counted beside it. */
export function eventIdsOf(before: readonly string[], detections: readonly Detection[]): readonly string[] {
  const ids = new Set(before)
  for (const detection of detections) {
    for (const id of detection.eventIds) {
      if (ids.size >= EVENT_IDS_KEPT) return [...ids]
      ids.add(id)
    }
  }
  return [...ids]
}

/** Values as they stand in the event, but a script of megabytes does not belong into every alert. */
function shortened(fields: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, shorten(value)]))
}

function shorten(value: JsonValue): JsonValue {
  if (typeof value === 'string') {
    if (value.length <= FIELD_CHARS_KEPT) return value
    return `${value.slice(0, FIELD_CHARS_KEPT)}… (+${value.length - FIELD_CHARS_KEPT})`
  }
  if (Array.isArray(value)) return value.slice(0, 100).map(shorten)
  return isJsonObject(value) ? shortened(value) : value
}
