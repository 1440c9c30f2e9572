import { z } from 'zod'

const time = z.iso.datetime({ precision: 3 })
const count = z.int().nonnegative()
const text = (most: number) => z.string().trim().min(1).max(most)

export const newHoldSchema = z
  .strictObject({
    name: text(120),
    /** Which events, in the search language; all where it is empty. */
    query: z.string().max(4000).default(''),
    /** Only events of this scope; of every scope where absent. */
    scope: text(100).optional(),
    /** Only events observed in [from, to). */
    from: time.optional(),
    to: time.optional(),
    /** Who answers for it. */
    owner: text(120),
    reason: text(500),
    /** When it ends by itself. */
    until: time.optional(),
  })
  .refine(({ from, to }) => from === undefined || to === undefined || from < to, 'to must come after from')

export const holdSchema = z.object({
  id: z.string(),
  name: z.string(),
  scope: z.string(),
  query: z.string(),
  from: time.nullable(),
  to: time.nullable(),
  owner: z.string(),
  reason: z.string(),
  by: z.string(),
  created: time,
  until: time.nullable(),
  released: time.nullable(),
  releasedBy: z.string().nullable(),
  state: z.enum(['active', 'ended', 'released']),
})
export type HoldView = z.infer<typeof holdSchema>

export const holdListSchema = z.object({ holds: z.array(holdSchema) })

export const retentionSchema = z.object({
  days: count.nullable(),
  size: count.nullable(),
  exceptions: z.array(z.object({ of: z.enum(['scope', 'source']), name: z.string(), days: count })),
  alertDays: count.nullable(),
  /** Of the last run; null before the first. Sizes are bytes on disk. */
  last: z
    .object({
      at: time,
      state: z.enum(['fine', 'near', 'early', 'over']),
      since: time,
      used: count,
      limit: count.nullable(),
      hoursLeft: count.nullable(),
      oldest: time.nullable(),
      heldHours: count,
      droppedHours: count,
      droppedEvents: count,
    })
    .nullable(),
})
export type RetentionView = z.infer<typeof retentionSchema>
