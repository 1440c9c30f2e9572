import { z } from 'zod'
import { FORWARD, isForward } from '../../platform/http/span.ts'

export const IDENTITY_KINDS = ['user', 'email', 'ip', 'host', 'text'] as const
const time = z.iso.datetime({ precision: 3 })
const count = z.int().nonnegative()

export const identitySchema = z.object({
  /** `text` is looked for anywhere in an event. */
  kind: z.enum(IDENTITY_KINDS),
  value: z.string().trim().min(2).max(300),
})
export type Identity = z.infer<typeof identitySchema>

export const erasureRequestSchema = z
  .object({
    /** An event goes if it names any of them. */
    identities: z.array(identitySchema).min(1).max(20),
    /** Only events of this scope; of every scope where absent. */
    scope: z.string().min(1).max(100).optional(),
    /** Only events observed in [from, to). */
    from: time.optional(),
    to: time.optional(),
    /** Why, as the ledger will keep it: it must not name the person. */
    reason: z.string().trim().min(3).max(500),
    /** Counts only. */
    dryRun: z.boolean().default(true),
  })
  .refine(isForward, FORWARD)
export type ErasureRequest = z.infer<typeof erasureRequestSchema>

export const erasureSchema = z.object({
  id: z.string(),
  state: z.enum(['running', 'done']),
  scope: z.string(),
  reason: z.string(),
  by: z.string(),
  created: time,
  finished: time.nullable(),
  events: count,
  batches: count,
  hours: count,
  /** Events that a legal hold keeps. */
  held: count,
})
export type ErasureView = z.infer<typeof erasureSchema>

export const erasureReplySchema = z.object({
  /** What fits now. */
  found: z.object({
    events: count,
    hours: count,
    held: count,
    /** Alerts that name the person as what they are about: they stay until alert retention takes them. */
    alerts: count,
    /** Incidents that copied such names: what they copied is taken out, whether they are closed or not. */
    incidents: count,
    /** Accounts of the same name that are written otherwise (`CORP\alice`): they stay until they are asked for by themselves. */
    others: z.object({ events: count, names: z.array(z.string()) }),
  }),
  erasure: erasureSchema.nullable(),
  /**
   * Shown once and kept nowhere: with it and the identities anybody can compute the `subject` in the ledger's entry, and
   * so show that this erasure was theirs.
   */
  receipt: z.string().nullable(),
})

export const erasureListSchema = z.object({ erasures: z.array(erasureSchema) })
export type Found = z.infer<typeof erasureReplySchema>['found']
