import { randomUUID } from 'node:crypto'
import { KanpekiError } from '../../kernel/error.ts'
import { DEFAULT_SCOPE } from '../../kernel/event.ts'
import type { Evidence } from '../../kernel/evidence.ts'
import type { Caller } from '../../platform/http/route.ts'
import { type Db, scopeNames } from '../queries.ts'
import { type AccessDeps, adminEvidence } from '../routes-deps.ts'
import { quarterOf } from './quarter.ts'
import {
  agentsToReview,
  assignmentsToReview,
  type Found,
  insertReview,
  openReviews,
  quarterOpened,
  tokensToReview,
} from './queries.ts'
import type { ReviewItemsTable, ReviewsTable } from './tables.ts'

const DAY_MS = 86_400_000
export const DUE_AFTER_MS = 30 * DAY_MS
const ITSELF = { id: 'kanpeki', name: 'Kanpeki' }

export interface Opened {
  readonly review: ReviewsTable
  readonly evidence: readonly Evidence[]
}

/** Opens a review of all that gives access in the caller's scope. @throws KanpekiError `conflict` while another is open, or there is nothing to review. */
export async function openByHand(db: Db, caller: Caller, now: number): Promise<Opened> {
  const [open] = await openReviews(db, caller.scope)
  if (open !== undefined) throw new KanpekiError('conflict', `The review ${open.name} is open.`, { remedy: 'Finish it first.' })
  const opened = await openReview(db, caller.scope, new Date(now).toISOString().slice(0, 10), caller, now)
  if (opened === undefined) throw new KanpekiError('conflict', 'Nothing gives access to this scope: there is nothing to review.')
  return opened
}

/**
 * Opens the quarter's review in every scope that has none yet and in which anything gives access. A server that was off
 * when the quarter began does so when it starts.
 * @returns how many were opened.
 */
export async function openQuarter({ record, clock }: Pick<AccessDeps, 'record' | 'clock'>): Promise<number> {
  return await record(async (db) => {
    const now = clock.now()
    const name = quarterOf(now)
    const evidence: Evidence[] = []
    let result = 0
    for (const scope of [DEFAULT_SCOPE, ...(await scopeNames(db))]) {
      if (await quarterOpened(db, scope, name)) continue
      const opened = await openReview(db, scope, name, undefined, now)
      if (opened === undefined) continue
      evidence.push(...opened.evidence)
      result += 1
    }
    return { result, evidence }
  })
}

async function openReview(db: Db, scope: string, name: string, by: Caller | undefined, now: number): Promise<Opened | undefined> {
  const found: Found[] = [
    ...(await assignmentsToReview(db, scope)),
    ...(await tokensToReview(db, scope, now)),
    ...(await agentsToReview(db, scope)),
  ]
  if (found.length === 0) return undefined
  const review: ReviewsTable = {
    id: randomUUID(),
    scope,
    name,
    origin: by === undefined ? 'quarter' : 'hand',
    opened: now,
    opened_by: by?.name ?? null,
    due: now + DUE_AFTER_MS,
    finished: null,
    hash: null,
  }
  const waiting = { decision: null, role: null, note: '', by_id: null, by_name: null, at: null }
  const items = found.map((one): ReviewItemsTable => ({ id: randomUUID(), scope, review_id: review.id, ...one, ...waiting }))
  await insertReview(db, review, items)
  const body = { review: review.id, name, items: items.length, due: new Date(review.due).toISOString() }
  return { review, evidence: [adminEvidence({ ...(by ?? ITSELF), scope }, now, 'review.open', body)] }
}
