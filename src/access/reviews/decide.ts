import { createHash, randomUUID } from 'node:crypto'
import { refuseOwnApproval } from '../../kernel/duties.ts'
import { KanpekiError } from '../../kernel/error.ts'
import type { Evidence } from '../../kernel/evidence.ts'
import { canonicalJson, type JsonObject } from '../../kernel/json.ts'
import { type Caller, EVERY_SCOPE } from '../../platform/http/route.ts'
import { revokeAgent } from '../machines/queries.ts'
import { countAdministrators } from '../people/queries.ts'
import { type Db, deleteToken, insertAssignment } from '../queries.ts'
import { adminEvidence } from '../routes-deps.ts'
import type { Role } from '../schema.ts'
import {
  decideItem,
  deleteAssignment,
  findAssignment,
  findReview,
  finishReview,
  itemsById,
  reviewItems,
  reviewTotals,
  subjectsThere,
} from './queries.ts'
import { type Decision, REVIEW_KINDS } from './schema.ts'
import type { ReviewItemsTable, ReviewsTable } from './tables.ts'

/** Items an evidence entry names: an entry holds 65,535 bytes. */
const ITEMS_AN_ENTRY = 100

export interface Deciding {
  readonly items: readonly string[]
  readonly decision: Decision
  readonly role?: Role | undefined
  readonly note: string
}

/**
 * Decides about items of an open review, all or none; what is removed or changed is so when the transaction commits, and
 * the last decision finishes the review.
 * @throws KanpekiError `not_found`, `conflict` (finished, decided, or gone), `own_approval`, `forbidden`, `last_administrator`.
 */
export async function decide(
  db: Db,
  caller: Caller,
  reviewId: string,
  deciding: Deciding,
  now: number,
): Promise<readonly Evidence[]> {
  const review = await findReview(db, caller.scope, reviewId)
  if (review === undefined) throw new KanpekiError('not_found', 'There is no such review.')
  if (review.finished !== null) throw new KanpekiError('conflict', `The review ${review.name} is finished.`)
  const ids = [...new Set(deciding.items)]
  const items = await itemsById(db, review.id, ids)
  if (items.length !== ids.length) throw new KanpekiError('not_found', 'The review has no such item.')
  const there = await whatIsThere(db, items)
  const evidence: Evidence[] = []
  for (const item of items) {
    refuse(caller, item, deciding.decision, there.has(item.subject))
    if (there.has(item.subject)) evidence.push(...(await effect(db, caller, review, item, deciding, now)))
    await decideItem(db, item.id, {
      decision: deciding.decision,
      role: deciding.role ?? null,
      note: deciding.note,
      by_id: caller.id,
      by_name: caller.name,
      at: now,
    })
  }
  return [...told(caller, review, items, deciding, now), ...evidence, ...(await finished(db, caller, review, now))]
}

/** Subjects of these items that still give access. */
export async function whatIsThere(db: Db, items: readonly ReviewItemsTable[]): Promise<ReadonlySet<string>> {
  const sets = await Promise.all(
    REVIEW_KINDS.map((kind) =>
      subjectsThere(
        db,
        kind,
        items.filter((item) => item.kind === kind).map(({ subject }) => subject),
      ),
    ),
  )
  return new Set(sets.flatMap((set) => [...set]))
}

/** Nobody looks after their own access; people decide, not tokens; a role in every scope is not one scope's to judge. */
export function mayDecide(caller: Caller, item: Pick<ReviewItemsTable, 'account' | 'holds'>): boolean {
  if (caller.kind !== 'person' || !caller.permissions.has('access:write')) return false
  if (item.account !== null && item.account === caller.account) return false
  return item.holds !== EVERY_SCOPE || caller.permissions.has('installation')
}

