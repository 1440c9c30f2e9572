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

/** Where ids of exclusions begin; they are told apart by what they exclude. */
const FIRST_ID = 7_380_000
const IDS = 10_000

/**
 * An exclusion as SecLang, for a file before the rules (they are read in the order given). It ends by itself. Undefined for a path or variable with
 * a character that SecLang would read as its own.
 */
export function exclusionRule({ rule, path, variable, until }: Exclusion): string | undefined {
  if (!isPlain(path) || (variable !== null && (!isPlain(variable) || /[,;]/.test(variable)))) return undefined
  const id = FIRST_ID + (hash(`${rule} ${path} ${variable ?? ''}`) % IDS)
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
