import { DEFAULT_SCOPE } from '../../kernel/event.ts'
import { EVERY_SCOPE } from '../../platform/http/route.ts'
import type { Db } from '../queries.ts'
import type { ReviewKind } from './schema.ts'
import type { ReviewItemsTable, ReviewsTable } from './tables.ts'

/** What gives access now, before it becomes an item. */
export type Found = Pick<
  ReviewItemsTable,
  'kind' | 'subject' | 'name' | 'account' | 'owner' | 'may' | 'holds' | 'origin' | 'last_used' | 'since' | 'expires'
>

// ── What there is to review ──

/** Roles of active people in `scope`; those of every scope are reviewed with the shared one. */
export async function assignmentsToReview(db: Db, scope: string): Promise<Found[]> {
  const rows = await db
    .selectFrom('access_assignments as r')
    .innerJoin('access_accounts as a', 'a.id', 'r.account_id')
    .select(['r.id', 'r.role', 'r.scope', 'r.origin', 'r.created', 'a.id as account', 'a.name', 'a.last_seen'])
    .where('a.active', '=', 1)
    .where('r.scope', 'in', scope === DEFAULT_SCOPE ? [scope, EVERY_SCOPE] : [scope])
    .execute()
  return rows.map(({ id, role, scope: holds, origin, created, account, name, last_seen }) => ({
    kind: 'assignment',
    subject: id,
    name,
    account,
    owner: name,
    may: role,
    holds,
    origin,
    last_used: last_seen,
    since: created,
    expires: null,
  }))
}

export async function tokensToReview(db: Db, scope: string, now: number): Promise<Found[]> {
  const rows = await db
    .selectFrom('access_tokens as t')
    .leftJoin('access_accounts as a', 'a.id', 't.owner')
    .select(['t.id', 't.name', 't.grants', 't.scope', 't.owner', 't.created', 't.last_used', 't.expires', 'a.name as owner_name'])
    .where('t.scope', '=', scope)
    .where((e) => e.or([e('t.expires', 'is', null), e('t.expires', '>', now)]))
    .execute()
  return rows.map(({ id, name, grants, scope: holds, owner, created, last_used, expires, owner_name }) => ({
    kind: 'token',
    subject: id,
    name,
    account: owner,
    owner: owner_name,
    may: grants,
    holds,
    origin: 'local',
    last_used,
    since: created,
    expires,
  }))
}

export async function agentsToReview(db: Db, scope: string): Promise<Found[]> {
  const rows = await db
    .selectFrom('access_agents as a')
    .leftJoin('access_certificates as c', (join) => join.onRef('c.agent_id', '=', 'a.id').on('c.revoked', 'is', null))
    .select((e) => ['a.id', 'a.name', 'a.scope', 'a.created', 'a.last_seen', e.fn.max('c.expires').as('expires')])
    .where('a.scope', '=', scope)
    .where('a.revoked', 'is', null)
    .groupBy(['a.id', 'a.name', 'a.scope', 'a.created', 'a.last_seen'])
    .execute()
  return rows.map(({ id, name, scope: holds, created, last_seen, expires }) => ({
    kind: 'agent',
    subject: id,
    name,
    account: null,
    owner: null,
    may: '',
    holds,
    origin: 'local',
    last_used: last_seen,
    since: created,
    expires: expires === null ? null : Number(expires),
  }))
}

/** Which of these still give access. */
export async function subjectsThere(db: Db, kind: ReviewKind, subjects: readonly string[]): Promise<ReadonlySet<string>> {
  if (subjects.length === 0) return new Set()
  const there =
    kind === 'assignment'
      ? await db.selectFrom('access_assignments').select('id').where('id', 'in', subjects).execute()
      : kind === 'token'
        ? await db.selectFrom('access_tokens').select('id').where('id', 'in', subjects).execute()
        : await db.selectFrom('access_agents').select('id').where('id', 'in', subjects).where('revoked', 'is', null).execute()
  return new Set(there.map(({ id }) => id))
}

export async function findAssignment(db: Db, id: string) {
  return await db.selectFrom('access_assignments').selectAll().where('id', '=', id).executeTakeFirst()
}

export async function deleteAssignment(db: Db, id: string): Promise<void> {
  await db.deleteFrom('access_assignments').where('id', '=', id).execute()
}

// ── Reviews ──

export async function insertReview(db: Db, review: ReviewsTable, items: readonly ReviewItemsTable[]): Promise<void> {
  await db.insertInto('access_reviews').values(review).execute()
  for (let at = 0; at < items.length; at += 500)
    await db
      .insertInto('access_review_items')
      .values(items.slice(at, at + 500))
      .execute()
}

export async function listReviews(db: Db, scope: string, limit: number): Promise<ReviewsTable[]> {
  return await db
    .selectFrom('access_reviews')
    .selectAll()
    .where('scope', '=', scope)
    .orderBy('opened', 'desc')
    .orderBy('id')
    .limit(limit)
    .execute()
}

export async function findReview(db: Db, scope: string, id: string): Promise<ReviewsTable | undefined> {
  return await db.selectFrom('access_reviews').selectAll().where('scope', '=', scope).where('id', '=', id).executeTakeFirst()
}

