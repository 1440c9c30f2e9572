import { KanpekiError } from '../kernel/error.ts'
import { asSeverity, folded, orNull, rfc3339, seconds, summaryOf } from './alerts-view.ts'
import {
  alertsOfStory,
  countJudgedSince,
  countMine,
  countsBySeverity,
  type Db,
  gravestOfStory,
  lastRaised,
  openInStories,
  type QueueCursor,
  type QueueFilter,
  type QueueRow,
  queuePage,
  queueTotals,
  raisedBetween,
  storyTotals,
} from './queries.ts'
import { entityRisk, LOOK_BACK_MS } from './risk/entity-risk.ts'
import { alertsOfEntities } from './risk/queries.ts'
import type { AlertCounts, QueueGroup, QueueQuery, QueueResponse } from './schema.ts'

const ALERTS_A_GROUP = 50
const ALERTS_FOR_FIGURES = 100_000
const DAY_MS = 86_400_000

/**
 * The queue of a scope, gravest first and then the latest raised. A filter chooses alerts; a group is listed when one of
 * its alerts is chosen, and then tells its whole story.
 * @param me the caller's account name, for `assignee=me`.
 * @param now for what findings weigh, milliseconds UTC.
 * @throws KanpekiError `bad_cursor`.
 */
export async function alertQueue(db: Db, query: QueueQuery, me: string, now: number): Promise<QueueResponse> {
  const filter: QueueFilter = {
    state: query.state,
    severities: query.severity?.split(',').map(Number) ?? [],
    words: folded(query.q ?? '')
      .split(/\s+/)
      .filter((word) => word !== ''),
    assignee: query.assignee === 'me' ? me : query.assignee,
  }
  const after = query.cursor === undefined ? undefined : readCursor(query.cursor)
  const rows = await queuePage(db, filter, after, query.limit + 1)
  const page = rows.slice(0, query.limit)
  const last = page.at(-1)
  return {
    groups: await groupsOf(db, page, filter, now),
    next: rows.length > page.length && last !== undefined ? writeCursor([last.severity, last.raised, last.story_id]) : null,
    totals: await queueTotals(db, filter),
  }
}

async function groupsOf(db: Db, page: readonly QueueRow[], filter: QueueFilter, now: number): Promise<QueueGroup[]> {
  const ids = page.map((row) => row.story_id)
  const [totals, open] = await Promise.all([storyTotals(db, ids), openInStories(db, ids)])
  const totalsById = new Map(totals.map((row) => [row.story_id, row]))
  const groups = await Promise.all(
    page.map(async (row): Promise<(QueueGroup & { readonly entityKey: string }) | undefined> => {
      const total = totalsById.get(row.story_id)
      const [gravest, alerts] = await Promise.all([
        gravestOfStory(db, row.story_id, filter),
        alertsOfStory(db, row.story_id, ALERTS_A_GROUP),
      ])
      // Gone or judged by somebody else between the two reads.
      if (total === undefined || gravest === undefined) return undefined
      const openCount = open.get(row.story_id) ?? 0
      const children = alerts.map(summaryOf)
      return {
        id: row.story_id,
        entityKey: gravest.entity_key,
        risk: 0,
        entity: { kind: gravest.entity_kind, name: gravest.entity_name },
        severity: asSeverity(row.severity),
        title: gravest.title,
        titleJa: gravest.title_ja,
        rules: total.rules,
        alertCount: total.alerts,
        count: total.count,
        openCount,
        techniques: [...new Set(children.flatMap((alert) => alert.techniques))],
        firstObserved: rfc3339(total.first),
        lastObserved: rfc3339(total.last),
        raisedAt: rfc3339(total.raised),
        state: openCount > 0 ? 'open' : 'closed',
        alerts: children,
      }
    }),
  )
  const there = groups.filter((group) => group !== undefined)
  const keys = [...new Set(there.map((group) => group.entityKey))]
  const rows = Map.groupBy(await alertsOfEntities(db, keys, now - LOOK_BACK_MS), (row) => row.entity_key)
  return there.map(({ entityKey, ...group }) => ({ ...group, risk: entityRisk(rows.get(entityKey) ?? [], now).points }))
}

export async function alertCounts(db: Db, me: string, now: number): Promise<AlertCounts> {
  const open: QueueFilter = { state: 'open', severities: [], words: [], assignee: undefined }
  const [totals, bySeverity, mine, closed, recent, last] = await Promise.all([
    queueTotals(db, open),
    countsBySeverity(db),
    countMine(db, me),
    countJudgedSince(db, now - DAY_MS),
    raisedBetween(db, now - DAY_MS, now + 1, ALERTS_FOR_FIGURES),
    lastRaised(db),
  ])
  const counted = new Map(bySeverity.map((row) => [row.severity, row.n]))
  const delays = recent.map((row) => row.raised - row.received).sort((a, b) => a - b)
  return {
    openGroups: totals.groups,
    openAlerts: totals.alerts,
    openBySeverity: Object.fromEntries(([1, 2, 3, 4, 5] as const).map((level) => [String(level), counted.get(level) ?? 0])),
    mine,
    closed24h: closed,
    raised24h: recent.length,
    detections24h: recent.reduce((sum, row) => sum + row.count, 0),
    lastRaised: orNull(last),
    delayP95Seconds: delays.length === 0 ? null : seconds(quantile(delays, 0.95)),
  }
}

/** Nearest-rank quantile of numbers in ascending order, at least one: the smallest that `q` of them do not exceed. */
export function quantile(ascending: readonly number[], q: number): number {
  const rank = Math.max(1, Math.ceil(q * ascending.length))
  return ascending[Math.min(rank, ascending.length) - 1] ?? Number.NaN
}

function writeCursor(cursor: QueueCursor): string {
  return Buffer.from(JSON.stringify(cursor)).toString('base64url')
}

function readCursor(text: string): QueueCursor {
  try {
    const cursor: unknown = JSON.parse(Buffer.from(text, 'base64url').toString())
    if (Array.isArray(cursor) && typeof cursor[0] === 'number' && typeof cursor[1] === 'number' && typeof cursor[2] === 'string')
      return [cursor[0], cursor[1], cursor[2]]
  } catch {
    // Said below.
  }
  throw new KanpekiError('bad_cursor', 'The cursor is not one that this server gave.', { remedy: 'Start without a cursor.' })
}
