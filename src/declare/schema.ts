import { z } from 'zod'
import type { JsonValue } from '../kernel/json.ts'
import { BADGE_STATES, OBJECTIVE_STATES, UNITS } from '../kernel/measure.ts'

const instant = z.iso.datetime({ precision: 3 })
const json: z.ZodType<JsonValue> = z.json()

// ── The card, as people write it in YAML ───────────────────────────────────────────────────────────────────────────

export const bilingual = z
  .strictObject({ en: z.string().min(1), ja: z.string().min(1) })
  .meta({ description: 'The same words in English and Japanese.' })
export type Bilingual = z.infer<typeof bilingual>

const slug = z
  .string()
  .regex(/^[a-z0-9]+(-[a-z0-9]+)*$/, 'lower-case words joined by hyphens')
  .max(64)

/** Weeks, days, hours, minutes, seconds. Months and years have no fixed length and are refused. */
export const duration = z
  .string()
  .regex(
    /^P(?=.)(\d+W)?(\d+D)?(T(?=.)(\d+H)?(\d+M)?(\d+S)?)?$/,
    'an ISO 8601 duration in weeks, days, hours, minutes or seconds, e.g. P7D or PT15M',
  )
  .meta({ description: 'ISO 8601 duration without months and years, e.g. P30D, PT15M.' })

/** A calendar day; it begins at midnight UTC. */
const day = z.iso.date().meta({ description: 'A day, YYYY-MM-DD, beginning at midnight UTC.' })

export const COMPARATORS = ['<=', '>=', '=', '<'] as const
export type Comparator = (typeof COMPARATORS)[number]

export const objective = z.strictObject({
  id: slug,
  title: bilingual,
  measure: z.string().min(1).meta({ description: 'Id of a measure, e.g. detect.alert-delay.' }),
  params: z.record(z.string(), json).default({}),
  comparator: z.enum(COMPARATORS),
  target: z.number().meta({ description: "In the measure's own unit: percent, seconds, count or days." }),
  window: duration.meta({ description: 'How far back the measure looks.' }),
  margin: z.number().nonnegative().default(0).meta({ description: 'Met, but closer to the target than this: at risk.' }),
  maxEvidenceAge: duration.meta({ description: 'Evidence older than this proves nothing.' }),
})
export type Objective = z.infer<typeof objective>

export const forbidden = z.strictObject({
  id: slug,
  title: bilingual,
  query: z.string().min(1).meta({ description: 'Query of the event lake; its count within the window must be 0.' }),
  window: duration,
  maxEvidenceAge: duration,
})
export type Forbidden = z.infer<typeof forbidden>

export const trigger = z.discriminatedUnion('on', [
  z
    .strictObject({
      on: z.literal('unmet'),
      objective: slug.optional(),
      periods: z.int().min(0),
    })
    .meta({ description: 'An objective (any, if none is named) has not been met for this many whole periods; 0: at once.' }),
  z
    .strictObject({ on: z.literal('below'), objective: slug, value: z.number() })
    .meta({ description: 'The figure fell below this value, e.g. coverage.' }),
  z
    .strictObject({ on: z.literal('coverage'), objective: slug.optional(), value: z.number().positive().max(100).default(100) })
    .meta({
      description:
        'Of what an objective (any, if none is named) counts, less than this share in percent is known to be good or bad.',
    }),
  z.strictObject({ on: z.literal('unverified-change') }).meta({ description: 'The card changed and was not signed again.' }),
  z
    .strictObject({ on: z.literal('stale-evidence'), objective: slug.optional(), grace: duration.default('PT0S') })
    .meta({ description: 'Evidence has been missing or too old for longer than the grace.' }),
  z.strictObject({ on: z.literal('expiry') }).meta({ description: 'The validity ended.' }),
])
export type Trigger = z.infer<typeof trigger>
export const TRIGGER_KINDS = ['unmet', 'below', 'coverage', 'unverified-change', 'stale-evidence', 'expiry', 'forbidden'] as const

