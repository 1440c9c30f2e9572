import { z } from 'zod'
import type { JsonValue } from '../../kernel/json.ts'
import { UNITS } from '../../kernel/measure.ts'
import { bilingual } from '../schema.ts'

const json: z.ZodType<JsonValue> = z.json()
const instant = z.iso.datetime({ precision: 3 })

export const seriesId = z
  .string()
  .regex(/^[a-z0-9]+(-[a-z0-9]+)*$/, 'lower-case words joined by hyphens')
  .max(64)

const every = z.int().min(60).max(604_800).default(3600).meta({ description: 'Seconds from one question to the next.' })

/** An address without user, password and fragment: a secret is given apart, and sealed. */
const httpUrl = z
  .url({ protocol: /^https?$/ })
  .max(2000)
  .refine((url) => plain(url), 'must not hold a user, a password or a fragment; give the secret apart')
const databaseUrl = z
  .url({ protocol: /^postgres(ql)?$/ })
  .max(2000)
  .refine((url) => URL.canParse(url) && new URL(url).password === '', 'must not hold the password; give it as the secret')

/** Where a series asks for its figure by itself. A series without it is pushed. */
export const pull = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('http'),
    url: httpUrl,
    pointer: z
      .string()
      .regex(/^(\/([^~/]|~[01])*)*$/, 'a JSON pointer (RFC 6901), e.g. /data/0/value')
      .meta({ description: 'Where in the JSON of the reply the number stands (RFC 6901).' }),
    every,
  }),
  z.strictObject({
    kind: z.literal('prometheus'),
    url: httpUrl.meta({ description: 'The server, e.g. https://prometheus.example.com; /api/v1/query is added.' }),
    query: z.string().min(1).max(4000).meta({ description: 'PromQL that gives one number.' }),
    every,
  }),
  z.strictObject({
    kind: z.literal('sql'),
    url: databaseUrl.meta({ description: 'postgres://user@host/database; the password is the secret.' }),
    query: z.string().min(1).max(4000).meta({ description: 'A SELECT that gives one row; its first column is the number.' }),
    every,
  }),
  z.strictObject({
    kind: z.literal('otlp'),
    metric: z.string().min(1).max(255).meta({ description: 'Name of an OpenTelemetry metric: a gauge or a sum.' }),
    attributes: z
      .record(z.string().min(1).max(255), z.string().max(1000))
      .default({})
      .meta({ description: 'Attributes that the point, or what it is of, must have: one series of points must be left.' }),
    every: every.meta({ description: 'At least so many seconds between two samples that say the same.' }),
  }),
])
export type Pull = z.infer<typeof pull>
/** What is asked for by us; `otlp` waits until it is sent. */
export type Asked = Exclude<Pull, { kind: 'otlp' }>

/** Blanks are no title. */
const words = z.string().trim().min(1)
const title = z.strictObject({ en: words, ja: words }).meta({ description: 'The same words in English and Japanese.' })

export const seriesBody = z.strictObject({
  unit: z.enum(UNITS),
  title,
  /** Where the figure comes from and what it means, for whoever reads the evidence. */
  definition: z.string().max(2000).default(''),
  pull: pull.nullable().default(null),
  /** HTTP: the value of the authorization header; SQL: the password. Never given back. Absent keeps the one there is. */
  secret: z.string().min(1).max(4000).nullable().optional(),
})
export type SeriesBody = z.infer<typeof seriesBody>

const count = z.int().nonnegative().max(1e12)

export const sampleBody = z
  .strictObject({
    /** Absent: the share of `good` in percent, where items are counted and the unit is percent. */
    value: z.number().optional(),
    good: count.default(0),
    bad: count.default(0),
    unknown: count.default(0),
    /** When it was so; now by default. A sample of a moment is given once. */
    at: z.iso.datetime({ offset: true }).optional(),
    /** What was counted, small enough for a ledger entry. */
    detail: z.record(z.string(), json).default({}),
  })
  .refine((sample) => sample.value !== undefined || sample.good + sample.bad + sample.unknown > 0, {
    error: 'Give a value, or how many items are good, bad and unknown.',
  })
export type SampleBody = z.infer<typeof sampleBody>

export const seriesParams = z.object({ id: seriesId })

export const sampleView = z.object({
  at: instant,
  value: z.number(),
  good: count,
  bad: count,
  unknown: count,
})

export const seriesView = z.object({
  id: seriesId,
  unit: z.enum(UNITS),
  title: bilingual,
  definition: z.string(),
  pull: pull.nullable(),
  hasSecret: z.boolean(),
  /** What a card names: `external.percent` with the parameter `series`. */
  measure: z.string(),
  /** The newest sample; null before the first. */
  newest: sampleView.nullable(),
  samples: z.int(),
  /** Why it could not be pulled the last time; null where it could, or is pushed. */
  fault: z.object({ since: instant, reason: z.string() }).nullable(),
  by: z.string(),
})
export type SeriesView = z.infer<typeof seriesView>
export const seriesListResponse = z.object({ items: z.array(seriesView) })
export const sampleResponse = z.object({ at: instant, value: z.number(), stored: z.boolean() })

function plain(text: string): boolean {
  if (!URL.canParse(text)) return false
  const { username, password, hash } = new URL(text)
  return username === '' && password === '' && hash === ''
}
