import { isJsonObject, type JsonObject, type JsonValue } from '../../../kernel/json.ts'
import { type Aggregate, addValues, countEvents, countValues, median, percentile } from './aggregate.ts'
import { type Alternatives, choices, numericCondition, temporalExpression } from './condition.ts'
import { DERIVE_FUNCTIONS, type DeriveFunction, isDeriveFunction } from './derive.ts'
import { anyOrder, bitCount, inOrder } from './sequence.ts'
import { SpecFault } from './spec-fault.ts'
import { parseTimespan } from './timespan.ts'

export const CORRELATION_TYPES = [
  'event_count',
  'value_count',
  'value_sum',
  'value_avg',
  'value_median',
  'value_percentile',
  'temporal',
  'temporal_ordered',
] as const
export type CorrelationType = (typeof CORRELATION_TYPES)[number]

export interface DerivedField {
  readonly compute: DeriveFunction
  readonly field: string
}

/** A `correlation:` section that was understood completely, its references not yet looked up. */
export interface CorrelationSpec {
  readonly type: CorrelationType
  /** Ids or names, in the order written: the i-th is stage i. */
  readonly rules: readonly string[]
  readonly groupBy: readonly string[]
  /** Alias → rule id or name as written → field. */
  readonly aliases: Readonly<Record<string, Readonly<Record<string, string>>>>
  readonly derived: Readonly<Record<string, DerivedField>>
  /** Milliseconds. */
  readonly span: number
  /** What value_* correlations look at; value_count takes several and counts distinct tuples. */
  readonly valueFields: readonly string[]
  /** Which of `rules` are reported by themselves too. */
  readonly generate: readonly string[]
  /** The condition as a person writes it. */
  readonly conditionText: string
  readonly aggregate: () => Aggregate
}

const KEYS = ['type', 'rules', 'group-by', 'timespan', 'condition', 'aliases', 'derive', 'generate']

/** Temporal correlations keep their stages as bits of a 32-bit number. */
const MAX_STAGES = 30

/** Reads a document's `correlation` section. `mostEvents` is how many events a group may keep. Throws SpecFault. */
export function parseSpec(doc: JsonObject, mostEvents: number): CorrelationSpec {
  const section = doc['correlation']
  if (!isJsonObject(section)) throw new SpecFault(['correlation'], 'correlation must be a map')
  for (const key of Object.keys(section))
    if (!KEYS.includes(key)) throw new SpecFault(['correlation', key], `correlation knows ${KEYS.join(', ')}, not "${key}"`)
  const type = CORRELATION_TYPES.find((each) => each === section['type'])
  if (type === undefined) throw new SpecFault(['correlation', 'type'], `type must be one of ${CORRELATION_TYPES.join(', ')}`)
  const temporal = type === 'temporal' || type === 'temporal_ordered'
  const expression = temporal && typeof section['condition'] === 'string' ? temporalExpression(section['condition']) : undefined
  const rules =
    section['rules'] === undefined && expression !== undefined
      ? [...new Set(expression.flat())]
      : texts(section['rules'], 'rules')
  if (rules.length === 0) throw new SpecFault(['correlation', 'rules'], 'rules names no rule')
  const derived = readDerived(section['derive'])
  const judged = temporal
    ? judgeTemporal(type, rules, section['condition'], expression)
    : judgeFigures(type, section['condition'], mostEvents)
  return {
    type,
    rules,
    groupBy: section['group-by'] === undefined ? [] : texts(section['group-by'], 'group-by'),
    aliases: readAliases(section['aliases']),
    derived,
    span: readTimespan(section['timespan']),
    generate: generatedRules(doc, rules),
    ...judged,
  }
}

type Judged = Pick<CorrelationSpec, 'aggregate' | 'conditionText' | 'valueFields'>

function judgeFigures(type: CorrelationType, condition: JsonValue | undefined, mostEvents: number): Judged {
  if (!isJsonObject(condition))
    throw new SpecFault(['correlation', 'condition'], `${type} needs a condition map such as {gte: 10}`)
  const valued = type !== 'event_count'
  const others = [...(valued ? ['field'] : []), ...(type === 'value_percentile' ? ['percentile'] : [])]
  const { test, least, text } = numericCondition(condition, others)
  const valueFields = valued ? texts(condition['field'], 'condition', 'field') : []
  if (valued && valueFields.length === 0)
    throw new SpecFault(['correlation', 'condition', 'field'], `${type} needs condition.field`)
  if (valueFields.length > 1 && type !== 'value_count')
    throw new SpecFault(['correlation', 'condition', 'field'], `${type} takes one field`)
  if (type === 'event_count' || type === 'value_count') {
    if (least === undefined) throw new SpecFault(['correlation', 'condition'], `no count satisfies ${text}`)
    if (least > mostEvents)
      throw new SpecFault(
        ['condition'],
        `a group keeps ${mostEvents} events, so a count ${text} is never reached; raise the limit`,
      )
  }
  const percent = condition['percentile'] ?? 50
  if (typeof percent !== 'number' || percent < 0 || percent > 100)
    throw new SpecFault(['correlation', 'condition', 'percentile'], 'percentile must be a number from 0 to 100')
  const makers: Readonly<Record<Exclude<CorrelationType, 'temporal' | 'temporal_ordered'>, () => Aggregate>> = {
    event_count: () => countEvents(test),
    value_count: () => countValues(test),
    value_sum: () => addValues(test, 'sum'),
    value_avg: () => addValues(test, 'average'),
    value_median: () => median(test),
    value_percentile: () => percentile(test, percent),
  }
  return { aggregate: makers[type as keyof typeof makers], conditionText: text, valueFields }
}

