import { z } from 'zod'
import { KanpekiError } from '../kernel/error.ts'
import type { StoredEvent } from '../kernel/event.ts'
import { RawReply, type Route, route } from '../platform/http/route.ts'
import type { Lake, SearchRequest as LakeSearch } from '../platform/lake/lake.ts'
import { parseQuery } from '../platform/lake/query/parse.ts'
import { rangeBetween } from '../platform/lake/time-range.ts'
import { createExports } from './export-events.ts'
import {
  aroundQuerySchema,
  aroundReplySchema,
  type EventRow,
  exportQuerySchema,
  histogramReplySchema,
  histogramRequestSchema,
  searchReplySchema,
  searchRequestSchema,
  storedEventSchema,
  topReplySchema,
  topRequestSchema,
} from './schema.ts'

const AROUND_LIMIT = 1_000
const idParams = z.object({ id: z.string().min(1).max(1200) })

function rowOf(event: StoredEvent): EventRow {
  return {
    id: event.id,
    observed: new Date(event.observed).toISOString(),
    received: new Date(event.received).toISOString(),
    source: event.source,
    parser: event.parser,
    doc: event.doc,
  }
}

interface Asked {
  readonly query: string
  readonly from?: string | undefined
  readonly to?: string | undefined
}

function searchOf(scope: string, body: Asked, signal: AbortSignal): LakeSearch {
  const query = parseQuery(body.query)
  const range = rangeBetween(body.from, body.to)
  return { scope, query, signal, ...(range === undefined ? {} : { range }) }
}

export interface EventRoutesDeps {
  readonly lake: Lake
  /** For exports on their way. */
  readonly folder: string
}

/** The lake as the API shows it: search, export, histogram, top values, one event and what surrounds it. */
export function eventRoutes({ lake, folder }: EventRoutesDeps): Route[] {
  const exported = createExports({ lake, folder })
  return [
    route({
      method: 'POST',
      path: '/api/v1/events/search',
      permission: 'events:read',
      summary: 'Search events, newest first',
      body: searchRequestSchema,
      response: searchReplySchema,
      handle: async ({ body, caller, signal }) => {
        const found = await lake.search({
          ...searchOf(caller.scope, body, signal),
          limit: body.limit,
          ...(body.cursor === undefined ? {} : { after: body.cursor }),
        })
        return { events: found.events.map(rowOf), ...(found.cursor === undefined ? {} : { next: found.cursor }) }
      },
    }),
    route({
      method: 'POST',
      path: '/api/v1/events/count',
      permission: 'events:read',
      summary: 'Count events',
      body: searchRequestSchema.pick({ query: true, from: true, to: true }),
      response: z.object({ count: z.int() }),
      handle: async ({ body, caller, signal }) => ({ count: await lake.count(searchOf(caller.scope, body, signal)) }),
    }),
    route({
      method: 'POST',
      path: '/api/v1/events/histogram',
      permission: 'events:read',
      summary: 'Events per slice of time',
      body: histogramRequestSchema,
      response: histogramReplySchema,
      handle: async ({ body, caller, signal }) => {
        const range = { from: Date.parse(body.from), to: Date.parse(body.to) }
        if (range.to <= range.from) throw new KanpekiError('invalid_input', "The histogram's end is not after its beginning.")
        const step = Math.max(1, Math.ceil((range.to - range.from) / body.buckets))
        const buckets = await lake.histogram({ scope: caller.scope, query: parseQuery(body.query), range, step, signal })
        return {
          buckets: buckets.map(({ at, count }) => ({ at: new Date(at).toISOString(), count })),
          total: buckets.reduce((sum, { count }) => sum + count, 0),
        }
      },
    }),
    route({
      method: 'POST',
      path: '/api/v1/events/top',
      permission: 'events:read',
      summary: 'Most frequent values of a field',
      body: topRequestSchema,
      response: topReplySchema,
      handle: async ({ body, caller, signal }) => {
        const search = searchOf(caller.scope, body, signal)
        const exists: LakeSearch = {
          ...search,
          query: { kind: 'and', parts: [search.query, { kind: 'exists', field: body.field }] },
        }
        const [values, total] = await Promise.all([
          lake.top({ ...search, field: body.field, limit: body.limit }),
          lake.count(exists),
        ])
        return { values: [...values], total }
      },
    }),
    route({
      method: 'GET',
      path: '/api/v1/events/export',
      permission: 'events:read',
      summary: 'What a search finds, oldest first, as NDJSON, CSV or Parquet',
      query: exportQuerySchema,
      handle: async ({ query, caller, signal }) => {
        const { contentType, total, given, bytes } = await exported(
          searchOf(caller.scope, query, signal),
          query.format,
          query.limit,
          query.fields,
        )
        return new RawReply(contentType, bytes, {
          'cache-control': 'no-store',
          'content-disposition': `attachment; filename="events.${query.format}"`,
          'x-kanpeki-total': String(total),
          'x-kanpeki-given': String(given),
        })
      },
    }),
    route({
      method: 'GET',
      path: '/api/v1/events/:id',
      permission: 'events:read',
      summary: 'One event',
      params: idParams,
      response: storedEventSchema,
      handle: async ({ params, caller }) => {
        const event = await lake.get(caller.scope, params.id)
        if (event === undefined) throw new KanpekiError('not_found', 'There is no such event.')
        return rowOf(event)
      },
    }),
    route({
      method: 'GET',
      path: '/api/v1/events/:id/around',
      permission: 'events:read',
      summary: 'What the same host did just before and after an event',
      params: idParams,
      query: aroundQuerySchema,
      response: aroundReplySchema,
      handle: async ({ params, query, caller }) => {
        const { events, more } = await lake.around(caller.scope, params.id, query.seconds * 1000, AROUND_LIMIT)
        return { events: events.map(rowOf), truncated: more }
      },
    }),
  ]
}
