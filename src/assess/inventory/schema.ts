import { z } from 'zod'

const instant = z.iso.datetime({ precision: 3 })
const SEVERITIES = ['none', 'low', 'medium', 'high', 'critical'] as const
export const KINDS = ['package', 'code', 'secret', 'config', 'web', 'host'] as const
/**
 * New → open (somebody has it) → fixed, as a later list proves, or withdrawn with its advisory → regressed, when it is back.
 * Accepted and not affected: by an exception that another person approved, until it expires.
 */
export const VULNERABILITY_STATES = ['new', 'open', 'regressed', 'accepted', 'not-affected', 'fixed', 'withdrawn'] as const
export type VulnerabilityState = (typeof VULNERABILITY_STATES)[number]
export const STEPS = ['all', 'fixable', 'inUse', 'exposed', 'exploited'] as const
export type Step = (typeof STEPS)[number]
const DECISIONS = ['defer', 'scheduled', 'out-of-cycle', 'immediate'] as const

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
    /** What runs there, as package URLs or names; absent: nobody looked, and what was known of it stays. */
    inUse: z.array(z.string().min(1).max(1000)).max(50_000).optional(),
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
  /** Products that vendors speak of in CSAF and that no package can be matched with. */
  unmatched: z.int(),
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
  /** `waived`: accepted or not affected; `gone`: fixed or withdrawn. */
  state: z.enum(['open', 'waived', 'gone']).default('open'),
  asset: z.string().max(253).optional(),
  kind: z.enum(KINDS).optional(),
  decision: z.enum(DECISIONS).optional(),
  owner: z.string().max(200).optional(),
  overdue: z.enum(['true']).optional(),
  /** A word of id, alias, package or summary. */
  q: z.string().max(200).optional(),
  step: z.enum(STEPS).default('all'),
  limit: z.coerce.number().int().min(1).max(500).default(200),
})

/** What a person says of how grave it is here: a vector, or metrics of the asset's environment. */
const saidRating = z.object({ vector: z.string(), reason: z.string(), by: z.string(), at: instant }).nullable()

export const vulnerability = z.object({
  id: z.string(),
  /** The package URL without its version, or where else it stands: what work and exceptions name it by. */
  package: z.string(),
  kind: z.enum(KINDS),
  state: z.enum(VULNERABILITY_STATES),
  ids: z.array(z.string()),
  aliases: z.array(z.string()),
  /** What kind of fault it is (`CWE-79`). */
  cwes: z.array(z.string()),
  summary: z.string(),
  /** As JVN iPedia words it; null where it does not. */
  summaryJa: z.string().nullable(),
  asset: z.string(),
  source: z.string(),
  /** Whoever sees it, or saw it last. */
  sources: z.array(z.string()),
  name: z.string(),
  version: z.string().nullable(),
  purl: z.string().nullable(),
  place: z.string(),
  severity: z.enum(SEVERITIES).nullable(),
  score: z.number().nullable(),
  vector: z.string().nullable(),
  /** Severity, score and vector above are those of here; this is what was published, and who says what of it here. */
  rating: z.object({
    published: z.object({
      severity: z.enum(SEVERITIES).nullable(),
      score: z.number().nullable(),
      vector: z.string().nullable(),
    }),
    own: saidRating,
    environment: saidRating,
  }),
  fixed: z.array(z.string()),
  exploited: z.string().nullable(),
  epss: z.number().nullable(),
  exposure: z.string().nullable(),
  criticality: z.enum(['low', 'medium', 'high', 'critical']).nullable(),
  inUse: z.boolean().nullable(),
  /** The process that an agent saw it with, and when; null where none did. */
  seen: z.object({ process: z.string(), file: z.string(), at: instant }).nullable(),
  /** By the name of a product alone (CPE): it may be something else of that name. */
  guessed: z.boolean(),
  risk: z.object({
    /** 0–100: the reasons' points together. */
    score: z.int(),
    /** SSVC: the deployer's table, and CISA's. */
    decision: z.enum(DECISIONS),
    cisa: z.enum(['track', 'track*', 'attend', 'act']),
    reasons: z.array(
      z.object({
        point: z.enum(['exploitation', 'exposure', 'automatable', 'impact', 'technical', 'severity', 'use']),
        points: z.number(),
        en: z.string(),
        ja: z.string(),
      }),
    ),
  }),
  owner: z.string().nullable(),
  due: instant.nullable(),
  /** The rule of the policy that says so; null where a person does. */
  dueRule: z.string().nullable(),
  overdue: z.boolean(),
  ticket: z.string().nullable(),
  note: z.string(),
  /** A rule for the firewall, in its shadow first; null where no face of it on the wire is known. */
  virtualPatch: z.string().nullable(),
  waiver: z.object({ id: z.string(), title: z.string(), why: z.string(), approvedBy: z.string(), expires: instant }).nullable(),
  /** The list that proves it gone (SHA-256), and its number in the evidence. */
  proof: z.object({ list: z.string(), outbox: z.int().nullable() }).nullable(),
  firstSeen: instant,
  lastSeen: instant,
  gone: instant.nullable(),
  regressed: z.boolean(),
})
export type VulnerabilityView = z.infer<typeof vulnerability>

