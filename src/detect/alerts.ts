import { createHash } from 'node:crypto'
import type { Kysely } from 'kysely'
import { type Detection, severityOfLevel } from '../kernel/detection.ts'
import type { Evidence } from '../kernel/evidence.ts'
import { canonicalJson, type JsonObject } from '../kernel/json.ts'
import { jsonText, readJson } from '../platform/state/columns.ts'
import { recordEvidence } from '../platform/state/outbox.ts'
import {
  type Additions,
  ALERT_GAP_MS,
  EVENT_IDS_KEPT,
  entityKeyOf,
  eventIdsOf,
  type Folded,
  foldDetections,
  type GrowingAlert,
  keyed,
  STORY_GAP_MS,
  storyIdOf,
} from './alerts-group.ts'
import { folded, rfc3339, type StoredDetail, summaryOf } from './alerts-view.ts'
import { applyExceptions, type DocOf, type Excepted } from './exceptions/apply.ts'
import { enqueueNotices } from './notify/enqueue.ts'
import {
  candidates,
  closedBefore,
  countAbout,
  type Db,
  deleteAlerts,
  forgetSeen,
  insertAlerts,
  insertSeen,
  type StoryRow,
  seenKeys,
  storiesNear,
  updateAlert,
  upsertProofs,
} from './queries.ts'
import { riskDetections } from './risk/raise.ts'
import { confidences, criticalityIn, PRIOR_CONFIDENCE } from './risk/weigh.ts'
import type { AlertSummary } from './schema.ts'
import type { AlertsTable, DetectTables } from './tables.ts'

export interface Recorded {
  /** Alerts that were not there before, in order. */
  readonly raised: readonly AlertSummary[]
  /** Alerts that grew, as they are now. */
  readonly updated: readonly AlertSummary[]
  /** Detections that were already part of an alert and changed nothing. */
  readonly repeated: number
  /** Detections that exceptions hid and counted. */
  readonly hidden: number
}

/**
 * Turns detections into alerts inside the caller's transaction, with their evidence. Idempotent: a detection that was
 * recorded before changes nothing, so a batch may be replayed. `now` is milliseconds UTC; what is grouped with what does
 * not depend on it.
 * @param docOf documents of the events at hand: what exceptions look at, and where the inventory's word stands.
 */
export async function recordDetections<T>(
  trx: Kysely<T>,
  detections: readonly Detection[],
  now: number,
  docOf: DocOf = () => undefined,
): Promise<Recorded> {
  if (detections.length === 0) return { raised: [], updated: [], repeated: 0, hidden: 0 }
  const db = trx as unknown as Db
  const all = keyed(detections)
  const seen = await seenKeys(db, [...new Set(all.map(({ key }) => key))])
  const offered = all.filter(({ key }) => !seen.has(key))
  const { kept: unseen, hidden } = await applyExceptions(db, offered, now, docOf)
  await insertSeen(db, hiddenSeen(hidden))
  const counted = { hidden: hidden.size, repeated: detections.length - offered.length }
  if (unseen.length === 0) return { raised: [], updated: [], ...counted }
  const groupIds = new Set(unseen.map(({ groupId }) => groupId))
  const observed = unseen.map(({ detection }) => detection.observed)
  const known = await candidates(
    db,
    [...groupIds],
    [...new Set(unseen.flatMap(({ alertId, laterId }) => [alertId, laterId]))],
    observed.reduce((a, b) => Math.min(a, b)) - ALERT_GAP_MS,
    observed.reduce((a, b) => Math.max(a, b)) + ALERT_GAP_MS,
    now,
  )
  const result = foldDetections(
    unseen,
    seen,
    known.map((row) => ({
      id: row.id,
      groupId: row.group_id,
      first: row.first_observed,
      last: row.last_observed,
      open: row.state === 'open',
      quiet: row.quiet_until !== null && row.quiet_until > now,
    })),
  )
  const grown = known.flatMap((row) => {
    const more = result.additions.get(row.id)
    return more === undefined ? [] : [grownRow(row, more, now)]
  })
  const fresh = await freshRows(db, result.fresh, now, docOf)
  const evidence = [...fresh.map((row) => raisedEvidence(row, now)), ...grownEvidence(grown, now)]
  const first = (await recordEvidence(trx, evidence, { now: () => now })) - evidence.length + 1
  const raised = fresh.map((row, index) => ({ ...row, outbox: first + index }))
  await insertAlerts(db, raised)
  for (const row of grown) await updateAlert(db, row.id, changeOf(row))
  const newlySeen = seenRows(result)
  await insertSeen(db, newlySeen)
  await upsertProofs(db, [...raised, ...grown].flatMap(proofsOf))
  await enqueueNotices(trx, raised, 'alert.raised', now)
  const risky = await riskDetections(db, raised, now)
  const risen = await recordDetections(trx, risky, now)
  return {
    raised: [...raised.map(summaryOf), ...risen.raised],
    updated: grown.map(summaryOf),
    hidden: hidden.size,
    repeated: detections.length - newlySeen.length - hidden.size,
  }
}

