import { z } from 'zod'
import { isZone } from '../kernel/zone.ts'
import { fileConfig } from './sources/file/schema.ts'
import { gelfConfig } from './sources/gelf/schema.ts'
import { httpConfig, webhookMapping } from './sources/http/schema.ts'
import { importConfig } from './sources/import/schema.ts'
import { syslogConfig } from './sources/syslog/schema.ts'

/**
 * `http`, `syslog`, `file:auth`, `http:web-shipper`: the kind, and a name where there can be several. `agent:ID` is an enrolled
 * agent, `kanpeki:access` what we say about ourselves: nobody sets these up.
 */
export const sourceId = z
  .string()
  .max(80)
  .regex(
    /^(http|syslog|gelf|file|import|agent|kanpeki)(:[a-z0-9][a-z0-9._-]{0,63})?$/,
    'a source id is kind or kind:name, lower case',
  )

export const SOURCE_KINDS = ['http', 'syslog', 'gelf', 'file', 'import'] as const
export const sourceKind = z.enum(SOURCE_KINDS)
export type SourceKind = z.infer<typeof sourceKind>

/**
 * `waiting`: the writer is busy or refuses, so the source is not read (nothing is lost that can wait).
 * `failed`: it threw; `retryAt` says when it is opened again. `stopped`: asked to, or an import that is done.
 */
export const SOURCE_STATES = ['starting', 'running', 'waiting', 'failed', 'stopped'] as const
export const sourceState = z.enum(SOURCE_STATES)
export type SourceState = z.infer<typeof sourceState>

/** `never`: no event yet. `silent`: no event for longer than `expectedSeconds`. `unwatched`: no interval is expected. */
export const SILENCES = ['ok', 'silent', 'never', 'unwatched'] as const
export const silenceState = z.enum(SILENCES)
export type SilenceState = z.infer<typeof silenceState>

/**
 * Counted in records (what a source hands over). Always: received = stored + repeated + dropped, stored = parsed + unknown.
 * `dropped` is by policy only. `gaps` are records known to be lost before they reached us: not part of `received`.
 */
export const counts = z.object({
  received: z.int().nonnegative(),
  parsed: z.int().nonnegative(),
  unknown: z.int().nonnegative(),
  stored: z.int().nonnegative(),
  repeated: z.int().nonnegative(),
  dropped: z.int().nonnegative(),
  gaps: z.int().nonnegative(),
  bytes: z.int().nonnegative(),
})
export type Counts = z.infer<typeof counts>

/** One value a step from `from` on (RFC 3339), the last one still growing. */
export const series = z.object({
  from: z.iso.datetime(),
  stepSeconds: z.literal(60),
  received: z.array(z.int().nonnegative()),
  unknown: z.array(z.int().nonnegative()),
  gaps: z.array(z.int().nonnegative()),
})
export type Series = z.infer<typeof series>

export const sourceSummary = z.object({
  id: sourceId,
  kind: sourceKind,
  title: z.string(),
  enabled: z.boolean(),
  state: sourceState,
  /** Why it waits, failed or stopped. */
  reason: z.string().nullable(),
  /** What kind of reason it is, for programs and translations; null where that is not known. */
  reasonCode: z.string().nullable(),
  retryAt: z.iso.datetime().nullable(),
  /** What does not stop the source but needs a person: a file that may not be read, a full socket. */
  problems: z.array(z.object({ code: z.string(), text: z.string() })),
  counts,
  createdAt: z.iso.datetime(),
  /** Received time of the last stored record. */
  lastEventAt: z.iso.datetime().nullable(),
  /** Received minus observed time of the latest batch's last event, milliseconds; null where events carry no time. */
  lagMs: z.int().nullable(),
  /** The longest silence that is normal here; null: none is expected. */
  expectedSeconds: z.int().positive().nullable(),
  silence: silenceState,
  /** Seconds since the last event; null if there was none. */
  silentSeconds: z.int().nonnegative().nullable(),
  /** The last 60 minutes. */
  series,
})
export type SourceSummary = z.infer<typeof sourceSummary>

