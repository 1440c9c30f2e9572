import { checkRegex } from '../../../../platform/regex/check.ts'
import { allOf, anyOf, type Comparison, type Expression, type FieldTest, type GlobPart, type TimePart } from '../expression.ts'
import { parseNetwork } from '../match/cidr.ts'
import { base64, base64Offsets, flagDashes, utf8Bytes, utf16Bytes, windash } from './encodings.ts'
import { testOfParts } from './pattern.ts'
import { expandPlaceholders, type Placeholders } from './placeholders.ts'
import { RuleFault, type YamlPath } from './refuse.ts'
import { literalValue, partsOf, plainText, type RuleValue, ruleValueOf, writtenOf } from './values.ts'

/** Five dashes to the power of the flags: more would be no rule that a person wrote. */
const MOST_FLAGS = 5

const COMPARISONS: ReadonlySet<string> = new Set(['gt', 'gte', 'lt', 'lte'])
const TIME_PARTS: ReadonlySet<string> = new Set(['minute', 'hour', 'day', 'week', 'month', 'year'])

/** What the type modifiers of a chain have decided. At most one of regex … time is set. */
interface Chain {
  readonly all: boolean
  readonly neq: boolean
  readonly cased: boolean
  readonly type: 'text' | 're' | 'cidr' | 'exists' | 'fieldref' | 'compare' | 'time'
  readonly comparison: Comparison
  readonly timePart: TimePart
  readonly flags: ReadonlySet<string>
  /** Modifiers that change values, in the written order. */
  readonly transforms: readonly string[]
}

const TRANSFORMS: ReadonlySet<string> = new Set([
  'contains',
  'startswith',
  'endswith',
  'windash',
  'base64',
  'base64offset',
  'wide',
  'utf16',
  'utf16le',
  'utf16be',
  'expand',
])

function readChain(modifiers: readonly string[], path: YamlPath): Chain {
  let all = false
  let neq = false
  let cased = false
  let type = 'text' as Chain['type']
  let comparison: Comparison = 'eq'
  let timePart: TimePart = 'hour'
  const flags = new Set<string>()
  const transforms: string[] = []
  const typeOnce = (next: Chain['type'], modifier: string): Chain['type'] => {
    if (type !== 'text')
      throw new RuleFault('modifier-conflict', `'${modifier}' does not fit into '${modifiers.join('|')}'`, path)
    return next
  }
  for (const modifier of modifiers) {
    if (modifier === 'all') all = true
    else if (modifier === 'neq') neq = true
    else if (modifier === 'cased') cased = true
    else if (modifier === 're' || modifier === 'cidr' || modifier === 'exists' || modifier === 'fieldref')
      type = typeOnce(modifier, modifier)
    else if (type === 're' && (modifier === 'i' || modifier === 'm' || modifier === 's')) flags.add(modifier)
    else if (TIME_PARTS.has(modifier)) {
      type = typeOnce('time', modifier)
      timePart = modifier as TimePart
    } else if (COMPARISONS.has(modifier)) {
      if (type !== 'time') type = typeOnce('compare', modifier)
      comparison = modifier as Comparison
    } else if (TRANSFORMS.has(modifier)) transforms.push(modifier)
    else throw new RuleFault('modifier-unknown', `'${modifier}' is not a modifier of the Sigma specification 2.1`, path)
  }
  return { all, neq, cased, type, comparison, timePart, flags, transforms }
}

/**
 * The expression of one `field|modifiers: value(s)` line.
 * `test` makes a leaf of the field; keywords pass one that searches the whole event and refuse what is no text search.
 */
export function expressionOfItem(
  modifiers: readonly string[],
  raw: unknown,
  context: {
    readonly path: YamlPath
    readonly placeholders: Placeholders
    readonly leaf: (test: FieldTest, value: RuleValue) => Expression
  },
): Expression {
  const { path, placeholders } = context
  const chain = readChain(modifiers, path)
  const list = Array.isArray(raw) ? (raw as readonly unknown[]) : [raw]
  if (list.length === 0) throw new RuleFault('value-empty', 'a list of values must not be empty', path)
  const alternatives = list.map((entry, index) => {
    const at = Array.isArray(raw) ? [...path, index] : path
    const value = ruleValueOf(entry, at)
    const values = transform(value, chain.transforms, placeholders, at)
    return anyOf(values.map((each) => context.leaf(testOf(each, chain, at), value)))
  })
  const joined = chain.all && !chain.neq ? allOf(alternatives) : anyOf(alternatives)
  if (!chain.neq) return joined
  if (chain.type === 'exists') throw new RuleFault('modifier-conflict', "'neq' cannot be combined with 'exists'", path)
  return { kind: 'and', items: [context.leaf({ kind: 'valued' }, { kind: 'null' }), { kind: 'not', item: joined }] }
}

function transform(
  value: RuleValue,
  transforms: readonly string[],
  placeholders: Placeholders,
  path: YamlPath,
): readonly RuleValue[] {
  let values: readonly RuleValue[] = [value]
  for (const modifier of transforms) values = values.flatMap((each) => transformOne(each, modifier, placeholders, path))
  return values
}

