import { z } from 'zod'

/** One rule that is not to look at one variable, on one path, until a time: as narrow as a person can say it. */
export const exclusionSchema = z.object({
  rule: z.int().positive(),
  /** As sent, without the query. */
  path: z.string().startsWith('/').max(1000),
  /** As in a transaction's record, for example `ARGS:password`; null: the rule as a whole. */
  variable: z
    .string()
    .regex(/^[A-Z_]+(?::.{1,200})?$/)
    .nullable(),
  /** Milliseconds UTC. */
  until: z.int().positive(),
})
export type Exclusion = z.infer<typeof exclusionSchema>

const instant = z.iso.datetime({ precision: 3 })

/** What an exclusion is about, before anybody says for how long. */
export const exclusionWhatSchema = exclusionSchema.omit({ until: true })
export type ExclusionWhat = z.infer<typeof exclusionWhatSchema>

export const newExclusionSchema = z.strictObject({
  ...exclusionWhatSchema.shape,
  reason: z.string().trim().min(10, { error: 'Say in a sentence why.' }).max(2000),
  /** Who answers for it; whoever writes it where absent. */
  owner: z.string().trim().min(1).max(200).optional(),
  days: z.int().min(1).max(365),
  /** The request that led to it. */
  reference: z.string().max(40).optional(),
})
export type NewExclusion = z.infer<typeof newExclusionSchema>

/** What it would have touched in the last days: requests that this rule found there, and those that judged as attacks. */
export const exclusionPreviewSchema = z.object({
  days: z.int(),
  stopped: z.int(),
  found: z.int(),
  clients: z.int(),
  /** Of the requests found, how many people judged to be attacks. */
  attacks: z.int(),
})
export type ExclusionPreview = z.infer<typeof exclusionPreviewSchema>

export const EXCLUSION_STATES = ['active', 'ended', 'expired'] as const
export const exclusionViewSchema = z.object({
  ...exclusionWhatSchema.shape,
  id: z.string(),
  reason: z.string(),
  owner: z.string(),
  state: z.enum(EXCLUSION_STATES),
  createdBy: z.string(),
  createdAt: instant,
  expiresAt: instant,
  endedBy: z.string().nullable(),
  preview: exclusionPreviewSchema,
})
export type ExclusionView = z.infer<typeof exclusionViewSchema>
export const exclusionListSchema = z.object({ exclusions: z.array(exclusionViewSchema) })
export const exclusionParamsSchema = z.object({ id: z.uuid() })

/** An application that ought to be behind a firewall. */
export const applicationSettingsSchema = z.strictObject({
  /** Names that clients ask for, in lower case. */
  hosts: z
    .array(z.string().regex(/^[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?$/, { error: 'Write names such as shop.example.com.' }))
    .min(1)
    .max(50),
  owner: z.string().trim().min(1).max(200),
})
export const applicationParamsSchema = z.object({ name: z.string().regex(/^[a-z0-9-]{1,60}$/) })
export const applicationSchema = z.object({
  name: z.string(),
  ...applicationSettingsSchema.shape,
  declaredBy: z.string(),
  declaredAt: instant,
  /** Requests of the last 24 hours, of these under a firewall that only looks on, and stopped. */
  requests: z.int(),
  watched: z.int(),
  stopped: z.int(),
})
export type Application = z.infer<typeof applicationSchema>
export const applicationListSchema = z.object({ applications: z.array(applicationSchema) })

export const WAF_VERDICTS = ['attack', 'false'] as const
export type WafVerdict = (typeof WAF_VERDICTS)[number]
export const referenceParamsSchema = z.object({ reference: z.string().regex(/^[0-9A-HJKMNP-TV-Z]{16}$/) })
export const verdictSchema = z.object({
  reference: z.string(),
  verdict: z.enum(WAF_VERDICTS).nullable(),
  by: z.string().nullable(),
  at: instant.nullable(),
})
export const newVerdictSchema = z.strictObject({ verdict: z.enum(WAF_VERDICTS) })

/** A rule that finds something in what many harmless clients send there. */
export const suggestionSchema = z.object({
  ...exclusionWhatSchema.shape,
  requests: z.int(),
  clients: z.int(),
  /** Requests to that path at all. */
  all: z.int(),
})
export type Suggestion = z.infer<typeof suggestionSchema>
export const suggestionListSchema = z.object({ days: z.int(), suggestions: z.array(suggestionSchema) })

/** What looks on beside the rules (sign-ins, schemas, leaks) has ids in the same logs, and no rule that could be excluded. */
export function isRule(id: number): boolean {
  return id < 7_390_000 || id > 7_399_999
}

/** Where ids of exclusions begin; they are told apart by what they exclude. */
const FIRST_ID = 7_380_000
const IDS = 10_000

/**
 * An exclusion as SecLang, for a file before the rules (they are read in the order given). It ends by itself. `place` numbers those of one file. Undefined for a path or variable with
 * a character that SecLang would read as its own.
 */
export function exclusionRule({ rule, path, variable, until }: Exclusion, place?: number): string | undefined {
  if (!isPlain(path) || (variable !== null && (!isPlain(variable) || /[,;]/.test(variable)))) return undefined
  const id = FIRST_ID + ((place ?? hash(`${rule} ${path} ${variable ?? ''}`)) % IDS)
  const control = variable === null ? `ctl:ruleRemoveById=${rule}` : `ctl:ruleRemoveTargetById=${rule};${variable}`
  return `SecRule TIME_EPOCH "@lt ${Math.floor(until / 1000)}" "id:${id},phase:1,pass,nolog,t:none,chain"
  SecRule REQUEST_FILENAME "@streq ${path}" "t:none,${control}"
`
}

/** Printable, and nothing that quotes, escapes, expands or ends a line. */
function isPlain(text: string): boolean {
  return /^[\x20-\x7e]+$/.test(text) && !/["'\\%]/.test(text)
}

function hash(text: string): number {
  let value = 2_166_136_261
  for (const sign of text) value = Math.imul(value ^ sign.codePointAt(0)!, 16_777_619) >>> 0
  return value
}