export const card = z
  .strictObject({
    id: slug,
    version: z.string().regex(/^\d{4}\.\d{2}\.\d{2}(\.\d+)?$/, 'YYYY.MM.DD, with .N for a second one on that day'),
    name: bilingual,
    owner: z.string().min(1),
    approvers: z
      .array(z.string().min(1))
      .min(1)
      .meta({ description: 'Account names, or @admin (anyone who administers) or @cards (anyone who may write cards).' }),
    signatures: z.int().min(1).default(1).meta({ description: 'How many different people must sign a version.' }),
    scope: z.strictObject({
      id: z.string().min(1).default('default'),
      description: bilingual,
      assets: z.array(z.string().min(1)).default([]),
      labels: z.record(z.string(), z.string()).default({}),
    }),
    threats: z.strictObject({ in: z.array(bilingual).min(1), out: z.array(bilingual).default([]) }),
    objectives: z.array(objective).default([]),
    forbidden: z.array(forbidden).default([]),
    evidence: z.array(bilingual).default([]),
    residualRisks: z
      .array(z.strictObject({ description: bilingual, approver: z.string().min(1), until: day.optional() }))
      .default([]),
    period: duration.meta({ description: 'The length of a period in "unmet for N periods".' }),
    validity: z.strictObject({ from: day, until: day }),
    nextReview: day,
    withdrawal: z.array(trigger).min(1),
    publicPage: z
      .strictObject({
        name: bilingual.optional().meta({ description: 'What the card is called there; its name where absent.' }),
        statement: bilingual.meta({ description: 'What is promised, in words for those outside.' }),
        objectives: z
          .array(slug)
          .default([])
          .meta({ description: 'Whose figures are told. The others count, and are not named.' }),
      })
      .optional()
      .meta({ description: 'Puts the card on the public status page, which asks for no login. Absent: it is not there.' }),
  })
  .meta({
    title: 'Perfection declaration card',
    description: 'What a team declares for one scope, how it is measured, and when the badge is withdrawn.',
  })
export type Card = z.infer<typeof card>

// ── What the API says of a card ────────────────────────────────────────────────────────────────────────────────────

const text = z.object({ en: z.string(), ja: z.string() })

/** Why a badge is in its state: a code and figures for programs, a sentence for people. */
export const reason = z.object({ code: z.string(), params: z.record(z.string(), json), text })
export type Reason = z.infer<typeof reason>

/** A ledger entry, known by its place once the outbox has been drained. */
export const evidenceRef = z.object({ outbox: z.int(), index: z.int().nullable() })
export type EvidenceRef = z.infer<typeof evidenceRef>

export const badge = z.object({
  state: z.enum(BADGE_STATES),
  since: instant,
  /** The gravest reason; null while held. */
  reason: reason.nullable(),
  /** Every reason, gravest first. */
  reasons: z.array(reason),
  evidence: evidenceRef.nullable(),
})
export type BadgeView = z.infer<typeof badge>

export const seriesPoint = z.object({ at: instant, value: z.number().nullable(), state: z.enum(OBJECTIVE_STATES) })

/** Of the time that records cover within the window, the shares in percent. */
export const sharesView = z.object({ since: instant, met: z.number(), unmet: z.number(), unproven: z.number() })

export const outlookView = z.object({
  shares: sharesView.nullable(),
  /** Items: how many may be bad or unknown; time: how long a miss may last, milliseconds. `left` in percent. */
  budget: z.object({ kind: z.enum(['items', 'time']), total: z.number(), used: z.number(), left: z.number() }).nullable(),
  /** At 1 the budget is gone when one window has passed, at 2 in half of it. */
  burn: z.object({ recent: z.number(), window: z.number() }).nullable(),
  /** What comes next at this rate, soonest first; empty where nothing can be told. */
  forecasts: z.array(z.object({ kind: z.enum(['lost', 'regained', 'withdrawn', 'stale']), at: instant, text })),
  /** Which part of what is counted is known to be good or bad, percent; null where nothing is counted. */
  known: z.number().nullable(),
})
export type OutlookView = z.infer<typeof outlookView>

