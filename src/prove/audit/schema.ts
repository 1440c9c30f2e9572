import { z } from 'zod'
import type { ENTRY_TYPES } from '../../kernel/evidence.ts'
import type { JsonValue } from '../../kernel/json.ts'
import { FORWARD, isForward } from '../../platform/http/span.ts'
import { digits } from '../schema.ts'

const json: z.ZodType<JsonValue> = z.json()
const time = z.iso.datetime({ precision: 3 })

/** Entries that say what somebody did; the others (batches, segments, readings) are the machine's own. */
export const AUDIT_TYPES = ['signin', 'admin', 'source', 'card', 'verdict', 'rule', 'artefact', 'incident', 'run'] as const
export type AuditType = (typeof AUDIT_TYPES)[number] & (typeof ENTRY_TYPES)[number]

export const auditItemSchema = z.object({
  /** The entry's place in the ledger: its proof is at `/api/v1/ledger/entries/:index`. */
  index: z.int().nonnegative(),
  type: z.enum(AUDIT_TYPES),
  /** `noun.verb`: `token.create`, `session.failure`, `card.signed`, `alert.verdict` … */
  action: z.string(),
  /** Null where no person or token did it (a file that changed, the server itself). `id` is empty where only a name is known. */
  by: z.object({ id: z.string(), name: z.string() }).nullable(),
  /** What it was done to, as one short text. */
  target: z.string(),
  observed: time,
  logged: time,
  body: z.record(z.string(), json),
})
export type AuditItem = z.infer<typeof auditItemSchema>

const filter = {
  type: z.enum(AUDIT_TYPES).optional(),
  /** An account's or token's id, or a name; without case. */
  person: z.string().trim().min(1).max(200).optional(),
  /** An action, or the beginning of one up to a dot (`token.`). */
  action: z.string().trim().min(1).max(100).optional(),
  /** Observed at or after, and before. */
  from: z.iso.datetime().optional(),
  to: z.iso.datetime().optional(),
}
export const auditQuerySchema = z
  .object({
    ...filter,
    cursor: digits.optional().describe('`next` of the page before'),
    limit: z.coerce.number().int().min(1).max(200).default(50),
  })
  .refine(isForward, FORWARD)
export const auditExportQuerySchema = z.object(filter).refine(isForward, FORWARD)
/** Newest first. `actions` are those there are, for choosing. */
export const auditPageSchema = z.object({
  items: z.array(auditItemSchema),
  next: z.int().nonnegative().nullable(),
  actions: z.array(z.string()),
})
export type AuditPage = z.infer<typeof auditPageSchema>
