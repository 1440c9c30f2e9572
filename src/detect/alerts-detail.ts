import { KanpekiError, messageOf } from '../kernel/error.ts'
import { readJson } from '../platform/state/columns.ts'
import { rfc3339, type StoredDetail, summaryOf } from './alerts-view.ts'
import { alertById, type Db, earlierOfRule, historyOf, relatedTo } from './queries.ts'
import { entityRisk, LOOK_BACK_MS } from './risk/entity-risk.ts'
import { alertsOfEntities } from './risk/queries.ts'
import type { AlertDetail, EntityTimeline, HistoryEntry } from './schema.ts'
import type { AlertHistoryTable, AlertsTable } from './tables.ts'
import { undoable } from './verdicts.ts'

const RELATED = 20
const TIMELINE_EVENTS = 300
/** Around the alert's own events, so that what came before and after is seen. */
const TIMELINE_MARGIN_MS = 4 * 60_000
const TIMELINE_SPAN_MS = 6 * 60 * 60_000
const BEFORE_DAYS = 90
const DAY_MS = 86_400_000

/** What an entity did, from the lake. `group` is the rule's group key: field names and values to look for. */
export interface TimelineRequest {
  readonly scope: string
  readonly group: StoredDetail['group']
  readonly eventIds: readonly string[]
  /** Milliseconds UTC, `to` exclusive. */
  readonly from: number
  readonly to: number
  readonly limit: number
}

export interface DetailDeps {
  entityTimeline(request: TimelineRequest): Promise<EntityTimeline>
  /** Places in the ledger of entries known by their outbox number; absent while the outbox is not drained that far. */
  ledgerIndexes(outbox: readonly number[]): Promise<ReadonlyMap<number, number>>
}

/** @throws KanpekiError `not_found`. A lake that does not answer costs the timeline, never the alert. */
export async function alertDetail(db: Db, id: string, deps: DetailDeps, now: number): Promise<AlertDetail> {
  const row = await alertById(db, id)
  if (row === undefined) throw new KanpekiError('not_found', `There is no alert ${id}.`)
  const stored = readJson<StoredDetail>(row.detail)
  const [history, related, before, indexes, timeline, ofEntityNow] = await Promise.all([
    historyOf(db, id),
    relatedTo(db, row, RELATED),
    earlierOfRule(db, row, now - BEFORE_DAYS * DAY_MS),
    deps.ledgerIndexes([row.outbox]),
    timelineOf(row, stored, deps),
    alertsOfEntities(db, [row.entity_key], now - LOOK_BACK_MS),
  ])
  const index = indexes.get(row.outbox)
  const ofStory = related.filter((other) => other.story_id === row.story_id)
  const ofEntity = related.filter((other) => other.story_id !== row.story_id)
  return {
    ...summaryOf(row),
    risk: entityRisk(ofEntityNow, now),
    description: stored.description,
    descriptionJa: stored.descriptionJa,
    group: stored.group,
    fields: stored.fields,
    conditions: stored.conditions.map(({ text, fields }) => ({ text, fields: [...fields] })),
    eventIds: [...stored.eventIds],
    note: row.note,
    canUndo: undoable(history) !== undefined,
    history: [raisedEntry(row), ...history.map(historyEntry)],
    related: [...ofStory, ...ofEntity].map(summaryOf),
    ...timeline,
    evidence: index === undefined ? null : { index },
    before: { days: BEFORE_DAYS, ...before },
  }
}

async function timelineOf(
  row: AlertsTable,
  { group, eventIds }: StoredDetail,
  deps: DetailDeps,
): Promise<Pick<AlertDetail, 'timeline' | 'timelineMissing'>> {
  const from = row.first_observed - TIMELINE_MARGIN_MS
  const to = Math.min(row.last_observed + TIMELINE_MARGIN_MS, from + TIMELINE_SPAN_MS)
  try {
    const request = { scope: row.scope, group, eventIds, from, to, limit: TIMELINE_EVENTS }
    return { timeline: await deps.entityTimeline(request), timelineMissing: null }
  } catch (error) {
    return { timeline: null, timelineMissing: messageOf(error) }
  }
}

function raisedEntry(row: AlertsTable): HistoryEntry {
  return { at: rfc3339(row.raised), by: 'Kanpeki', action: 'raised', verdict: null, assignee: null, note: '' }
}

function historyEntry({ at, by_name, action, verdict, assignee, note }: AlertHistoryTable): HistoryEntry {
  return { at: rfc3339(at), by: by_name, action, verdict, assignee, note }
}
