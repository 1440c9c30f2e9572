import { z } from 'zod'
import { GRANTS, ROLES } from '../schema.ts'

const time = z.iso.datetime({ precision: 3 })

export const DECISIONS = ['keep', 'change', 'remove'] as const
export type Decision = (typeof DECISIONS)[number]
export const REVIEW_KINDS = ['assignment', 'token', 'agent'] as const
export type ReviewKind = (typeof REVIEW_KINDS)[number]

export const reviewSchema = z.object({
  id: z.string(),
  scope: z.string(),
  /** The quarter (`2026-Q4`), or the day it was opened by hand (`2026-11-22`). */
  name: z.string(),
  origin: z.enum(['quarter', 'hand']),
  opened: time,
  /** Null where the quarter opened it. */
  openedBy: z.string().nullable(),
  due: time,
  state: z.enum(['open', 'finished']),
  overdue: z.boolean(),
  finished: time.nullable(),
  totals: z.object({ items: z.int(), decided: z.int(), keep: z.int(), change: z.int(), remove: z.int() }),
  /** SHA-256 (hexadecimal) of the decided list, as the ledger has it; null while it is open. */
  hash: z.string().nullable(),
})
export type ReviewView = z.infer<typeof reviewSchema>
export const reviewsReplySchema = z.object({ items: z.array(reviewSchema) })

/** What was found when the review was opened, and what was decided about it. */
export const reviewItemSchema = z.object({
  id: z.string(),
  kind: z.enum(REVIEW_KINDS),
  /** The role assignment's, token's or certificate's id. */
  subject: z.string(),
  /** Whose it is: a person's name, a token's or an agent's. */
  name: z.string(),
  /** The account that answers for it, by id; null where none does. */
  account: z.string().nullable(),
  /** That account's name. */
  owner: z.string().nullable(),
  /** The role of an assignment, the grant of a token; an agent's certificate has none. */
  may: z.union([z.enum(ROLES), z.enum(GRANTS)]).or(z.string()),
  /** `*` for a role in every scope. */
  scope: z.string(),
  /** Who keeps it: a role given by an identity provider may come back from there. */
  origin: z.enum(['local', 'oidc', 'scim']),
  /** Last signed in, used or seen, when the review was opened. */
  lastUsed: time.nullable(),
  since: time,
  expires: time.nullable(),
  decision: z.enum(DECISIONS).nullable(),
  /** The role given instead, for `change`. */
  role: z.enum(ROLES).nullable(),
  note: z.string(),
  decidedBy: z.string().nullable(),
  decidedAt: time.nullable(),
  /** It has been taken away since the review was opened; only `remove` can be said about it. */
  gone: z.boolean(),
  /** Whoever asks may decide: it is not their own, and an assignment in every scope takes the installation's administrators. */
  canDecide: z.boolean(),
})
export type ReviewItemView = z.infer<typeof reviewItemSchema>

export const reviewParamsSchema = z.object({ id: z.uuid() })
export const reviewItemsQuerySchema = z.object({
  state: z.enum(['waiting', 'decided', 'all']).default('all'),
  kind: z.enum(REVIEW_KINDS).optional(),
  cursor: z.string().max(200).optional(),
  limit: z.coerce.number().int().min(1).max(500).default(200),
})
/** Items by kind and name. */
export const reviewDetailSchema = z.object({
  review: reviewSchema,
  items: z.array(reviewItemSchema),
  next: z.string().nullable(),
})
export type ReviewDetail = z.infer<typeof reviewDetailSchema>

/**
 * The same decision about several items, all or none. `remove` takes effect at once; `change` (assignments only) puts
 * `role` in the place of the one that was held. The last decision finishes the review.
 */
export const decideSchema = z
  .object({
    items: z.array(z.uuid()).min(1).max(500),
    decision: z.enum(DECISIONS),
    role: z.enum(ROLES).optional(),
    note: z.string().trim().max(1000).default(''),
  })
  .refine(({ decision, role }) => (decision === 'change') === (role !== undefined), {
    error: 'Name the new role for `change`, and only then.',
  })
export const decideReplySchema = z.object({ review: reviewSchema, items: z.array(reviewItemSchema) })