/** Forgets which detections were seen when their events arrived before a time: none of them can be replayed any more. */
export async function forgetDetections<T>(trx: Kysely<T>, receivedBefore: number): Promise<void> {
  await forgetSeen(trx as unknown as Db, receivedBefore)
}

/**
 * Forgets closed alerts that nothing happened to since a time; at most `most` at once. What was decided about them stays in
 * the ledger.
 * @returns how many.
 */
export async function forgetAlerts<T>(trx: Kysely<T>, updatedBefore: number, most: number): Promise<number> {
  const db = trx as unknown as Db
  const ids = await closedBefore(db, updatedBefore, most)
  await deleteAlerts(db, ids)
  return ids.length
}

/** How many alerts are about something of one of these names, of every scope where none is given. */
export async function alertsAbout<T>(db: Kysely<T>, names: readonly string[], scope: string | undefined): Promise<number> {
  return await countAbout(
    db as unknown as Db,
    names.map((name) => name.toLowerCase()),
    scope,
  )
}

function seenRows({ fresh, additions }: Folded): DetectTables['detect_seen'][] {
  const parts: (readonly [string, Pick<Additions, 'detections' | 'keys'>])[] = [
    ...fresh.map((alert) => [alert.id, alert] as const),
    ...additions,
  ]
  return parts.flatMap(([alertId, part]) =>
    part.detections.map((detection, index) => ({
      key: part.keys[index] ?? '',
      scope: detection.scope,
      alert_id: alertId,
      received: detection.received,
    })),
  )
}

function hiddenSeen(hidden: Excepted['hidden']): DetectTables['detect_seen'][] {
  return [...hidden].map(([key, { exception, keyed: one }]) => ({
    key,
    scope: one.detection.scope,
    alert_id: exception,
    received: one.detection.received,
  }))
}

async function freshRows(db: Db, alerts: readonly GrowingAlert[], now: number, docOf: DocOf): Promise<AlertsTable[]> {
  if (alerts.length === 0) return []
  const right = await confidences(db, [...new Set(alerts.map((alert) => alert.rule.id))], now)
  const keys = [...new Set(alerts.map((alert) => entityKeyOf(alert.entity)))]
  const from = Math.min(...alerts.map((alert) => alert.first)) - STORY_GAP_MS
  const to = Math.max(...alerts.map((alert) => alert.last)) + STORY_GAP_MS
  const stories: StoryRow[] = await storiesNear(db, keys, from, to)
  return alerts.map((alert) => {
    const row = {
      ...freshRow(alert, stories, now),
      criticality: criticalityIn(docOf(alert.detections[0]?.eventIds.at(-1) ?? '')),
      confidence: right(alert.scope, alert.rule.id),
    }
    stories.push(row)
    return row
  })
}

function freshRow(alert: GrowingAlert, stories: readonly StoryRow[], now: number): AlertsTable {
  const { rule, entity } = alert
  const entityKey = entityKeyOf(entity)
  const story = stories.find(
    (row) =>
      row.entity_key === entityKey &&
      row.scope === alert.scope &&
      row.last_observed >= alert.first - STORY_GAP_MS &&
      row.first_observed <= alert.last + STORY_GAP_MS,
  )
  const detail: StoredDetail = {
    description: rule.description,
    descriptionJa: rule.ja?.description ?? rule.description,
    group: alert.group,
    fields: alert.fields,
    conditions: alert.conditions,
    ...latestFigures(alert.detections),
    eventIds: eventIdsOf([], alert.detections),
  }
  const titleJa = rule.ja?.title ?? rule.title
  return {
    id: alert.id,
    scope: alert.scope,
    story_id: story?.story_id ?? storyIdOf(alert.scope, entityKey, alert.id),
    group_id: alert.groupId,
    rule_id: rule.id,
    rule_version: rule.version,
    title: rule.title,
    title_ja: titleJa,
    level: rule.level,
    severity: severityOfLevel[rule.level],
    file: rule.file,
    entity_kind: entity.kind,
    entity_name: entity.name,
    entity_key: entityKey,
    techniques: jsonText(rule.techniques),
    tactics: jsonText(rule.tactics),
    count: alert.detections.length,
    event_count: eventsIn(alert.detections),
    first_observed: alert.first,
    last_observed: alert.last,
    received: alert.received,
    raised: now,
    updated: now,
    state: 'open',
    verdict: null,
    judged: null,
    quiet_until: null,
    criticality: null,
    confidence: PRIOR_CONFIDENCE,
    acknowledged: null,
    assignee: null,
    note: '',
    search: folded([rule.title, titleJa, entity.name, rule.id, ...rule.techniques, ...rule.tactics].join(' ')),
    outbox: 0,
    detail: jsonText(detail),
  }
}

