import { z } from 'zod'

const instant = z.iso.datetime({ precision: 3 })

/** A search of events · what it gave as a file · an event opened · an alert opened. */
export const READ_KINDS = ['search', 'export', 'event', 'alert'] as const
export type ReadKind = (typeof READ_KINDS)[number]

export const readView = z.object({
  by: z.object({ id: z.string(), name: z.string() }),
  kind: z.enum(READ_KINDS),
  /** The query as it was typed, with its span; or the id of what was opened. */
  what: z.string(),
  /** The same by the same person within ten minutes is one entry. */
  first: instant,
  last: instant,
  times: z.int(),
})
export type ReadView = z.infer<typeof readView>

export const readsQuery = z.object({
  /** A person by name or id, without case. */
  person: z.string().max(200).optional(),
  kind: z.enum(READ_KINDS).optional(),
  cursor: z.string().max(200).optional(),
  limit: z.coerce.number().int().min(1).max(200).default(50),
})
export const readsPage = z.object({ items: z.array(readView), next: z.string().nullable(), keptDays: z.int() })
export type ReadsPage = z.infer<typeof readsPage>
