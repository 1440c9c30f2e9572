import { allOf, anyOf, type Expression, type GlobPart } from '../expression.ts'
import { matchesGlob } from '../match/glob.ts'
import { RuleFault, type YamlPath } from './refuse.ts'

/** Parentheses and `not`s inside each other: far beyond any real rule, far below the stack. */
const DEEPEST = 100

/**
 * Parses a condition: `or` binds least, then `and`, `not`, `x of y`, parentheses (Sigma rules specification 2.1, "Condition").
 * `x` is `all`, `any` or a number; `y` is `them` (names that begin with `_` left out) or a name with `*`.
 */
export function parseCondition(text: string, selections: ReadonlyMap<string, Expression>, path: YamlPath): Expression {
  const tokens = text.match(/[()|]|[^\s()|]+/g) ?? []
  let at = 0
  let depth = 0

  const fault = (code: string, reason: string) => new RuleFault(code, reason, path)
  const word = (offset = 0) => tokens[at + offset]?.toLowerCase()

  function chain(keyword: 'or' | 'and', next: () => Expression, join: (items: readonly Expression[]) => Expression): Expression {
    const items = [next()]
    while (word() === keyword) {
      at += 1
      items.push(next())
    }
    return join(items)
  }
  const parseOr = (): Expression => chain('or', parseAnd, anyOf)
  const parseAnd = (): Expression => chain('and', parseNot, allOf)

  function parseNot(): Expression {
    // Where a selection is expected, its name goes before the operator's.
    if (word() !== 'not' || selections.has(tokens[at]!)) return parseAtom()
    at += 1
    return nested(() => ({ kind: 'not', item: parseNot() }))
  }

  function nested(parse: () => Expression): Expression {
    depth += 1
    if (depth > DEEPEST) throw fault('condition-depth', `the condition is nested deeper than ${DEEPEST}`)
    const result = parse()
    depth -= 1
    return result
  }

  function parseAtom(): Expression {
    const token = tokens[at]
    if (token === undefined) throw fault('condition-syntax', 'the condition ends where a selection is expected')
    if (token === '|') {
      throw fault('condition-aggregation', "'|' aggregations left Sigma in version 2: write a correlation rule instead")
    }
    if (token === ')') throw fault('condition-syntax', "')' stands where a selection is expected")
    at += 1
    if (token === '(') {
      const inner = nested(parseOr)
      if (tokens[at] !== ')') throw fault('condition-syntax', "a '(' is not closed")
      at += 1
      return inner
    }
    if (word() === 'of' && !selections.has(token)) {
      at += 1
      return parseOf(token)
    }
    return selected(token)
  }

  function parseOf(quantity: string): Expression {
    const pattern = tokens[at]
    if (pattern === undefined || /^[()|]$/.test(pattern))
      throw fault('condition-syntax', `'${quantity} of' needs 'them' or a pattern`)
    at += 1
    const names = matchingNames(pattern)
    if (names.length === 0) throw fault('condition-selection', `no selection matches '${pattern}'`)
    const items = names.map(selected)
    const lower = quantity.toLowerCase()
    if (lower === 'all') return allOf(items)
    if (lower === 'any' || lower === '1') return anyOf(items)
    const count = /^\d{1,4}$/.test(lower) ? Number(lower) : 0
    if (count === 0) throw fault('condition-syntax', `'${quantity} of' is not 'all of', 'any of' or a number from 1 on`)
    if (count > items.length)
      throw fault('condition-selection', `'${quantity} of ${pattern}' asks for more selections than there are (${items.length})`)
    return atLeast(count, items)
  }

  function matchingNames(pattern: string): string[] {
    if (pattern.toLowerCase() === 'them' && !selections.has(pattern))
      return [...selections.keys()].filter((name) => !name.startsWith('_'))
    const parts = pattern
      .split(/(\*)/)
      .flatMap((part): GlobPart[] => (part === '' ? [] : part === '*' ? ['any'] : [{ literal: part }]))
    return [...selections.keys()].filter((name) => matchesGlob(parts, name))
  }

  function selected(name: string): Expression {
    const item = selections.get(name)
    if (item === undefined) throw fault('condition-selection', `there is no selection '${name}'`)
    return { kind: 'selection', name, item }
  }

  const parsed = parseOr()
  if (at < tokens.length) {
    throw tokens[at] === '|'
      ? fault('condition-aggregation', "'|' aggregations left Sigma in version 2: write a correlation rule instead")
      : fault('condition-syntax', `'${tokens[at]}' is not expected here`)
  }
  return parsed
}

/** At least `count` of the items. Sharing the tails keeps it at count × items nodes. */
function atLeast(count: number, items: readonly Expression[]): Expression {
  const memo = new Map<number, Expression>()
  const from = (index: number, left: number): Expression => {
    if (left === 0) return { kind: 'constant', value: true }
    if (items.length - index < left) return { kind: 'constant', value: false }
    if (items.length - index === left) return allOf(items.slice(index))
    const key = index * 10_000 + left
    const known = memo.get(key)
    if (known !== undefined) return known
    const taken = left === 1 ? items[index]! : allOf([items[index]!, from(index + 1, left - 1)])
    const made = anyOf([taken, from(index + 1, left)])
    memo.set(key, made)
    return made
  }
  return from(0, count)
}