export async function quarterOpened(db: Db, scope: string, name: string): Promise<boolean> {
  const row = await db
    .selectFrom('access_reviews')
    .select('id')
    .where('scope', '=', scope)
    .where('origin', '=', 'quarter')
    .where('name', '=', name)
    .executeTakeFirst()
  return row !== undefined
}

/** Reviews that nobody has finished, the oldest first. */
export async function openReviews(db: Db, scope: string): Promise<ReviewsTable[]> {
  return await db
    .selectFrom('access_reviews')
    .selectAll()
    .where('scope', '=', scope)
    .where('finished', 'is', null)
    .orderBy('opened')
    .execute()
}

export async function lastFinished(db: Db, scope: string, until: number): Promise<ReviewsTable | undefined> {
  return await db
    .selectFrom('access_reviews')
    .selectAll()
    .where('scope', '=', scope)
    .where('finished', 'is not', null)
    .where('finished', '<', until)
    .orderBy('finished', 'desc')
    .limit(1)
    .executeTakeFirst()
}

export async function finishReview(db: Db, id: string, finished: number, hash: string): Promise<void> {
  await db.updateTable('access_reviews').set({ finished, hash }).where('id', '=', id).execute()
}

// ── Items ──

export type ReviewTotals = Readonly<Record<'items' | 'decided' | 'keep' | 'change' | 'remove', number>>

export async function reviewTotals(db: Db, reviews: readonly string[]): Promise<ReadonlyMap<string, ReviewTotals>> {
  const totals = new Map(reviews.map((id) => [id, { items: 0, decided: 0, keep: 0, change: 0, remove: 0 }]))
  if (reviews.length === 0) return totals
  const rows = await db
    .selectFrom('access_review_items')
    .select((e) => ['review_id', 'decision', e.fn.countAll<number>().as('n')])
    .where('review_id', 'in', reviews)
    .groupBy(['review_id', 'decision'])
    .execute()
  for (const { review_id, decision, n } of rows) {
    const one = totals.get(review_id)
    if (one === undefined) continue
    one.items += Number(n)
    if (decision === null) continue
    one.decided += Number(n)
    one[decision] += Number(n)
  }
  return totals
}

export interface ItemFilter {
  readonly state: 'waiting' | 'decided' | 'all'
  readonly kind?: ReviewKind | undefined
}
/** Place after which the next page begins. */
export type ItemCursor = readonly [kind: string, name: string, id: string]

export async function reviewItems(
  db: Db,
  review: string,
  filter: ItemFilter,
  after: ItemCursor | undefined,
  limit: number,
): Promise<ReviewItemsTable[]> {
  let query = db.selectFrom('access_review_items').selectAll().where('review_id', '=', review)
  if (filter.kind !== undefined) query = query.where('kind', '=', filter.kind)
  if (filter.state === 'waiting') query = query.where('decision', 'is', null)
  if (filter.state === 'decided') query = query.where('decision', 'is not', null)
  if (after !== undefined) {
    const [kind, name, id] = after
    query = query.where((e) =>
      e.or([
        e('kind', '>', kind as ReviewKind),
        e.and([e('kind', '=', kind as ReviewKind), e('name', '>', name)]),
        e.and([e('kind', '=', kind as ReviewKind), e('name', '=', name), e('id', '>', id)]),
      ]),
    )
  }
  return await query.orderBy('kind').orderBy('name').orderBy('id').limit(limit).execute()
}

export async function itemsById(db: Db, review: string, ids: readonly string[]): Promise<ReviewItemsTable[]> {
  return await db
    .selectFrom('access_review_items')
    .selectAll()
    .where('review_id', '=', review)
    .where('id', 'in', ids)
    .orderBy('kind')
    .orderBy('name')
    .orderBy('id')
    .execute()
}

export async function decideItem(
  db: Db,
  id: string,
  decided: Pick<ReviewItemsTable, 'decision' | 'role' | 'note' | 'by_id' | 'by_name' | 'at'>,
): Promise<void> {
  await db.updateTable('access_review_items').set(decided).where('id', '=', id).execute()
}

// ── Second factors ──

/** Active people with one of these roles in `scope` or everywhere, and what they can show besides a password. */
export async function factorsOf(db: Db, scope: string, roles: readonly string[]) {
  const rows = await db
    .selectFrom('access_accounts as a')
    .innerJoin('access_assignments as r', 'r.account_id', 'a.id')
    .leftJoin('access_totp as t', (join) => join.onRef('t.account_id', '=', 'a.id').on('t.active', '=', 1))
    .leftJoin('access_passkeys as p', 'p.account_id', 'a.id')
    .select((e) => [
      'a.id',
      'a.name',
      'a.password',
      e.fn.count<number>('t.account_id').as('apps'),
      e.fn.count<number>('p.id').as('passkeys'),
    ])
    .where('a.active', '=', 1)
    .where('r.scope', 'in', [scope, EVERY_SCOPE])
    .where('r.role', 'in', roles)
    .groupBy(['a.id', 'a.name', 'a.password'])
    .orderBy('a.name')
    .execute()
  return rows.map(({ name, password, apps, passkeys }) => ({
    name,
    password: password !== '',
    factor: Number(apps) > 0 || Number(passkeys) > 0,
  }))
}