export const vulnerabilitiesReply = z.object({
  /** Of what is open, each step of the one before; null where nobody knows (nothing said to run, no label, no KEV): it cuts nothing. */
  funnel: z.object({
    all: z.int(),
    fixable: z.int(),
    inUse: z.int().nullable(),
    exposed: z.int().nullable(),
    exploited: z.int().nullable(),
  }),
  waived: z.int(),
  overdue: z.int(),
  /** Assets of which something changed and that are not weighed again yet: their figures are those of before. */
  pending: z.int(),
  assets: z.int(),
  components: z.int(),
  unjudged: z.int(),
  /** When the oldest list was received; null where there is none. */
  oldest: instant.nullable(),
  /** Releases of distributions that nobody mends any more: silence about them is no health. */
  unsupported: z.array(z.object({ release: z.string(), ended: z.iso.date(), assets: z.int() })),
  feeds: feedsView,
  /** Why the own policy is not in force; null where it is, or there is none. */
  policyProblem: z.string().nullable(),
  items: z.array(vulnerability),
  /** How many match; `items` may be fewer. */
  total: z.int(),
})
export type VulnerabilitiesReply = z.infer<typeof vulnerabilitiesReply>

export const componentsQuery = z.object({
  /** A part of the name. */
  name: z.string().trim().min(2).max(300),
  /** Only versions in it: a range as `vers:` writes it (vers:maven/<2.17.0), or without its type (<2.17.0), each package by its own order. */
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
  /** So named, but without a version that the range could be asked of. */
  unjudged: z.int(),
  /** Whether all that are so named were looked at: where they were not, more may be found than these figures say. */
  complete: z.boolean(),
})
export type ComponentsReply = z.infer<typeof componentsReply>

const MOST_ASSETS = 200
export const assetWeaknessesQuery = z.object({
  /** Ids of assets, with commas between them. */
  ids: z
    .string()
    .max(MOST_ASSETS * 40)
    .transform((text) => text.split(',').filter((id) => id !== ''))
    .pipe(z.array(z.string().min(1).max(100)).min(1).max(MOST_ASSETS)),
})
/** What is known of the software on an asset, under any of its names. */
export const assetWeaknesses = z.object({
  id: z.string(),
  /** The lists of what is installed, and the reports of other scanners. */
  lists: z.array(
    z.object({
      asset: z.string(),
      source: z.string(),
      format: z.string(),
      /** Null for a report of findings. */
      components: z.int().nullable(),
      unjudged: z.int(),
      received: instant,
    }),
  ),
  /** Its agent's look at what runs; null where none told of it. */
  agent: z.object({ since: instant, looked: instant, packages: z.int(), stale: z.boolean() }).nullable(),
  open: z.int(),
  waived: z.int(),
  fixable: z.int(),
  /** Null where nobody knows what runs. */
  inUse: z.int().nullable(),
  exploited: z.int(),
  /** Open ones by what is to be done. */
  decisions: z.object(Object.fromEntries(DECISIONS.map((one) => [one, z.int()])) as Record<(typeof DECISIONS)[number], z.ZodInt>),
})
export type AssetWeaknesses = z.infer<typeof assetWeaknesses>
export const assetWeaknessesReply = z.object({ items: z.array(assetWeaknesses), pending: z.int() })
