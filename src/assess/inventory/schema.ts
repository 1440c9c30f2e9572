import { z } from 'zod'

const instant = z.iso.datetime({ precision: 3 })
const SEVERITIES = ['none', 'low', 'medium', 'high', 'critical'] as const

export const component = z.object({
  name: z.string().min(1).max(300),
  version: z.string().max(300).nullable().default(null),
  purl: z.string().max(1000).nullable().default(null),
  /** The file that names it, where several were read. */
  place: z.string().max(500).default(''),
})

export const inventoryBody = z
  .object({
    /** The asset that it is installed on, as people call it. */
    asset: z.string().trim().min(1).max(253),
    /** Where the list comes from; a later list of the same source replaces it, others of the asset stay. */
    source: z
      .string()
      .regex(/^[a-z0-9][a-z0-9._-]{0,63}$/)
      .default('sbom'),
    /** A bill of materials as text … */
    document: z.string().min(1).optional(),
    /** … or what was read of one elsewhere. */
    components: z.array(component).max(50_000).optional(),
  })
  .refine(
    ({ document, components }) => (document === undefined) !== (components === undefined),
    'give either document or components',
  )

const feedsView = z.object({
  advisories: z.int(),
  /** By ecosystem, in small letters. */
  ecosystems: z.record(z.string(), z.int()),
  newest: z.string().nullable(),
  kev: z.string().nullable(),
  epss: z.string().nullable(),
  problems: z.int(),
})
export type FeedsView = z.infer<typeof feedsView>

export const inventoryReply = z.object({
  asset: z.string(),
  source: z.string(),
  components: z.int(),
  /** Components that no advisory at hand could judge. */
  unjudged: z.int(),
  open: z.int(),
  /** Seen for the first time, back again, and gone with this list. */
  found: z.int(),
  regressed: z.int(),
  gone: z.int(),
  feeds: feedsView,
})

export const vulnerabilitiesQuery = z.object({
  state: z.enum(['open', 'gone']).default('open'),
  asset: z.string().max(253).optional(),
  /** A word of id, alias, package or summary. */
  q: z.string().max(200).optional(),
  step: z.enum(['all', 'fixable', 'exploited']).default('all'),
  limit: z.coerce.number().int().min(1).max(500).default(200),
})

export const vulnerability = z.object({
  id: z.string(),
  ids: z.array(z.string()),
  aliases: z.array(z.string()),
  summary: z.string(),
  asset: z.string(),
  source: z.string(),
  name: z.string(),
  version: z.string().nullable(),
  purl: z.string().nullable(),
  severity: z.enum(SEVERITIES).nullable(),
  score: z.number().nullable(),
  vector: z.string().nullable(),
  fixed: z.array(z.string()),
  exploited: z.string().nullable(),
  epss: z.number().nullable(),
  firstSeen: instant,
  lastSeen: instant,
  gone: instant.nullable(),
  regressed: z.boolean(),
})
export type VulnerabilityView = z.infer<typeof vulnerability>

export const vulnerabilitiesReply = z.object({
  /** Of what is open: all, with a fix, of these the exploited; null where no KEV catalogue is at hand. */
  funnel: z.object({ all: z.int(), fixable: z.int(), exploited: z.int().nullable() }),
  assets: z.int(),
  components: z.int(),
  unjudged: z.int(),
  /** When the oldest list was received; null where there is none. */
  oldest: instant.nullable(),
  feeds: feedsView,
  items: z.array(vulnerability),
  /** How many match; `items` may be fewer. */
  total: z.int(),
})
export type VulnerabilitiesReply = z.infer<typeof vulnerabilitiesReply>

export const componentsQuery = z.object({
  /** A part of the name. */
  name: z.string().trim().min(2).max(300),
  /** A range as `vers:` writes it, e.g. vers:maven/<2.17.0; only versions in it. */
  range: z.string().max(500).optional(),
  limit: z.coerce.number().int().min(1).max(1000).default(200),
})
export const componentsReply = z.object({
  items: z.array(
    z.object({
      asset: z.string(),
      source: z.string(),
      name: z.string(),
      version: z.string().nullable(),
      purl: z.string().nullable(),
      place: z.string(),
    }),
  ),
  assets: z.int(),
  total: z.int(),
})
export type ComponentsReply = z.infer<typeof componentsReply>
