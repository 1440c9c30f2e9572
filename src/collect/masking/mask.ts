import { createHmac } from 'node:crypto'
import { RE2JS } from 're2js'
import { isJsonObject, type JsonObject, type JsonValue } from '../../kernel/json.ts'
import { luhn } from '../../platform/text/luhn.ts'
import { type MaskingRule, OURS } from './schema.ts'
import { writtenForms } from './written-forms.ts'

/** How many values each rule masked. */
export type MaskTally = Map<string, number>

/** Masks a document in place. Every object in it must be the caller's own. */
export type Masker = (doc: JsonObject, tally: MaskTally) => void

/**
 * A quicker test that says true for every text in which a pattern (RE2 syntax) matches, and false for most others; undefined
 * where there is none for it.
 */
export type QuickTest = (pattern: string) => ((text: string) => boolean) | undefined

/** A masked value shorter than this is not looked for elsewhere: it would stand in everything. */
const LOOKED_FOR = 4
const HASH_DIGITS = 16
/** Names of members in which a rule found nothing are remembered: they come again with every event. */
const REMEMBERED_NAMES = 20_000
const MOST_LUHN_DIGITS = 19
const LEAST_LUHN_DIGITS = 12

type Growing = Record<string, JsonValue>

interface Compiled {
  readonly id: string
  readonly everywhere: boolean
  readonly paths: readonly { readonly parts: readonly string[]; readonly below: boolean }[]
  readonly whole: boolean
  /** The text as masked, or the same text. */
  readonly text: (text: string, count: () => void) => string
}

/**
 * @param key of the installation, for rules that hash.
 * @param quick asked for each pattern; without it every text that may hold a match goes through RE2.
 * @returns undefined where no rule is in force: then nothing has to be asked.
 */
export function createMasker(rules: readonly MaskingRule[], key: Uint8Array, quick?: QuickTest): Masker | undefined {
  const compiled = rules.filter(({ enabled }) => enabled).map((rule) => compile(rule, key, quick))
  if (compiled.length === 0) return undefined
  const steps = stepsOf(compiled)
  return (doc, tally) => {
    for (const step of steps) step(doc as Growing, tally)
  }
}

type Step = (doc: Growing, tally: MaskTally) => void

/** In the order of the rules; those for every text that follow each other share one walk through the document. */
function stepsOf(rules: readonly Compiled[]): readonly Step[] {
  const steps: Step[] = []
  for (let at = 0; at < rules.length; ) {
    let end = at
    while (end < rules.length && rules[end]!.everywhere && rules[end]!.paths.length === 0) end++
    if (end === at) steps.push(fieldStep(rules[at++]!))
    else {
      steps.push(everywhereStep(rules.slice(at, end)))
      at = end
    }
  }
  return steps
}

function everywhereStep(rules: readonly Compiled[]): Step {
  const cleanNames = new Set<string>()
  return (doc, tally) => {
    const text = (value: string): string => {
      let made = value
      for (const rule of rules) made = rule.text(made, () => add(tally, rule.id, 1))
      return made
    }
    walkObject(doc, undefined, text, cleanNames)
  }
}

function fieldStep(rule: Compiled): Step {
  const cleanNames = new Set<string>()
  return (doc, tally) => {
    let masked = 0
    const count = (): void => {
      masked++
    }
    const raw = rule.whole ? new Map<string, string>() : undefined
    const text = (value: string): string => {
      const made = rule.text(value, count)
      if (raw !== undefined && made !== value && value.length >= LOOKED_FOR) raw.set(value, made)
      return made
    }
    if (rule.everywhere) walkObject(doc, undefined, text, cleanNames)
    for (const { parts, below } of rule.paths) maskPath(doc, parts, 0, below, text)
    if (raw !== undefined && raw.size > 0) spread(doc, raw)
    if (masked > 0) add(tally, rule.id, masked)
  }
}

function add(tally: MaskTally, id: string, count: number): void {
  tally.set(id, (tally.get(id) ?? 0) + count)
}

function compile(rule: MaskingRule, key: Uint8Array, quick: QuickTest | undefined): Compiled {
  const replacement = rule.hash === true ? (value: string) => hashed(value, key) : () => rule.replace!
  const shape = {
    id: rule.id,
    everywhere: rule.fields.includes('*'),
    paths: rule.fields
      .filter((field) => field !== '*')
      .flatMap((field) => {
        const below = field.endsWith('.*')
        const name = below ? field.slice(0, -2) : field
        return [
          { parts: name.split('.'), below },
          // Where a sender's value has not the type of its field, it is kept there: a list or an object is the value.
          { parts: `${name}_original`.split('.'), below: true },
        ]
      }),
  }
  if (rule.pattern === undefined) {
    const whole = (value: string, count: () => void): string => {
      if (value === '') return value
      count()
      return replacement(value)
    }
    return { ...shape, whole: true, text: whole }
  }
  const pattern = RE2JS.compile(rule.pattern)
  const mayMatch = quick?.(rule.pattern)
  const { contains, check } = rule
  const text = (value: string, count: () => void): string => {
    if (check === 'luhn' && !hasDigits(value, LEAST_LUHN_DIGITS)) return value
    if (contains !== undefined && !contains.some((part) => value.includes(part))) return value
    if (mayMatch !== undefined && !mayMatch(value)) return value
    const matcher = pattern.matcher(value)
    let out = ''
    let from = 0
    while (matcher.find()) {
      const found = matcher.group() ?? ''
      if (found === '' || (check === 'luhn' && !passesLuhn(found))) continue
      count()
      out += value.slice(from, matcher.start()) + replacement(found)
      from = matcher.end()
    }
    return from === 0 ? value : out + value.slice(from)
  }
  return { ...shape, whole: false, text }
}