export const OBJECTIVE_KINDS = ['objective', 'forbidden'] as const

export const objectiveView = z.object({
  id: z.string(),
  kind: z.enum(OBJECTIVE_KINDS),
  title: text,
  measure: z.string(),
  unit: z.enum(UNITS),
  comparator: z.enum(COMPARATORS),
  target: z.number(),
  margin: z.number(),
  window: z.string(),
  maxEvidenceAge: z.string(),
  state: z.enum(OBJECTIVE_STATES),
  /** Met, but within the margin of the target. */
  atRisk: z.boolean(),
  /** Null when nothing could be measured: hatch it, never zero. Stays visible when only its evidence is too old. */
  value: z.number().nullable(),
  /** Figure and target in words a reader uses, e.g. `1 min 48 s`, `≤ 5 min`. */
  figure: text,
  targetText: text,
  /** Why it is unproven. */
  missing: text.nullable(),
  good: z.int(),
  bad: z.int(),
  unknown: z.int(),
  /** What the measure counted. */
  detail: z.record(z.string(), json),
  measuredAt: instant.nullable(),
  /** When the newest item behind the figure arrived. */
  evidenceAt: instant.nullable(),
  /** Since when it has not been met; null while met. */
  notMetSince: instant.nullable(),
  /** When a trigger will take the badge unless it is met before; null if none is running. */
  withdrawsAt: instant.nullable(),
  outlook: outlookView,
  /** Oldest first, at most 60 points. */
  series: z.array(seriesPoint),
  evidence: evidenceRef.nullable(),
})
export type ObjectiveView = z.infer<typeof objectiveView>

export const triggerView = z.object({
  id: z.string(),
  on: z.enum(TRIGGER_KINDS),
  objective: z.string().nullable(),
  state: z.enum(['armed', 'fired']),
  text,
  firesAt: instant.nullable(),
})
export type TriggerView = z.infer<typeof triggerView>

/** A step on the way back to the badge. */
export const earnBackStep = z.object({ code: z.string(), params: z.record(z.string(), json), text, done: z.boolean() })
export type EarnBackStep = z.infer<typeof earnBackStep>

export const signatureView = z.object({ name: z.string(), at: instant, evidence: evidenceRef.nullable() })

export const signaturesView = z.object({
  required: z.int(),
  /** For the version that is in force. */
  given: z.array(signatureView),
  complete: z.boolean(),
  /** Approvers that the card names. */
  approvers: z.array(z.string()),
  /** May the caller sign the version in force now? */
  youMaySign: z.boolean(),
})

/** One difference between two versions. `weaker` loosens what is promised; `unclear` changes what is measured: read it. */
export const change = z.object({
  path: z.string(),
  kind: z.enum(['added', 'removed', 'changed']),
  before: json,
  after: json,
  effect: z.enum(['weaker', 'stronger', 'neutral', 'unclear']),
  text,
})
export type Change = z.infer<typeof change>

/** A version that waits for signatures before it replaces the one in force. */
export const pendingVersion = z.object({
  hash: z.string(),
  version: z.string(),
  proposedAt: instant,
  proposedBy: z.string(),
  given: z.array(signatureView),
  required: z.int(),
  changes: z.array(change),
  weakened: z.int(),
})

export const cardView = z.object({
  id: z.string(),
  scope: z.string(),
  version: z.string(),
  /** SHA-256 of the card's canonical JSON: what signatures stand on. */
  hash: z.string(),
  name: text,
  description: text,
  owner: z.string(),
  badge,
  objectives: z.array(objectiveView),
  /** How many criteria stand on valid evidence now, and what share of the recorded time they did on average, percent. */
  evidenceCoverage: z.object({ proven: z.int(), of: z.int(), share: z.number().nullable() }),
  triggers: z.array(triggerView),
  /** Empty unless the badge is not held. */
  earnBack: z.array(earnBackStep),
  signatures: signaturesView,
  validity: z.object({ from: instant, until: instant, daysLeft: z.int() }),
  nextReview: instant,
  threats: z.object({ in: z.array(text), out: z.array(text) }),
  evidence: z.array(text),
  residualRisks: z.array(z.object({ description: text, approver: z.string(), until: instant.nullable() })),
  pending: z.array(pendingVersion),
  /** Null before the first evaluation. */
  evaluatedAt: instant.nullable(),
  badgeUrl: z.string(),
})
export type CardView = z.infer<typeof cardView>

