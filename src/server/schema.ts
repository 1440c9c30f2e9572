import { z } from 'zod'
import type { JsonObject } from '../kernel/json.ts'
import { BADGE_STATES } from '../kernel/measure.ts'

/**
 * Shapes of the routes that the server itself answers (set-up link, overview, event search, live);
 * every other shape is in its room's `schema.ts`. Times are RFC 3339 UTC with milliseconds.
 */
const time = z.iso.datetime({ precision: 3 })
const count = z.int().nonnegative()
const jsonObject = z.custom<JsonObject>((value) => typeof value === 'object' && value !== null && !Array.isArray(value))

// ── Overview ──

const bothLanguages = z.object({ en: z.string(), ja: z.string() })

/** What needs a person now, most urgent first. The console words each kind in both languages. */
export const needSchema = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('alert'),
    id: z.string(),
    severity: z.union([z.literal(1), z.literal(2), z.literal(3), z.literal(4), z.literal(5)]),
    title: bothLanguages,
    /** What the alert is about, as one short text (`web-03`). */
    entity: z.string(),
    count,
    since: time,
  }),
  z.object({
    kind: z.literal('card'),
    id: z.string(),
    title: bothLanguages,
    state: z.enum(BADGE_STATES),
    /** The withdrawal's or the danger's reason, where there is one. */
    reason: bothLanguages.nullable(),
    since: time,
  }),
  z.object({
    kind: z.literal('source'),
    id: z.string(),
    problem: z.enum(['silent', 'gap', 'failing']),
    /** How many records are known to be missing; 0 where that cannot be counted. */
    missing: count,
    since: time,
  }),
  z.object({ kind: z.literal('rules'), refused: count, since: time }),
  z.object({ kind: z.literal('unknowns'), count, since: time }),
  /**
   * The quota for events: `near` from 90 % of it, `early` while it takes events before their days are over, `over` where
   * nothing more may be dropped. Told to those who set it. Sizes are bytes, `left` hours until it is reached.
   */
  z.object({
    kind: z.literal('storage'),
    problem: z.enum(['near', 'early', 'over']),
    used: count,
    limit: count,
    left: count.nullable(),
    since: time,
  }),
  /** Hours of which the lake lost events, and sealed files that are not whole. Told to those who can mend it. */
  z.object({ kind: z.literal('damage'), hours: count, events: count, files: count, since: time }),
  /** Exceptions that this person may approve or refuse. */
  z.object({ kind: z.literal('exceptions'), waiting: count, since: time }),
  /** Versions and steps of playbooks that this person may approve, and questions of runs that they may answer. */
  z.object({ kind: z.literal('playbooks'), waiting: count, since: time }),
  /** Alerts that could not be told to somebody who should know at once; told to those who set it. */
  z.object({ kind: z.literal('notify'), name: z.string(), waiting: count, since: time }),
  /** An access review that nobody finished in time; told to those who may read it. */
  z.object({ kind: z.literal('review'), id: z.string(), name: z.string(), waiting: count, since: time }),
])
export type Need = z.infer<typeof needSchema>

const severityKey = z.enum(['1', '2', '3', '4', '5'])

export const overviewSchema = z.object({
  needs: z.array(needSchema),
  alerts: z.object({ open: count, bySeverity: z.record(severityKey, count) }),
  badges: z.object({ held: count, atRisk: count, withdrawn: count, draft: count }),
  ingest: z.object({
    /** Mean over the last minute. */
    ratePerSecond: z.number().nonnegative(),
    /** Received events a minute over the last hour, oldest first; a minute without data is present with 0. */
    series: z.array(z.object({ at: time, count })),
    sources: z.object({ total: count, silent: count, gaps: count }),
  }),
  ledger: z.object({ size: count, signedAt: time.nullable() }),
})
export type Overview = z.infer<typeof overviewSchema>

// ── Events ──

export const storedEventSchema = z.object({
  id: z.string(),
  observed: time,
  received: time,
  source: z.string(),
  /** Parser id, or `unknown` for a record that no parser could read. */
  parser: z.string(),
  doc: jsonObject,
})
export type EventRow = z.infer<typeof storedEventSchema>

/** Half-open window on the observed time. An absent end is open. */
const window = { from: time.optional(), to: time.optional() }
const query = z.string().max(4000).default('')

export const searchRequestSchema = z.object({
  query,
  ...window,
  limit: z.int().min(1).max(1000).default(100),
  cursor: z.string().optional(),
})
export type SearchRequest = z.input<typeof searchRequestSchema>
/** Newest first; `next` is absent on the last page. */
export const searchReplySchema = z.object({ events: z.array(storedEventSchema), next: z.string().optional() })
export type SearchReply = z.infer<typeof searchReplySchema>

export const histogramRequestSchema = z.object({ query, from: time, to: time, buckets: z.int().min(1).max(500).default(90) })
export type HistogramRequest = z.input<typeof histogramRequestSchema>
/** Buckets in time order with equal widths; empty ones are present. */
export const histogramReplySchema = z.object({ buckets: z.array(z.object({ at: time, count })), total: count })
export type HistogramReply = z.infer<typeof histogramReplySchema>

export const topRequestSchema = z.object({
  query,
  ...window,
  /** Dotted ECS path. */
  field: z.string().min(1).max(300),
  limit: z.int().min(1).max(100).default(10),
})
export type TopRequest = z.input<typeof topRequestSchema>
/** Most frequent first; `total` counts the events that carry the field at all. */
export const topReplySchema = z.object({ values: z.array(z.object({ value: z.string(), count })), total: count })
export type TopReply = z.infer<typeof topReplySchema>

export const aroundQuerySchema = z.object({ seconds: z.coerce.number().int().min(1).max(3600).default(60) })
/** Oldest first, the event itself among them; at most 1000, and `truncated` says if there were more. */
export const aroundReplySchema = z.object({ events: z.array(storedEventSchema), truncated: z.boolean() })
export type AroundReply = z.infer<typeof aroundReplySchema>

export const EXPORT_FORMATS = ['ndjson', 'csv', 'parquet'] as const
export type ExportFormat = (typeof EXPORT_FORMATS)[number]
/** The most that one export gives. */
export const MOST_EXPORTED = 1_000_000
export const exportQuerySchema = z.object({
  query,
  ...window,
  format: z.enum(EXPORT_FORMATS).default('ndjson'),
  limit: z.coerce.number().int().min(1).max(MOST_EXPORTED).default(100_000),
  /** Columns of a CSV: dotted ECS paths, with commas between them. */
  fields: z
    .string()
    .max(2000)
    .transform((text) => text.split(',').map((field) => field.trim()))
    .pipe(z.array(z.string().min(1).max(300)).min(1).max(50))
    .optional(),
})
export type ExportQuery = z.infer<typeof exportQuerySchema>

// ── Demo and live ──

export const demoReplySchema = z.object({ sent: count })

export const LIVE_TOPICS = ['alerts', 'incidents', 'cards', 'sources', 'ledger', 'rules'] as const
export type LiveTopic = (typeof LIVE_TOPICS)[number]
/** Data of the server-sent event `change`: what has changed since the last one, never the data itself. */
export const liveChangeSchema = z.object({ topics: z.array(z.enum(LIVE_TOPICS)) })
