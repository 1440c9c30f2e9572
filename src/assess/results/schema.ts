import { z } from 'zod'
import { KINDS } from '../inventory/schema.ts'

export const RESULT_FORMATS = [
  'sarif',
  'zap',
  'trivy',
  'grype',
  'snyk',
  'npm-audit',
  'nessus',
  'nuclei',
  'burp',
  'checkov',
  'kanpeki',
] as const
export type ResultFormat = (typeof RESULT_FORMATS)[number]

const text = (most: number) => z.string().max(most)

export const scanResult = z.object({
  asset: text(253).nullable().default(null),
  kind: z.enum(KINDS),
  id: text(300).min(1),
  aliases: z.array(text(300)).max(200).default([]),
  cause: text(1500).min(1),
  name: text(1500).default(''),
  version: text(300).nullable().default(null),
  purl: text(1500).nullable().default(null),
  place: text(1500).default(''),
  summary: text(1000).default(''),
  severity: z.enum(['none', 'low', 'medium', 'high', 'critical']).nullable().default(null),
  score: z.number().min(0).max(10).nullable().default(null),
  vector: text(500).nullable().default(null),
  fixed: z.array(text(300)).max(100).default([]),
})

export const resultsBody = z
  .object({
    /** The asset that was scanned, where the report does not say. */
    asset: z.string().trim().min(1).max(253).optional(),
    /** Who reports; a later report of the same on the same asset replaces it. The tool's name where absent. */
    source: z
      .string()
      .regex(/^[a-z0-9][a-z0-9._-]{0,63}$/)
      .optional(),
    /** It did not look at everything: it opens, and closes nothing. */
    partial: z.boolean().default(false),
    /** The report as text … */
    document: z.string().min(1).optional(),
    /** … or what was read of one by `kanpeki scan import`. */
    read: z
      .object({
        format: z.enum(RESULT_FORMATS),
        tool: text(200).default(''),
        kinds: z.array(z.enum(KINDS)).max(KINDS.length),
        assets: z.array(text(253)).max(20_000).default([]),
        results: z.array(scanResult).max(50_000),
        left: z.record(z.string(), z.int()).default({}),
      })
      .optional(),
  })
  .refine(({ document, read }) => (document === undefined) !== (read === undefined), 'give either document or read')

export const resultsReply = z.object({
  source: z.string(),
  format: z.enum(RESULT_FORMATS),
  left: z.record(z.string(), z.int()),
  assets: z.array(
    z.object({
      asset: z.string(),
      open: z.int(),
      found: z.int(),
      regressed: z.int(),
      gone: z.int(),
    }),
  ),
})