/** A card file that was not loaded. */
export const cardProblem = z.object({
  file: z.string(),
  line: z.int().nullable(),
  field: z.string().nullable(),
  code: z.string(),
  message: z.string(),
  remedy: z.string(),
})
export type CardProblem = z.infer<typeof cardProblem>

export const wallResponse = z.object({
  cards: z.array(cardView),
  problems: z.array(cardProblem),
  totals: z.object({
    cards: z.int(),
    held: z.int(),
    atRisk: z.int(),
    withdrawn: z.int(),
    expired: z.int(),
    draft: z.int(),
    objectives: z.int(),
    met: z.int(),
    unmet: z.int(),
    unproven: z.int(),
    /** The held or at-risk card that lapses first. */
    nextToLapse: z.object({ id: z.string(), name: text, daysLeft: z.int() }).nullable(),
  }),
})
export type WallResponse = z.infer<typeof wallResponse>

export const cardParams = z.object({ id: slug })
export const proposeBody = z.object({ yaml: z.string().min(1).max(200_000), dryRun: z.boolean().default(false) })
export const proposeResponse = z.object({
  id: z.string(),
  version: z.string(),
  hash: z.string(),
  /** False for a dry run, and for a text that is already known. */
  stored: z.boolean(),
  changes: z.array(change),
  weakened: z.int(),
  /** How many other people must sign it before it counts. */
  required: z.int(),
})
/** The hash the person has read; signing anything else is refused. */
export const signBody = z.object({ hash: z.string().min(1) })
export const signResponse = z.object({ card: cardView })
export const diffQuery = z.object({ from: z.string().optional(), to: z.string().optional() })
/** `written` as it came; `whole` with everything spelt out, which means the same and can be applied again. */
export const sourceQuery = z.object({ hash: z.string().optional(), form: z.enum(['written', 'whole']).default('written') })
export const diffResponse = z.object({
  id: z.string(),
  from: z.object({ hash: z.string(), version: z.string() }).nullable(),
  to: z.object({ hash: z.string(), version: z.string() }),
  changes: z.array(change),
  weakened: z.int(),
})

export const badgeChange = z.object({
  at: instant,
  from: z.enum(BADGE_STATES).nullable(),
  to: z.enum(BADGE_STATES),
  reason: reason.nullable(),
  evidence: evidenceRef.nullable(),
})
export const historyResponse = z.object({
  id: z.string(),
  /** Newest first. */
  badge: z.array(badgeChange),
  versions: z.array(
    z.object({
      hash: z.string(),
      version: z.string(),
      at: instant,
      by: z.string(),
      inForce: z.boolean(),
      signatures: z.array(signatureView),
    }),
  ),
})
export type HistoryResponse = z.infer<typeof historyResponse>

/** The public badge (a contract: keys may be added, none changed). */
export const badgeJson = z.object({
  id: z.string(),
  state: z.enum(BADGE_STATES),
  since: instant,
  /** A sentence in the language asked for (`?lang=ja`), or null while held. */
  reason: z.string().nullable(),
  objectives: z.array(
    z.object({
      id: z.string(),
      state: z.enum(OBJECTIVE_STATES),
      value: z.number().nullable(),
      target: z.number(),
      unit: z.enum(UNITS),
      comparator: z.enum(COMPARATORS),
    }),
  ),
  ledger: z.object({ size: z.int(), root: z.string() }),
  name: text,
  version: z.string(),
  validUntil: instant,
  evaluatedAt: instant.nullable(),
})
export type BadgeJson = z.infer<typeof badgeJson>