function eventsIn(detections: readonly Detection[]): number {
  return detections.reduce((sum, detection) => sum + detection.eventCount, 0)
}

function grownRow(row: AlertsTable, more: Additions, now: number): AlertsTable {
  return {
    ...row,
    count: row.count + more.detections.length,
    event_count: row.event_count + eventsIn(more.detections),
    first_observed: more.first,
    last_observed: more.last,
    updated: now,
    detail: grownDetail(row.detail, more.detections, row.count),
  }
}

function grownDetail(text: string, detections: readonly Detection[], count: number): string {
  const figures = latestFigures(detections)
  if (count >= EVENT_IDS_KEPT && figures === undefined) return text
  const detail = readJson<StoredDetail>(text)
  return jsonText({ ...detail, ...figures, eventIds: eventIdsOf(detail.eventIds, detections) })
}

/** What is usual stays, how far from it somebody is by now does not: of behaviour the latest finding is shown. */
function latestFigures(detections: readonly Detection[]): Pick<StoredDetail, 'fields' | 'conditions'> | undefined {
  const latest = detections.at(-1)
  if (latest?.rule.engine !== 'behaviour') return undefined
  return { fields: latest.fields, conditions: latest.conditions ?? [] }
}

function changeOf(row: AlertsTable) {
  const { count, event_count, first_observed, last_observed, updated, detail } = row
  return { count, event_count, first_observed, last_observed, updated, detail }
}

/** An alert that grows proves its techniques again, so the time of its last growth counts. */
function proofsOf(row: AlertsTable): DetectTables['detect_proofs'][] {
  return [...new Set(readJson<string[]>(row.techniques))].map((technique) => ({
    alert_id: row.id,
    technique,
    scope: row.scope,
    raised: row.raised,
    last: row.updated,
  }))
}

// ── Evidence ──

const EVENTS_IN_EVIDENCE = 20
const FIELDS_IN_EVIDENCE = 4096
const UPDATES_IN_ONE = 200

function raisedEvidence(row: AlertsTable, now: number): Evidence {
  const { group, fields, eventIds } = readJson<StoredDetail>(row.detail)
  const text = canonicalJson(fields)
  const body: JsonObject = {
    alert: row.id,
    change: 'raised',
    story: row.story_id,
    rule: row.rule_id,
    ruleVersion: row.rule_version,
    title: row.title,
    severity: row.severity,
    techniques: readJson<string[]>(row.techniques),
    entity: { kind: row.entity_kind, name: row.entity_name },
    group,
    count: row.count,
    eventCount: row.event_count,
    events: eventIds.slice(0, EVENTS_IN_EVIDENCE),
    firstObserved: rfc3339(row.first_observed),
    raised: rfc3339(now),
    fieldsSha256: createHash('sha256').update(text).digest('hex'),
    ...(text.length <= FIELDS_IN_EVIDENCE ? { fields } : {}),
  }
  return { type: 'alert', scope: row.scope, observed: row.last_observed, received: row.received, body }
}

/** One entry for many updates: an entry for each would outnumber the events of a noisy rule. */
function grownEvidence(rows: readonly AlertsTable[], now: number): Evidence[] {
  return chunksByScope(rows).map(([scope, chunk]) => ({
    type: 'alert' as const,
    scope,
    observed: Math.max(...chunk.map((row) => row.last_observed)),
    received: now,
    body: {
      change: 'grown',
      alerts: chunk.map((row) => ({
        alert: row.id,
        count: row.count,
        eventCount: row.event_count,
        lastObserved: rfc3339(row.last_observed),
      })),
    },
  }))
}

function chunksByScope(rows: readonly AlertsTable[]): (readonly [string, readonly AlertsTable[]])[] {
  return [...Map.groupBy(rows, (row) => row.scope)].flatMap(([scope, all]) => {
    const count = Math.ceil(all.length / UPDATES_IN_ONE)
    return Array.from({ length: count }, (_, n) => [scope, all.slice(n * UPDATES_IN_ONE, (n + 1) * UPDATES_IN_ONE)] as const)
  })
}
