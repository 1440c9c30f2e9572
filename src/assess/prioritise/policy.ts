import { parse, YAMLParseError } from 'yaml'
import { z } from 'zod'
import { KanpekiError } from '../../kernel/error.ts'
import { SEVERITIES, type Severity } from '../cvss/score.ts'
import { KINDS } from '../inventory/schema.ts'
import { exploitationOf, type Risk, type Surroundings, type Weakness } from './risk.ts'
import { DEPLOYER_DECISIONS } from './ssvc.ts'

export type FindingKind = (typeof KINDS)[number]

const oneOrMany = <T extends z.ZodType>(item: T) => z.union([item, z.array(item).min(1)])

/** All that is named must hold; a list is any of its items; a pattern may hold `*`. */
const when = z.strictObject({
  kind: oneOrMany(z.enum(KINDS)).optional(),
  severity: oneOrMany(z.enum([...SEVERITIES, 'unrated'])).optional(),
  /** The least of each. */
  score: z.number().min(0).max(10).optional(),
  epss: z.number().min(0).max(1).optional(),
  risk: z.number().min(0).max(100).optional(),
  exploited: z.boolean().optional(),
  /** An exploit is public, by its CVE, its vector or CISA's catalogue; a likelihood alone (EPSS) is none. */
  publicExploit: z.boolean().optional(),
  fixable: z.boolean().optional(),
  inUse: z.boolean().optional(),
  exposure: oneOrMany(z.string().min(1)).optional(),
  criticality: oneOrMany(z.enum(['low', 'medium', 'high', 'critical'])).optional(),
  decision: oneOrMany(z.enum(DEPLOYER_DECISIONS)).optional(),
  id: oneOrMany(z.string().min(1)).optional(),
  package: oneOrMany(z.string().min(1)).optional(),
})
export type PolicyCondition = z.infer<typeof when>

const span = z.string().regex(/^\d{1,4}[hdw]$/, 'write a number and h, d or w, e.g. 72h')
const policy = z.strictObject({
  /** The first that holds says until when. */
  due: z.array(z.strictObject({ name: z.string().min(1).max(100), when, within: span })).default([]),
  /** Any that holds breaks a build. */
  break: z.array(z.strictObject({ name: z.string().min(1).max(100), when })).default([]),
  /** Any that holds opens a task, for whom it says. */
  task: z
    .array(z.strictObject({ name: z.string().min(1).max(100), when, owner: z.string().min(1).max(200).optional() }))
    .default([]),
})
export type Policy = z.infer<typeof policy>

/** What a rule of a policy is asked about. */
export interface Subject {
  readonly kind: FindingKind
  readonly names: readonly string[]
  readonly package: string
  readonly weakness: Weakness
  readonly fixable: boolean
  readonly around: Surroundings
  readonly risk: Risk
}

const MOST_BYTES = 256 * 1024

/** Reads a policy. @throws KanpekiError `policy_invalid` with the place of the first fault; nothing of it is used then. */
export function readPolicy(text: string, file: string): Policy {
  const fail = (reason: string, line?: number): never => {
    throw new KanpekiError('policy_invalid', `${file} is no policy: ${reason}.`, {
      place: { file, ...(line === undefined ? {} : { line }) },
      remedy: 'Correct it, or leave it out: the one that ships is used then.',
    })
  }
  if (text.length > MOST_BYTES) return fail(`it is larger than ${MOST_BYTES} bytes`)
  let value: unknown
  try {
    value = parse(text, { maxAliasCount: 0 })
  } catch (error) {
    if (error instanceof YAMLParseError) return fail(error.message.split('\n')[0]!, error.linePos?.[0].line)
    return fail(error instanceof Error ? error.message : String(error))
  }
  const parsed = policy.safeParse(value ?? {})
  if (parsed.success) return parsed.data
  const issue = parsed.error.issues[0]
  return fail(`${issue?.path.map(String).join('.')}: ${issue?.message}`)
}

/** Whether every condition holds. */
export function holds(condition: PolicyCondition, subject: Subject): boolean {
  const { weakness, around, risk } = subject
  const severity: Severity | 'unrated' = weakness.severity ?? 'unrated'
  return (
    among(condition.kind, subject.kind) &&
    among(condition.severity, severity) &&
    atLeast(condition.score, weakness.score) &&
    atLeast(condition.epss, weakness.epss) &&
    atLeast(condition.risk, risk.score) &&
    (condition.exploited === undefined || condition.exploited === (weakness.exploited !== null)) &&
    (condition.publicExploit === undefined ||
      condition.publicExploit === (exploitationOf({ ...weakness, epss: null }) !== 'none')) &&
    (condition.fixable === undefined || condition.fixable === subject.fixable) &&
    (condition.inUse === undefined || condition.inUse === around.inUse) &&
    among(condition.exposure, around.exposure) &&
    among(condition.criticality, around.criticality) &&
    among(condition.decision, risk.decision) &&
    like(condition.id, subject.names) &&
    like(condition.package, [subject.package])
  )
}

function among<T>(wanted: T | readonly T[] | undefined, value: T | null): boolean {
  if (wanted === undefined) return true
  return Array.isArray(wanted) ? value !== null && wanted.includes(value) : value === wanted
}

function atLeast(least: number | undefined, value: number | null): boolean {
  return least === undefined || (value !== null && value >= least)
}

function like(patterns: string | readonly string[] | undefined, values: readonly string[]): boolean {
  if (patterns === undefined) return true
  const list = typeof patterns === 'string' ? [patterns] : patterns
  return list.some((pattern) => values.some((value) => globMatches(pattern.toLowerCase(), value.toLowerCase())))
}

/** `*` stands for any text; in time that grows with both lengths multiplied at most. */
function globMatches(pattern: string, value: string): boolean {
  const parts = pattern.split('*')
  if (parts.length === 1) return pattern === value
  const [first = '', ...rest] = parts
  const last = rest.pop() ?? ''
  if (!value.startsWith(first) || value.length < first.length + last.length || !value.endsWith(last)) return false
  let at = first.length
  const end = value.length - last.length
  for (const part of rest) {
    const found = value.indexOf(part, at)
    if (found < 0 || found + part.length > end) return false
    at = found + part.length
  }
  return true
}

const SPAN_MS = { h: 3_600_000, d: 86_400_000, w: 604_800_000 } as const

/** Until when by policy, counted from when it was opened; undefined where no rule speaks of it. */
export function dueOf(
  { due }: Policy,
  subject: Subject,
  opened: number,
): { readonly at: number; readonly rule: string } | undefined {
  const rule = due.find((one) => holds(one.when, subject))
  if (rule === undefined) return undefined
  return { at: opened + Number(rule.within.slice(0, -1)) * SPAN_MS[rule.within.at(-1) as keyof typeof SPAN_MS], rule: rule.name }
}

/** The names of the rules that hold. */
export function ruleNames(rules: Policy['break'] | Policy['task'], subject: Subject): readonly string[] {
  return rules.filter((one) => holds(one.when, subject)).map(({ name }) => name)
}
