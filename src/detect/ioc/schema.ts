import { z } from 'zod'

const instant = z.iso.datetime({ precision: 3 })

/** Who fills a list: people, a file behind a URL (plain, CSV or STIX), a TAXII 2.1 collection, a MISP feed. */
export const LIST_KINDS = ['own', 'url', 'taxii', 'misp'] as const
export type ListKind = (typeof LIST_KINDS)[number]

/** Why an indicator was left out of a list. */
export const SKIPPED_WHY = [
  'unreadable',
  'private-address',
  'wide-network',
  'popular-domain',
  'empty-file',
  'expired',
  'too-many',
] as const
export type SkippedWhy = (typeof SKIPPED_WHY)[number]

export const skippedSchema = z.object({
  counts: z.partialRecord(z.enum(SKIPPED_WHY), z.int()),
  first: z.array(z.object({ place: z.string(), why: z.enum(SKIPPED_WHY), reason: z.string() })),
})
export type SkippedView = z.infer<typeof skippedSchema>

export const newIocListSchema = z
  .strictObject({
    name: z.string().trim().min(1).max(120),
    kind: z.enum(LIST_KINDS),
    /** For TAXII the collection (`…/collections/ID/`), for MISP the folder that holds `manifest.json`. */
    url: z
      .url({ protocol: /^https?$/ })
      .max(2000)
      .nullable()
      .default(null),
    user: z.string().max(200).nullable().default(null),
    secret: z.string().min(1).max(4000).nullable().default(null),
    confidence: z.int().min(0).max(100).default(70),
    days: z.int().min(1).max(3650).nullable().default(null),
    everyMinutes: z.int().min(5).max(43_200).default(360),
    guarded: z.boolean().default(true),
  })
  .refine(({ kind, url }) => (kind === 'own') === (url === null), {
    path: ['url'],
    error: 'a list that is fetched needs a URL, an own one has none',
  })
export type NewIocList = z.output<typeof newIocListSchema>

export const iocListSchema = z.object({
  id: z.string(),
  name: z.string(),
  kind: z.enum(LIST_KINDS),
  url: z.string().nullable(),
  confidence: z.int(),
  days: z.int().nullable(),
  everyMinutes: z.int(),
  guarded: z.boolean(),
  indicators: z.int(),
  /** Those for which stored events are still to be searched. */
  pastWaiting: z.int(),
  created: instant,
  changed: instant,
  tried: instant.nullable(),
  fetched: instant.nullable(),
  error: z.string().nullable(),
  /** Of `error`, for whoever words it; null where it has none. */
  errorCode: z.string().nullable(),
  skipped: skippedSchema,
})
export type IocList = z.infer<typeof iocListSchema>

export const iocListsSchema = z.object({ lists: z.array(iocListSchema) })

/** One line a list or more: a text in one of the formats. */
export const addIndicatorsSchema = z.strictObject({
  text: z.string().min(1).max(50_000_000),
  format: z.enum(['auto', 'plain', 'csv', 'stix', 'misp']).default('auto'),
  confidence: z.int().min(0).max(100).optional(),
  days: z.int().min(1).max(3650).optional(),
})

export const addedSchema = z.object({ added: z.int(), changed: z.int(), skipped: skippedSchema })
export type Added = z.infer<typeof addedSchema>

export const removeIndicatorsSchema = z.strictObject({ values: z.array(z.string().min(1).max(4096)).min(1).max(10_000) })
export const removedSchema = z.object({ removed: z.int() })

export const indicatorsQuery = z.object({
  /** A whole value, or its beginning. */
  q: z.string().max(4096).optional(),
  list: z.string().max(100).optional(),
  after: z.string().max(4200).optional(),
  limit: z.coerce.number().int().min(1).max(500).default(50),
})

export const indicatorSchema = z.object({
  list: z.string(),
  kind: z.enum(['ip', 'network', 'domain', 'url', 'hash']),
  value: z.string(),
  confidence: z.int(),
  until: instant.nullable(),
  note: z.string(),
  added: instant,
})
export const indicatorsSchema = z.object({ indicators: z.array(indicatorSchema), next: z.string().nullable() })

export const iocListParams = z.object({ id: z.string().min(1).max(100) })
