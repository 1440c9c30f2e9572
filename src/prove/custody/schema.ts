import { z } from 'zod'
import { entrySummarySchema } from '../schema.ts'

const time = z.iso.datetime({ precision: 3 })
const instant = z.iso.datetime({ offset: true })
const words = z.string().trim().min(1).max(500)

/** What an artefact is: any file, a capture of traffic or memory, a screenshot, a report. */
export const ARTEFACT_KINDS = ['file', 'capture', 'screenshot', 'report'] as const
export type ArtefactKind = (typeof ARTEFACT_KINDS)[number]

/** What YARA said when the artefact came: rules that match, or why it was not looked at. */
export const artefactScanSchema = z.union([
  z.object({ rules: z.array(z.string()) }),
  z.object({ unscanned: z.enum(['no-rules', 'too-large', 'failed']) }),
])
export type ArtefactScan = z.infer<typeof artefactScanSchema>

export const artefactSchema = z.object({
  id: z.string(),
  scope: z.string(),
  kind: z.enum(ARTEFACT_KINDS),
  name: z.string(),
  /** Hexadecimal, of the content: `sha256sum` gives the same. */
  sha256: z.string(),
  bytes: z.number().int().nonnegative(),
  /** Where it was taken, in the words of whoever brought it. */
  source: z.string(),
  note: z.string().nullable(),
  /** The alert it belongs to. */
  alert: z.string().nullable(),
  by: z.object({ id: z.string(), name: z.string() }),
  /** When it was taken, when it came here, and when the ledger had it; null until then. */
  observed: time,
  received: time,
  logged: time.nullable(),
  /** Index of the entry that says so. */
  entry: z.number().int().nonnegative().nullable(),
  keepUntil: time.nullable().describe('Removed after it, unless held; null keeps it for good'),
  validUntil: time.nullable().describe('It proves nothing after it; null is without an end'),
  valid: z.boolean(),
  hold: z.object({ reason: z.string(), by: z.string(), at: time }).nullable(),
  scan: artefactScanSchema,
  sealed: z.boolean(),
  removed: z.object({ reason: z.string(), at: time }).nullable(),
})
export type ArtefactView = z.infer<typeof artefactSchema>

export const artefactsQuerySchema = z.object({
  kind: z.enum(ARTEFACT_KINDS).optional(),
  alert: z.string().min(1).max(500).optional(),
  cursor: z
    .string()
    .regex(/^\d{1,15}$/)
    .optional()
    .describe('`next` of the page before'),
  limit: z.coerce.number().int().min(1).max(200).default(50),
})

/** Newest first. */
export const artefactsPageSchema = z.object({
  items: z.array(artefactSchema),
  next: z.string().nullable(),
  /** Bytes on the disk, of every scope, and what there may be. */
  used: z.number().int().nonnegative(),
  quota: z.number().int().positive(),
  /** What one may have. */
  most: z.number().int().positive(),
})
export type ArtefactsPage = z.infer<typeof artefactsPageSchema>

/** With its chain of custody, oldest first: every time somebody brought, took, handed over or kept it. */
export const artefactDetailSchema = artefactSchema.extend({ chain: z.array(entrySummarySchema) })
export type ArtefactDetail = z.infer<typeof artefactDetailSchema>

/** What is said of an artefact that is brought; its bytes are the request's body. */
export const newArtefactSchema = z.object({
  name: z.string().trim().min(1).max(255),
  kind: z.enum(ARTEFACT_KINDS).default('file'),
  source: words,
  note: words.optional(),
  alert: z.string().min(1).max(500).optional(),
  observed: instant.optional().describe('When it was taken; now where absent'),
  keepUntil: instant.optional(),
  validUntil: instant.optional(),
})
export type NewArtefact = z.infer<typeof newArtefactSchema>

export const changedArtefactSchema = z
  .object({ keepUntil: instant.nullable().optional(), validUntil: instant.nullable().optional() })
  .refine((body) => body.keepUntil !== undefined || body.validUntil !== undefined, { error: 'Give keepUntil or validUntil.' })
export type ChangedArtefact = z.infer<typeof changedArtefactSchema>

export const artefactParamsSchema = z.object({ id: z.string().max(100) })
export const reasonSchema = z.object({ reason: words })
/** Handed to somebody outside: to whom, and what for. */
export const transferSchema = z.object({ to: words, reason: words })
