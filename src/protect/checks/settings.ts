import { z } from 'zod'

const answer = z.enum(['off', 'watch', 'block'])
const check = z.enum(['watch', 'block'])
const host = z.string().min(1).optional()
const prefixes = z.array(z.string().startsWith('/')).min(1).default(['/'])
const bytes = z.number().int().min(1)

/** `leaks:` of a WAF's settings: what answers must not give away. */
export const LeakSettings = z.strictObject({
  cards: answer.default('watch'),
  myNumbers: answer.default('watch'),
  emails: answer.default('watch'),
  /** So many different addresses in one answer are a list. */
  mostEmails: z.number().int().min(0).default(50),
  sqlErrors: answer.default('watch'),
  /** Paths below which it is looked for. */
  paths: prefixes,
  /** Paths that may show such things: a person's own account. */
  except: z.array(z.string().startsWith('/')).default([]),
  bytes: bytes.default(512 * 1024),
})
export type LeakSettings = z.infer<typeof LeakSettings>

/** `bodies:`: bodies as events, masked. */
export const BodySettings = z.strictObject({
  requests: z.boolean().default(true),
  answers: z.boolean().default(false),
  paths: prefixes,
  /** `found`: only where something was found in the exchange. */
  when: z.enum(['found', 'always']).default('found'),
  bytes: bytes.max(1024 * 1024).default(16 * 1024),
  /** Names of fields, beside the usual ones, whose values are masked. */
  mask: z.array(z.string().min(1)).default([]),
})
export type BodySettings = z.infer<typeof BodySettings>

/** `apis:`: what an OpenAPI document says is all that gets through. */
export const ApiSettings = z.strictObject({
  name: z.string().regex(/^[a-z0-9-]{1,40}$/),
  host,
  /** OpenAPI 3.0 or 3.1, YAML or JSON; references within it. */
  openapi: z.string().min(1),
  /** Where its paths begin; without it, as its first server says. */
  base: z.string().startsWith('/').optional(),
  answer: check.default('watch'),
  /** Parameters of the query that it does not name. */
  unknownParameters: z.enum(['refuse', 'pass']).default('refuse'),
  bytes: bytes.default(1024 * 1024),
})
export type ApiSettings = z.infer<typeof ApiSettings>

/** `graphql:`: how much one request may ask for. */
export const GraphqlSettings = z.strictObject({
  host,
  path: z.string().startsWith('/').default('/graphql'),
  depth: z.number().int().min(1).default(10),
  aliases: z.number().int().min(0).default(15),
  /** Fields with fragments spread out. */
  fields: z.number().int().min(1).default(500),
  /** Operations in one request. */
  batch: z.number().int().min(1).default(5),
  introspection: z.boolean().default(false),
  answer: check.default('watch'),
  bytes: bytes.default(256 * 1024),
})
export type GraphqlSettings = z.infer<typeof GraphqlSettings>

/** `uploads:`: files looked at by YARA rules before the application gets them. */
export const UploadSettings = z.strictObject({
  rules: z.array(z.string().min(1)).min(1),
  answer: check.default('watch'),
  paths: prefixes,
  bytes: bytes.default(8 * 1024 * 1024),
})
export type UploadSettings = z.infer<typeof UploadSettings>

/** `bots:`: clients that look for what is not there, or ask for what only a program finds. */
export const BotSettings = z.strictObject({
  /** So many answers that something is not there, over so many paths, within so many seconds. */
  misses: z.number().int().min(1).default(40),
  paths: z.number().int().min(1).max(256).default(25),
  seconds: z.number().min(1).default(60),
  /** Paths that no page leads to. */
  traps: z.array(z.string().startsWith('/').min(2)).default([]),
  answer: check.default('watch'),
  holdSeconds: z.number().min(1).default(600),
  mostClients: z.number().int().min(100).max(1_000_000).default(20_000),
})
export type BotSettings = z.infer<typeof BotSettings>