function refuse(caller: Caller, item: ReviewItemsTable, decision: Decision, there: boolean): void {
  refuseOwnApproval({ account: item.account, name: item.owner ?? item.name }, caller, 'this access for themselves')
  if (!mayDecide(caller, item))
    throw new KanpekiError('forbidden', `${caller.name} may not decide about ${item.name}.`, {
      remedy: 'People decide, signed in; about roles in every scope its administrators do.',
    })
  if (item.decision !== null) throw new KanpekiError('conflict', `${item.by_name ?? 'Somebody'} has decided about ${item.name}.`)
  if (!there && decision !== 'remove')
    throw new KanpekiError('conflict', `${item.name} has lost this access since the review was opened.`, {
      remedy: 'Say that it is removed.',
    })
  if (decision === 'change' && item.kind !== 'assignment')
    throw new KanpekiError('conflict', `Only roles can be changed; ${item.name} has none.`, { remedy: 'Keep it or remove it.' })
}

async function effect(
  db: Db,
  caller: Caller,
  review: ReviewsTable,
  item: ReviewItemsTable,
  { decision, role }: Deciding,
  now: number,
): Promise<readonly Evidence[]> {
  if (decision === 'keep') return []
  const body = { review: review.id, name: item.name }
  if (item.kind === 'token') {
    await deleteToken(db, item.scope, item.subject)
    return [adminEvidence(caller, now, 'token.revoke', { ...body, token: item.subject })]
  }
  if (item.kind === 'agent') {
    const done = await revokeAgent(db, item.scope, item.subject, now)
    return [adminEvidence(caller, now, 'agent.revoke', { ...body, agent: item.subject, certificates: done?.certificates ?? 0 })]
  }
  const held = (await findAssignment(db, item.subject))!
  await deleteAssignment(db, held.id)
  if (decision === 'change' && role !== undefined) {
    const given = {
      scope: held.scope,
      account_id: held.account_id,
      role,
      origin: 'local',
      by_name: caller.name,
      created: now,
    } as const
    await insertAssignment(db, { id: randomUUID(), ...given })
  }
  if (held.role === 'administrator' && held.scope === EVERY_SCOPE && (await countAdministrators(db)) === 0)
    throw new KanpekiError('last_administrator', `${item.name} is the last administrator of every scope.`, {
      remedy: 'Make another one first.',
    })
  const after = decision === 'change' ? { role: role ?? null, scope: held.scope } : null
  return [
    adminEvidence(caller, now, 'roles.change', {
      ...body,
      account: held.account_id,
      before: { role: held.role, scope: held.scope, origin: held.origin },
      after,
    }),
  ]
}

function told(
  caller: Caller,
  review: ReviewsTable,
  items: readonly ReviewItemsTable[],
  { decision, role, note }: Deciding,
  now: number,
): Evidence[] {
  const entries: Evidence[] = []
  for (let at = 0; at < items.length; at += ITEMS_AN_ENTRY) {
    const part = items.slice(at, at + ITEMS_AN_ENTRY)
    const named = part.map(({ kind, subject, name, may, holds }) => ({ kind, subject, name, may, scope: holds }))
    const body = { review: review.id, name: review.name, decision, ...(role === undefined ? {} : { role }), note, items: named }
    entries.push(adminEvidence(caller, now, 'review.decide', body))
  }
  return entries
}

async function finished(db: Db, caller: Caller, review: ReviewsTable, now: number): Promise<readonly Evidence[]> {
  const totals = (await reviewTotals(db, [review.id])).get(review.id)!
  if (totals.decided < totals.items) return []
  const sha256 = listHash(await reviewItems(db, review.id, { state: 'all' }, undefined, totals.items))
  await finishReview(db, review.id, now, sha256)
  const { items, keep, change, remove } = totals
  return [
    adminEvidence(caller, now, 'review.finish', { review: review.id, name: review.name, items, keep, change, remove, sha256 }),
  ]
}

/** SHA-256 (hexadecimal) of the decided list in canonical JSON (RFC 8785), items by id: the CSV has the same facts. */
export function listHash(items: readonly ReviewItemsTable[]): string {
  const list = [...items]
    .sort((a, b) => (a.id < b.id ? -1 : 1))
    .map((item): JsonObject => {
      const { id, kind, subject, name, account, may, holds, decision, role, note, by_id, by_name, at } = item
      return { id, kind, subject, name, account, may, scope: holds, decision, role, note, by: { id: by_id, name: by_name }, at }
    })
  return createHash('sha256').update(canonicalJson(list)).digest('hex')
}
