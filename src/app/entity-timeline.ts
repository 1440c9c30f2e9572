import type { TimelineRequest } from '../detect/alerts-detail.ts'
import type { EntityTimeline, Lane, TimelineEvent } from '../detect/schema.ts'
import type { StoredEvent } from '../kernel/event.ts'
import { getPath, type JsonObject, type JsonValue } from '../kernel/json.ts'
import type { Lake } from '../platform/lake/lake.ts'
import type { Query } from '../platform/lake/query/ast.ts'

const LANE_OF_CATEGORY: Readonly<Record<string, Lane>> = {
  web: 'web',
  process: 'process',
  file: 'file',
  registry: 'file',
  network: 'network',
  authentication: 'authentication',
  session: 'authentication',
  iam: 'authentication',
}

/** What says most about an event in a few words, by lane. */
const SUMMARY_FIELDS: Readonly<Record<Lane, readonly string[]>> = {
  web: ['url.original', 'url.path'],
  process: ['process.command_line', 'process.executable', 'process.name'],
  file: ['file.path', 'registry.path'],
  network: ['dns.question.name', 'destination.ip', 'destination.domain'],
  authentication: ['event.action', 'user.name'],
  other: ['event.action'],
}
const SUMMARY_LENGTH = 160

/** What an entity did around an alert: the events of its group key, and those of the alert itself. */
export function createEntityTimeline(
  lake: Pick<Lake, 'search' | 'count' | 'get'>,
): (request: TimelineRequest) => Promise<EntityTimeline> {
  return async ({ scope, group, eventIds, from, to, limit }) => {
    const search = { scope, query: groupQuery(group), range: { from, to } }
    const own = eventIds.slice(0, Math.min(50, limit))
    const [total, page, alertEvents] = await Promise.all([
      lake.count(search),
      lake.search({ ...search, limit, order: 'oldest' }),
      Promise.all(own.map((id) => lake.get(scope, id))),
    ])
    const events = new Map<string, StoredEvent>()
    for (const event of [...page.events, ...alertEvents]) if (event !== undefined) events.set(event.id, event)
    const ordered = [...events.values()].sort((a, b) => a.observed - b.observed)
    return {
      from: new Date(from).toISOString(),
      to: new Date(to).toISOString(),
      events: ordered.map(timelineEvent),
      total: Math.max(total, ordered.length),
    }
  }
}

function groupQuery(group: JsonObject): Query {
  const parts = Object.entries(group).flatMap(([field, value]): Query[] =>
    typeof value === 'string' || typeof value === 'number'
      ? [
          {
            kind: 'term',
            field: field === 'source' ? 'kanpeki.source' : field,
            match: { kind: 'text', text: String(value), quoted: true },
          },
        ]
      : [],
  )
  return parts.length === 1 ? parts[0]! : { kind: 'and', parts }
}

export function laneOf(doc: JsonObject): Lane {
  const category = getPath(doc, 'event.category')
  const names: readonly JsonValue[] = Array.isArray(category) ? category : category === undefined ? [] : [category as JsonValue]
  for (const name of names) {
    const lane = typeof name === 'string' ? LANE_OF_CATEGORY[name] : undefined
    if (lane !== undefined) return lane
  }
  return 'other'
}

function timelineEvent(event: StoredEvent): TimelineEvent {
  const lane = laneOf(event.doc)
  return {
    id: event.id,
    observed: new Date(event.observed).toISOString(),
    source: event.source,
    lane,
    summary: summaryOf(event.doc, lane),
  }
}

/** What says most about an event, in one short line. */
export function summaryOf(doc: JsonObject, lane: Lane): string {
  for (const field of [...SUMMARY_FIELDS[lane], 'message']) {
    const value = getPath(doc, field)
    if (typeof value === 'string' && value !== '') {
      const line = value.split('\n', 1)[0]!.trim()
      return line.length > SUMMARY_LENGTH ? `${line.slice(0, SUMMARY_LENGTH - 1)}…` : line
    }
  }
  return String(getPath(doc, 'event.code') ?? '')
}