export const sourceList = z.object({
  now: z.iso.datetime(),
  sources: z.array(sourceSummary),
  totals: z.object({
    sources: z.int().nonnegative(),
    /** Had an event inside the last minute. */
    reporting: z.int().nonnegative(),
    silent: z.int().nonnegative(),
    failed: z.int().nonnegative(),
    lastHour: counts,
    lastDay: counts,
  }),
})
export type SourceList = z.infer<typeof sourceList>

const zoneName = z
  .string()
  .max(64)
  .refine((name) => name === '' || isZone(name), { error: 'is no time zone such as Asia/Tokyo' })

const common = {
  name: z.string().regex(/^[a-z0-9][a-z0-9._-]{0,63}$/, 'lower-case letters, digits, dot, dash and underscore'),
  title: z.string().max(200).optional(),
  /** Minutes east of UTC for lines without a zone (RFC 3164). */
  zoneMinutes: z.int().min(-840).max(840).default(0),
  /** IANA name of the zone of lines without one, summer time included; goes before `zoneMinutes`. */
  zone: zoneName.optional(),
  /** Parser ids to try first. */
  parsers: z.array(z.string().max(64)).max(16).default([]),
  /** Left out: an hour, and none for an import. */
  expectedSeconds: z.int().min(1).max(31_536_000).nullable().optional(),
}

/** Body of POST /api/v1/sources. */
export const newSource = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('file'), ...common, config: fileConfig }).strict(),
  z.object({ kind: z.literal('syslog'), ...common, config: syslogConfig }).strict(),
  z.object({ kind: z.literal('gelf'), ...common, config: gelfConfig }).strict(),
  /** How to read what is sent to us under a name: a generic webhook. */
  z.object({ kind: z.literal('http'), ...common, config: httpConfig }).strict(),
  z.object({ kind: z.literal('import'), ...common, config: importConfig }).strict(),
])
export type NewSource = z.infer<typeof newSource>

/** Body of PATCH /api/v1/sources/:id: what may change without a new identity. */
export const sourceChange = z
  .object({
    enabled: z.boolean().optional(),
    title: z.string().max(200).optional(),
    expectedSeconds: z.int().min(1).max(31_536_000).nullable().optional(),
    /** IANA name of the zone of lines without one; empty: as was configured. */
    zone: zoneName.optional(),
    /** How the events of a generic webhook are read; null: as they come. */
    mapping: webhookMapping.nullable().optional(),
  })
  .strict()
export type SourceChange = z.infer<typeof sourceChange>

export const sourceDetail = sourceSummary.extend({
  /** As configured; null for sources that exist because somebody sent to them (http). */
  config: z.record(z.string(), z.unknown()).nullable(),
  zoneMinutes: z.int(),
  zone: z.string(),
  parsers: z.array(z.string()),
})
export type SourceDetail = z.infer<typeof sourceDetail>

/** A record that no parser could read, as it is kept. */
export const unknownSample = z.object({
  id: z.string(),
  receivedAt: z.iso.datetime(),
  reason: z.string(),
  /** At most 4,096 characters. */
  text: z.string(),
  origin: z.string().nullable(),
})
export type UnknownSample = z.infer<typeof unknownSample>
export const unknownList = z.object({ total: z.int().nonnegative(), samples: z.array(unknownSample) })
export type UnknownList = z.infer<typeof unknownList>

/** Reply of POST /api/v1/sources/:id/test: the event went through the real path and is stored under this id. */
export const testReceipt = z.object({ eventId: z.string(), sentAt: z.iso.datetime(), storedAt: z.iso.datetime() })
export type TestReceipt = z.infer<typeof testReceipt>

const bilingual = z.object({ en: z.string(), ja: z.string() })

/**
 * A piece to copy and paste. `text` still holds `{{token}}`; addresses are filled in. `proof` says what we know:
 * `tested` by this project's tests with the real client, `not-run` written from its documentation.
 */
export const shipper = z.object({
  id: z.string(),
  title: bilingual,
  note: bilingual,
  language: z.enum(['shell', 'javascript', 'yaml', 'conf']),
  proof: z.enum(['tested', 'not-run']),
  text: z.string(),
})
export type Shipper = z.infer<typeof shipper>
export const shipperList = z.object({ shippers: z.array(shipper) })
