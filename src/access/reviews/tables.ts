import type { Decision, ReviewKind } from './schema.ts'

export interface ReviewsTable {
  id: string
  scope: string
  name: string
  origin: 'quarter' | 'hand'
  opened: number
  opened_by: string | null
  due: number
  finished: number | null
  /** SHA-256 of the decided list, hex. */
  hash: string | null
}

/** Something that gave access when the review was opened, and what was decided about it. */
export interface ReviewItemsTable {
  id: string
  scope: string
  review_id: string
  kind: ReviewKind
  /** Id of the assignment, token or agent. */
  subject: string
  name: string
  /** The account that answers for it. */
  account: string | null
  owner: string | null
  /** Role or grant; empty for an agent. */
  may: string
  /** Where it holds; `*` for every scope. */
  holds: string
  origin: 'local' | 'oidc' | 'scim'
  last_used: number | null
  since: number
  expires: number | null
  decision: Decision | null
  role: string | null
  note: string
  by_id: string | null
  by_name: string | null
  at: number | null
}

export interface ReviewTables {
  access_reviews: ReviewsTable
  access_review_items: ReviewItemsTable
}