function hashed(value: string, key: Uint8Array): string {
  return `masked:${createHmac('sha256', key).update(value).digest('hex').slice(0, HASH_DIGITS)}`
}

/** Luhn's check over the digits, of which there must be 12 to 19. */
function passesLuhn(text: string): boolean {
  const { holds, digits } = luhn(text)
  return holds && digits >= LEAST_LUHN_DIGITS && digits <= MOST_LUHN_DIGITS
}

function hasDigits(text: string, least: number): boolean {
  let digits = 0
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code >= 48 && code <= 57 && ++digits >= least) return true
  }
  return false
}

/** Members of the document whose own members may be ours: `event`. */
const AROUND_OURS: ReadonlySet<string> = new Set(
  [...OURS].filter((name) => name.includes('.')).map((name) => name.split('.', 1)[0]!),
)

/**
 * Masks values, and member names where those that are clean are remembered, at any depth.
 * @param above the member of the document that this is; undefined for the document itself, empty for what lies deeper.
 */
function walkObject(object: Growing, above: string | undefined, text: (value: string) => string, cleanNames?: Set<string>): void {
  const nearOurs = above === undefined || AROUND_OURS.has(above)
  for (const key of Object.keys(object)) {
    if (nearOurs && OURS.has(above === undefined ? key : `${above}.${key}`)) continue
    const value = object[key]!
    const made = walkValue(value, above === undefined ? key : '', text, cleanNames)
    const name = cleanNames === undefined || cleanNames.has(key) ? key : text(key)
    if (name === key) {
      if (cleanNames !== undefined && cleanNames.size < REMEMBERED_NAMES) cleanNames.add(key)
      if (made !== value) object[key] = made
      continue
    }
    delete object[key]
    setOwn(object, freeName(object, name), made)
  }
}

function walkValue(
  value: JsonValue,
  above: string,
  text: (value: string) => string,
  cleanNames: Set<string> | undefined,
): JsonValue {
  if (typeof value === 'string') return text(value)
  if (typeof value === 'number') {
    const written = String(value)
    const made = text(written)
    return made === written ? value : made
  }
  if (Array.isArray(value)) {
    const items = value as JsonValue[]
    const made = items.map((item) => walkValue(item, above, text, cleanNames))
    return made.some((item, at) => item !== items[at]) ? made : value
  }
  if (isJsonObject(value)) walkObject(value as Growing, above, text, cleanNames)
  return value
}

/** `__proto__` as a name would set a prototype. */
function setOwn(object: Growing, name: string, value: JsonValue): void {
  Object.defineProperty(object, name, { value, enumerable: true, writable: true, configurable: true })
}

function freeName(object: Growing, name: string): string {
  for (let n = 0; ; n++) {
    const wanted = n === 0 ? name : `${name}_${n + 1}`
    if (!Object.hasOwn(object, wanted)) return wanted
  }
}

/** Follows a dotted name through objects and lists; a key that itself holds the rest with its dots counts too. */
function maskPath(here: JsonObject, parts: readonly string[], at: number, below: boolean, text: (value: string) => string): void {
  const object = here as Growing
  for (let end = at + 1; end <= parts.length; end++) {
    const key = end === at + 1 ? parts[at]! : parts.slice(at, end).join('.')
    if (!Object.hasOwn(object, key)) continue
    const value = object[key]!
    if (end === parts.length) object[key] = maskLeaf(value, parts.join('.'), below, text)
    else if (isJsonObject(value)) maskPath(value, parts, end, below, text)
    else if (Array.isArray(value))
      for (const item of value as readonly JsonValue[]) if (isJsonObject(item)) maskPath(item, parts, end, below, text)
  }
}

/** A field's value, or each of its values; what stands below it only where the rule says so. */
function maskLeaf(value: JsonValue, path: string, below: boolean, text: (value: string) => string): JsonValue {
  if (isJsonObject(value)) {
    if (below) walkObject(value as Growing, path, text)
    return value
  }
  if (Array.isArray(value)) return (value as readonly JsonValue[]).map((item) => maskLeaf(item, path, below, text))
  if (value === null) return value
  const written = String(value)
  const made = text(written)
  return made === written ? value : made
}

/** A value that was masked in its field must not stand in the message or the original line, however these write it. */
function spread(doc: Growing, raw: ReadonlyMap<string, string>): void {
  const hex = Object.hasOwn(doc, 'auditd')
  const forms = new Map<string, string>()
  for (const [value, made] of raw) for (const form of writtenForms(value, hex)) if (!raw.has(form)) forms.set(form, made)
  const all = [...raw, ...forms].sort(([a], [b]) => b.length - a.length)
  const replaced = (value: string): string => {
    let made = value
    for (const [from, to] of all) if (made.includes(from)) made = made.replaceAll(from, () => to)
    return made
  }
  walkObject(doc, undefined, replaced, new Set())
}
