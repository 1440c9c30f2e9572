import { KanpekiError } from '../../kernel/error.ts'
import { csvLine } from '../../platform/csv.ts'
import { RawReply, type Route, route } from '../../platform/http/route.ts'
import type { Db } from '../queries.ts'
import type { PartDeps } from '../scopes/deps.ts'
import { decide } from './decide.ts'
import { openByHand } from './open.ts'
import { findReview, type ItemCursor, itemsById, listReviews, reviewItems } from './queries.ts'
import {
  decideReplySchema,
  decideSchema,
  reviewDetailSchema,
  reviewItemsQuerySchema,
  reviewParamsSchema,
  reviewSchema,
  reviewsReplySchema,
} from './schema.ts'
import type { ReviewItemsTable, ReviewsTable } from './tables.ts'
import { isoOrNull, itemViews, reviewViews } from './view.ts'

const REVIEWS_SHOWN = 100
const ITEMS_EXPORTED = 100_000
const COLUMNS = [
  'kind',
  'subject',
  'name',
  'owner',
  'may',
  'scope',
  'last_used',
  'since',
  'expires',
  'decision',
  'role',
  'note',
  'by',
  'at',
]

/** The access review: whoever has access is looked at by somebody else, each quarter (ISO/IEC 27001 A.5.18). */
export function reviewRoutes(deps: PartDeps): Route[] {
  const own = async (db: Db, scope: string, id: string): Promise<ReviewsTable> => {
    const review = await findReview(db, scope, id)
    if (review === undefined) throw new KanpekiError('not_found', 'There is no such review.')
    return review
  }
  return [
    route({
      method: 'GET',
      path: '/api/v1/reviews',
      permission: 'access:read',
      summary: 'Access reviews, newest first',
      response: reviewsReplySchema,
      handle: async ({ caller }) => {
        const rows = await listReviews(deps.db, caller.scope, REVIEWS_SHOWN)
        return { items: await reviewViews(deps.db, rows, deps.clock.now()) }
      },
    }),
    route({
      method: 'POST',
      path: '/api/v1/reviews',
      permission: 'access:write',
      summary: 'Open an access review now',
      response: reviewSchema,
      handle: async ({ caller }) => {
        const now = deps.clock.now()
        return await deps.record(async (db) => {
          const { review, evidence } = await openByHand(db, caller, now)
          return { result: (await reviewViews(db, [review], now))[0]!, evidence }
        })
      },
    }),
    route({
      method: 'GET',
      path: '/api/v1/reviews/:id',
      permission: 'access:read',
      summary: 'An access review and its items',
      params: reviewParamsSchema,
      query: reviewItemsQuerySchema,
      response: reviewDetailSchema,
      handle: async ({ params, query, caller }) => {
        const review = await own(deps.db, caller.scope, params.id)
        const after = query.cursor === undefined ? undefined : readCursor(query.cursor)
        const rows = await reviewItems(deps.db, review.id, query, after, query.limit + 1)
        const page = rows.slice(0, query.limit)
        const last = rows.length > query.limit ? page.at(-1) : undefined
        return {
          review: (await reviewViews(deps.db, [review], deps.clock.now()))[0]!,
          items: await itemViews(deps.db, caller, review, page),
          next: last === undefined ? null : Buffer.from(JSON.stringify([last.kind, last.name, last.id])).toString('base64url'),
        }
      },
    }),
    route({
      method: 'POST',
      path: '/api/v1/reviews/:id/decide',
      permission: 'access:write',
      summary: 'Keep, change or remove access; the last decision finishes the review',
      params: reviewParamsSchema,
      body: decideSchema,
      response: decideReplySchema,
      handle: async ({ params, body, caller }) => {
        const now = deps.clock.now()
        return await deps.record(async (db) => {
          const evidence = await decide(db, caller, params.id, body, now)
          const review = await own(db, caller.scope, params.id)
          const items = await itemViews(db, caller, review, await itemsById(db, review.id, body.items))
          return { result: { review: (await reviewViews(db, [review], now))[0]!, items }, evidence }
        })
      },
    }),
    route({
      method: 'GET',
      path: '/api/v1/reviews/:id/export',
      permission: 'access:read',
      summary: 'An access review as CSV',
      params: reviewParamsSchema,
      handle: async ({ params, caller }) => {
        const review = await own(deps.db, caller.scope, params.id)
        const items = await reviewItems(deps.db, review.id, { state: 'all' }, undefined, ITEMS_EXPORTED)
        return new RawReply('text/csv; charset=utf-8', csvLine(COLUMNS) + items.map(lineOf).join(''), {
          'cache-control': 'no-store',
          'content-disposition': `attachment; filename="access-review-${review.scope}-${review.name}.csv"`,
        })
      },
    }),
  ]
}

function lineOf(item: ReviewItemsTable): string {
  const { kind, subject, name, owner, may, holds, decision, role, note, by_name } = item
  const times = [item.last_used, item.since, item.expires].map(isoOrNull)
  return csvLine([kind, subject, name, owner, may, holds, ...times, decision, role, note, by_name, isoOrNull(item.at)])
}

function readCursor(text: string): ItemCursor {
  try {
    const cursor: unknown = JSON.parse(Buffer.from(text, 'base64url').toString())
    const [kind, name, id] = Array.isArray(cursor) ? (cursor as unknown[]) : []
    if (typeof kind === 'string' && typeof name === 'string' && typeof id === 'string') return [kind, name, id]
  } catch {
    // Not ours either.
  }
  throw new KanpekiError('bad_cursor', 'The cursor is not one that this server gave.', { remedy: 'Start without a cursor.' })
}