function transformOne(value: RuleValue, modifier: string, placeholders: Placeholders, path: YamlPath): readonly RuleValue[] {
  const written = writtenOf(value)
  switch (modifier) {
    case 'contains':
      return [withParts(value, ['any', ...partsOf(value, modifier, path), 'any'])]
    case 'startswith':
      return [withParts(value, [...partsOf(value, modifier, path), 'any'])]
    case 'endswith':
      return [withParts(value, ['any', ...partsOf(value, modifier, path)])]
    case 'windash':
      return windashValues(value, path)
    case 'expand':
      return expandPlaceholders(value, placeholders, path)
    case 'base64':
      return [literalValue(base64(bytesOf(value, modifier, path)), written)]
    case 'base64offset':
      return base64Offsets(bytesOf(value, modifier, path)).map((text) => literalValue(text, written))
    case 'wide':
    case 'utf16le':
      return [encoded(utf16Bytes(plainText(value, modifier, path), 'le', false), written)]
    case 'utf16be':
      return [encoded(utf16Bytes(plainText(value, modifier, path), 'be', false), written)]
    default:
      return [encoded(utf16Bytes(plainText(value, modifier, path), 'le', true), written)]
  }
}

function encoded(bytes: string, written: string): RuleValue {
  return { kind: 'text', written, parts: bytes === '' ? [] : [{ literal: bytes }], bytes: true }
}

function bytesOf(value: RuleValue, modifier: string, path: YamlPath): string {
  const text = plainText(value, modifier, path)
  return value.kind === 'text' && value.bytes === true ? text : utf8Bytes(text)
}

function withParts(value: RuleValue, parts: readonly GlobPart[]): RuleValue {
  const merged = parts.filter((part, index) => part !== 'any' || parts[index - 1] !== 'any')
  return { kind: 'text', written: writtenOf(value), parts: merged }
}

function windashValues(value: RuleValue, path: YamlPath): readonly RuleValue[] {
  const parts = partsOf(value, 'windash', path)
  let results: readonly (readonly GlobPart[])[] = [[]]
  let flags = 0
  for (const part of parts) {
    if (typeof part !== 'object') {
      results = results.map((before) => [...before, part])
      continue
    }
    const places = flagDashes(part.literal)
    flags += places.length
    if (flags > MOST_FLAGS)
      throw new RuleFault('windash-flags', `'windash' over more than ${MOST_FLAGS} flags in one value`, path)
    const variants = windash(part.literal, places)
    results = results.flatMap((before) => variants.map((literal) => [...before, { literal }]))
  }
  return results.map((each) => withParts(value, each))
}

function testOf(value: RuleValue, chain: Chain, path: YamlPath): FieldTest {
  switch (chain.type) {
    case 'exists':
      if (value.kind !== 'boolean') throw new RuleFault('modifier-value', "'exists' needs true or false", path)
      return { kind: 'exists', expected: value.boolean }
    case 're':
      return regexTest(value, chain, path)
    case 'cidr': {
      const network = plainText(value, 'cidr', path)
      if (parseNetwork(network) === undefined) {
        throw new RuleFault('cidr-invalid', `'${network}' is not a network in CIDR notation`, path)
      }
      return { kind: 'cidr', network }
    }
    case 'compare':
      return { kind: 'compare', how: chain.comparison, number: numberOf(value, chain.comparison, path) }
    case 'time':
      return { kind: 'time', part: chain.timePart, how: chain.comparison, number: numberOf(value, chain.timePart, path) }
    case 'fieldref': {
      const parts = partsOf(value, 'fieldref', path)
      const test = testOfParts(parts, true)
      if (test.kind !== 'literal' || test.text === '') {
        throw new RuleFault('modifier-value', "'fieldref' needs the name of a field", path)
      }
      return { kind: 'field', how: test.how, other: test.text, cased: chain.cased }
    }
    default:
      if (value.kind === 'null') return { kind: 'null' }
      return testOfParts(partsOf(value, 'value', path), chain.cased)
  }
}

function regexTest(value: RuleValue, chain: Chain, path: YamlPath): FieldTest {
  if (value.kind !== 'text' && value.kind !== 'number') throw new RuleFault('modifier-value', "'re' needs a text", path)
  if (chain.transforms.length > 0 && chain.transforms.some((modifier) => modifier !== 'expand')) {
    throw new RuleFault('modifier-conflict', `'re' cannot be combined with '${chain.transforms.join("', '")}'`, path)
  }
  const test = {
    kind: 'regex' as const,
    pattern: value.written,
    insensitive: chain.flags.has('i'),
    multiline: chain.flags.has('m'),
    dotAll: chain.flags.has('s'),
  }
  const fault = checkRegex(test)
  if (fault !== undefined) throw new RuleFault(fault.code, fault.reason, path)
  return test
}

function numberOf(value: RuleValue, modifier: string, path: YamlPath): number {
  const number =
    value.kind === 'number'
      ? value.number
      : value.kind === 'text' && value.written.trim() !== ''
        ? Number(value.written)
        : Number.NaN
  if (!Number.isFinite(number)) throw new RuleFault('modifier-value', `'${modifier}' needs a number`, path)
  return number
}