function judgeTemporal(
  type: 'temporal' | 'temporal_ordered',
  rules: readonly string[],
  condition: JsonValue | undefined,
  expression: Alternatives | undefined,
): Judged {
  if (rules.length > MAX_STAGES) throw new SpecFault(['correlation', 'rules'], `${type} takes at most ${MAX_STAGES} rules`)
  const stages = (names: readonly string[]): number[] =>
    names.map((name) => {
      const stage = rules.indexOf(name)
      if (stage < 0) throw new SpecFault(['correlation', 'condition'], `condition names "${name}", which is not among the rules`)
      return stage
    })
  const made = (conditionText: string, aggregate: () => Aggregate): Judged => ({ aggregate, conditionText, valueFields: [] })
  const byAlternatives = (alternatives: Alternatives, text: string): Judged => {
    const chains = alternatives.map((names) => stages(names).sort((a, b) => a - b))
    const masks = chains.map((chain) => chain.reduce((mask, stage) => mask | (1 << stage), 0))
    return type === 'temporal_ordered'
      ? made(text, () => inOrder(chains))
      : made(text, () => anyOrder(rules.length, (present) => masks.some((mask) => (present & mask) === mask)))
  }
  if (expression !== undefined) return byAlternatives(expression, String(condition))
  if (condition === undefined) return byAlternatives([rules], `all ${rules.length}`)
  if (!isJsonObject(condition))
    throw new SpecFault(['correlation', 'condition'], 'condition must be a map or an expression over rule names')
  const { test, least, text } = numericCondition(condition, [])
  if (least === undefined || least > rules.length)
    throw new SpecFault(['correlation', 'condition'], `no number of ${rules.length} rules is ${text}`)
  if (type === 'temporal') return made(text, () => anyOrder(rules.length, (present) => test(bitCount(present))))
  if (least === 0 || !test(rules.length))
    throw new SpecFault(
      ['correlation', 'condition'],
      'temporal_ordered takes a lower bound (gt, gte) that all rules together satisfy',
    )
  return byAlternatives(choices(rules, least), text)
}

function readTimespan(value: JsonValue | undefined): number {
  const span = typeof value === 'string' ? parseTimespan(value) : undefined
  if (span === undefined)
    throw new SpecFault(
      ['timespan'],
      `timespan must be a number and one of s m h d w M y, such as 5m; this is ${JSON.stringify(value)}`,
    )
  return span
}

function readAliases(value: JsonValue | undefined): Record<string, Record<string, string>> {
  const aliases: Record<string, Record<string, string>> = {}
  for (const [alias, fields] of Object.entries(map(value, 'aliases'))) {
    const byRule: Record<string, string> = {}
    for (const [rule, field] of Object.entries(map(fields, 'aliases', alias))) byRule[rule] = text(field, 'aliases', alias)
    aliases[alias] = byRule
  }
  return aliases
}

function readDerived(value: JsonValue | undefined): Record<string, DerivedField> {
  const derived: Record<string, DerivedField> = {}
  for (const [name, definition] of Object.entries(map(value, 'derive'))) {
    const [entry, ...more] = Object.entries(map(definition, 'derive', name))
    if (entry === undefined || more.length > 0)
      throw new SpecFault(['correlation', 'derive', name], `derive "${name}" needs exactly one {function: field}`)
    const [compute, field] = entry
    if (!isDeriveFunction(compute))
      throw new SpecFault(['correlation', 'derive', name], `derive knows ${DERIVE_FUNCTIONS.join(', ')}, not "${compute}"`)
    derived[name] = { compute, field: text(field, 'derive', name) }
  }
  return derived
}

function map(value: JsonValue | undefined, ...path: readonly string[]): JsonObject {
  if (value === undefined) return {}
  if (!isJsonObject(value)) throw new SpecFault(['correlation', ...path], `${path.join('.')} must be a map`)
  return value
}

function text(value: JsonValue | undefined, ...path: readonly string[]): string {
  if (typeof value !== 'string' || value === '') throw new SpecFault(['correlation', ...path], `${path.join('.')} must be text`)
  return value
}

function texts(value: JsonValue | undefined, ...path: readonly string[]): string[] {
  if (value === undefined) return []
  const list = Array.isArray(value) ? (value as readonly JsonValue[]) : [value]
  const read = list.map((each) => text(each, ...path))
  if (new Set(read).size < read.length)
    throw new SpecFault(['correlation', ...path], `${path.join('.')} names the same thing twice`)
  return read
}

/** `generate: true` is all of them; a list of some is an extension. The specification has seen the key in both places. */
function generatedRules(doc: JsonObject, rules: readonly string[]): readonly string[] {
  const section = doc['correlation']
  const value = (isJsonObject(section) ? section['generate'] : undefined) ?? doc['generate'] ?? false
  if (typeof value === 'boolean') return value ? rules : []
  const names = texts(value, 'generate')
  for (const name of names)
    if (!rules.includes(name))
      throw new SpecFault(['correlation', 'generate'], `generate names "${name}", which is not among the rules`)
  return names
}
