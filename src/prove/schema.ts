import { z } from 'zod'
import { ENTRY_TYPES } from '../kernel/evidence.ts'
import type { JsonValue } from '../kernel/json.ts'
import { FORWARD, isForward } from '../platform/http/span.ts'

const json: z.ZodType<JsonValue> = z.json()
const time = z.iso.datetime({ precision: 3 })
const hash = z.string().describe('SHA-256 hash, 32 bytes in standard Base64')
const index = z.number().int().nonnegative()

/** What an entry is about: one entry may name several (a verdict names its alert, a measure its card). */
export const subjectSchema = z.object({ kind: z.string(), id: z.string() })
export type SubjectView = z.infer<typeof subjectSchema>

/** A place outside the host that gets every checkpoint; whoever rewrites the host does not rewrite the copy. */
export const copySchema = z.object({
  /** A file that every checkpoint is appended to, a witness that cosigns them, or an authority that time-stamps them. */
  kind: z.enum(['file', 'witness', 'authority']),
  place: z.string(),
  /** `current` holds the newest checkpoint, or all that an authority was to stamp; `behind` an older one; `failed` could not be written, `reason` says why. */
  state: z.enum(['current', 'behind', 'failed']),
  /** Tree size of the newest checkpoint known to be there. */
  size: index,
  /** When that checkpoint was copied, or cosigned or stamped by the other's clock. */
  at: time.nullable(),
  failures: z.number().int().nonnegative().describe('Writes that failed since the start'),
  waiting: index.describe('Checkpoints that are kept for an authority and not yet time-stamped'),
  reason: z.string().nullable(),
})
export type CopyView = z.infer<typeof copySchema>

export const ledgerHeadSchema = z.object({
  origin: z.string(),
  /** The verifier key, as a signed note names it: `name+hash+base64`. */
  key: z.string(),
  size: index,
  root: hash,
  /** The signed checkpoint, exact text. */
  checkpoint: z.string(),
  /** When the newest entry was logged, which is when this head was signed; null for an empty log. */
  signed: time.nullable(),
  /** Entries logged per UTC day, oldest first, days without entries included. */
  growth: z.array(z.object({ day: z.iso.date(), entries: z.number().int().nonnegative() })),
  /** Entries by type, over the whole log. */
  types: z.array(z.object({ type: z.enum(ENTRY_TYPES), entries: z.number().int().nonnegative() })),
  /** Evidence that is committed in the state store and not yet in the log. */
  pending: z.number().int().nonnegative(),
  copies: z.array(copySchema),
  /** Set when the log has stopped growing, with what to do about it. */
  fault: z.object({ code: z.string(), message: z.string(), remedy: z.string().nullable() }).nullable(),
})
export type LedgerHeadView = z.infer<typeof ledgerHeadSchema>

export const entrySummarySchema = z.object({
  index,
  type: z.enum(ENTRY_TYPES),
  scope: z.string(),
  outbox: index,
  observed: time,
  received: time,
  logged: time,
  subjects: z.array(subjectSchema),
  body: z.record(z.string(), json),
})
export type EntrySummaryView = z.infer<typeof entrySummarySchema>

/** Not as `Number` reads it: nothing and a blank would be the first entry. */
export const digits = z.coerce
  .string()
  .regex(/^\d{1,15}$/)
  .transform(Number)

export const entriesQuerySchema = z
  .object({
    type: z.enum(ENTRY_TYPES).optional(),
    /** `kind:id`, e.g. `alert:9f2c…`; a text without a known kind is looked up as an id of any kind. */
    subject: z.string().min(1).max(600).optional(),
    /** Entries logged at or after, and before. */
    from: z.iso.datetime().optional(),
    to: z.iso.datetime().optional(),
    cursor: digits.optional().describe('`next` of the page before'),
    limit: z.coerce.number().int().min(1).max(200).default(50),
  })
  .refine(isForward, FORWARD)
export type EntriesQuery = z.infer<typeof entriesQuerySchema>

/** Newest first. */
export const entriesPageSchema = z.object({
  items: z.array(entrySummarySchema),
  next: index.nullable().describe('Give it as `cursor` to get older entries; null at the end'),
})
export type EntriesPage = z.infer<typeof entriesPageSchema>

/** One sibling on the way from a leaf to the root, lowest first. */
export const proofStepSchema = z.object({
  /** Height at which it joins the path, growing from step to step; 0 is a leaf. Eight levels make a tile. */
  level: z.number().int().nonnegative(),
  side: z.enum(['left', 'right']),
  hash,
  /** The entries under the sibling, `to` exclusive. */
  from: index,
  to: index,
})
export type ProofStepView = z.infer<typeof proofStepSchema>

export const entryParamsSchema = z.object({ index: digits })

/** Everything a browser needs to prove the entry without trusting this server. */
export const entryProofSchema = entrySummarySchema.extend({
  /** The leaf's exact text (RFC 8785 canonical JSON); hash this, not a re-serialisation. */
  canonical: z.string(),
  leaf: hash,
  size: index,
  root: hash,
  proof: z.array(proofStepSchema),
  /** The tiles the path goes through, leaf first. */
  tiles: z.array(z.object({ level: z.number().int().nonnegative(), index, path: z.string() })),
  checkpoint: z.string(),
  key: z.string(),
  /** Changes of the log's key, for who knows an older one. */
  rotations: z.array(z.object({ index, note: z.string(), checkpoint: z.string() })),
})
export type EntryProofView = z.infer<typeof entryProofSchema>

/** Exactly one of the ways to say what the bundle is about. */
export const bundleQuerySchema = z
  .object({
    alert: z.string().min(1).max(500).optional(),
    card: z.string().min(1).max(500).optional(),
    incident: z.string().min(1).max(500).optional(),
    index: digits.optional(),
    from: z.iso.datetime().optional(),
    to: z.iso.datetime().optional(),
    /** `zip`: with reports in both languages and the verifier, all of it signed; `json`: entries and proofs alone. */
    format: z.enum(['json', 'zip']).default('json'),
  })
  .refine(
    (query) =>
      [query.alert, query.card, query.incident, query.index, query.from ?? query.to].filter((given) => given !== undefined)
        .length === 1 && (query.from === undefined) === (query.to === undefined),
    { error: 'Give one of: alert, card, incident, index, or from with to.' },
  )
  .refine(isForward, FORWARD)
export type BundleQuery = z.infer<typeof bundleQuerySchema>
