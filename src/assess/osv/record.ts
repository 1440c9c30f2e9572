import { z } from 'zod'

/** What we read of an OSV record (ossf.github.io/osv-schema 1.7); what else it holds is kept out. */
const text = z.string()
const event = z.object({
  introduced: text.optional(),
  fixed: text.optional(),
  last_affected: text.optional(),
  limit: text.optional(),
})
export type OsvEvent = z.infer<typeof event>

const range = z.object({
  type: z.enum(['SEMVER', 'ECOSYSTEM', 'GIT']).optional(),
  repo: text.optional(),
  events: z.array(event).default([]),
})
export type OsvRange = z.infer<typeof range>

const severity = z
  .array(z.object({ type: text, score: text }))
  .nullish()
  .catch(undefined)

const affected = z.object({
  package: z.object({ ecosystem: text, name: text, purl: text.optional() }).optional(),
  ranges: z.array(range).nullish(),
  // What is no list leaves the ranges to judge.
  versions: z.array(text).nullish().catch(undefined),
  severity,
})
export type OsvAffected = z.infer<typeof affected>

export const osvRecord = z.object({
  id: text.min(1).max(200),
  // The schema demands it; a record without one is older than any other of its id.
  modified: text.default(''),
  published: text.optional(),
  withdrawn: text.optional(),
  aliases: z.array(text).nullish(),
  related: z.array(text).nullish().catch(undefined),
  upstream: z.array(text).nullish().catch(undefined),
  summary: text.optional(),
  severity,
  affected: z.array(affected).nullish(),
  database_specific: z
    .object({ severity: text.optional().catch(undefined), cwe_ids: z.array(text).optional().catch(undefined) })
    .optional()
    .catch(undefined),
})
export type OsvRecord = z.infer<typeof osvRecord>
