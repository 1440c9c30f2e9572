import type { Caller } from '../../platform/http/route.ts'
import type { Db } from '../queries.ts'
import { isRole } from '../roles.ts'
import { mayDecide, whatIsThere } from './decide.ts'
import { type ReviewTotals, reviewTotals } from './queries.ts'
import type { ReviewItemView, ReviewView } from './schema.ts'
import type { ReviewItemsTable, ReviewsTable } from './tables.ts'

export async function reviewViews(db: Db, rows: readonly ReviewsTable[], now: number): Promise<ReviewView[]> {
  const totals = await reviewTotals(
    db,
    rows.map(({ id }) => id),
  )
  return rows.map((row) => reviewView(row, totals.get(row.id)!, now))
}

function reviewView(row: ReviewsTable, totals: ReviewTotals, now: number): ReviewView {
  return {
    id: row.id,
    scope: row.scope,
    name: row.name,
    origin: row.origin,
    opened: iso(row.opened),
    openedBy: row.opened_by,
    due: iso(row.due),
    state: row.finished === null ? 'open' : 'finished',
    overdue: isOverdue(row, now),
    finished: isoOrNull(row.finished),
    totals: { ...totals },
    hash: row.hash,
  }
}

export function isOverdue({ finished, due }: ReviewsTable, now: number): boolean {
  return finished === null && now > due
}

export async function itemViews(
  db: Db,
  caller: Caller,
  review: ReviewsTable,
  rows: readonly ReviewItemsTable[],
): Promise<ReviewItemView[]> {
  const there = await whatIsThere(db, rows)
  return rows.map((row) => ({
    id: row.id,
    kind: row.kind,
    subject: row.subject,
    name: row.name,
    account: row.account,
    owner: row.owner,
    may: row.may,
    scope: row.holds,
    origin: row.origin,
    lastUsed: isoOrNull(row.last_used),
    since: iso(row.since),
    expires: isoOrNull(row.expires),
    decision: row.decision,
    role: row.role !== null && isRole(row.role) ? row.role : null,
    note: row.note,
    decidedBy: row.by_name,
    decidedAt: isoOrNull(row.at),
    gone: !there.has(row.subject),
    canDecide: review.finished === null && row.decision === null && mayDecide(caller, row),
  }))
}

export function iso(ms: number): string {
  return new Date(ms).toISOString()
}

export function isoOrNull(ms: number | null): string | null {
  return ms === null ? null : iso(ms)
}
