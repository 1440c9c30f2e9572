import type { JsonObject } from '../../../kernel/json.ts'
import type { Test } from './aggregate.ts'
import { SpecFault } from './spec-fault.ts'

const COMPARISONS: Readonly<Record<string, (figure: number, bound: number) => boolean>> = {
  gt: (figure, bound) => figure > bound,
  gte: (figure, bound) => figure >= bound,
  lt: (figure, bound) => figure < bound,
  lte: (figure, bound) => figure <= bound,
  eq: (figure, bound) => figure === bound,
  neq: (figure, bound) => figure !== bound,
}

/** `{gt: 10, lte: 20}`: every comparison must hold. */
export interface NumericCondition {
  readonly test: Test
  /** The smallest whole figure that passes, up to the largest bound + 1; undefined when none does. */
  readonly least: number | undefined
  /** As a person writes it: `> 10 and ≤ 20`. */
  readonly text: string
}

const SIGNS: Readonly<Record<string, string>> = { gt: '>', gte: '≥', lt: '<', lte: '≤', eq: '=', neq: '≠' }

/** Reads the comparisons of a condition map; keys in `others` belong to somebody else. Throws SpecFault. */
export function numericCondition(condition: JsonObject, others: readonly string[]): NumericCondition {
  const parts: { readonly name: string; readonly bound: number }[] = []
  for (const [name, bound] of Object.entries(condition)) {
    if (others.includes(name)) continue
    if (!Object.hasOwn(COMPARISONS, name))
      throw new SpecFault(['correlation', 'condition', name], `condition knows gt, gte, lt, lte, eq and neq, not "${name}"`)
    if (typeof bound !== 'number' || !Number.isFinite(bound))
      throw new SpecFault(['correlation', 'condition', name], `condition ${name} needs a number`)
    parts.push({ name, bound })
  }
  if (parts.length === 0)
    throw new SpecFault(['correlation', 'condition'], 'condition holds no comparison (gt, gte, lt, lte, eq, neq)')
  const test: Test = (figure) => parts.every(({ name, bound }) => COMPARISONS[name]?.(figure, bound) === true)
  return {
    test,
    least: leastPassing(
      test,
      parts.map(({ bound }) => bound),
    ),
    text: parts.map(({ name, bound }) => `${SIGNS[name]} ${bound}`).join(' and '),
  }
}

/** Answers change only next to a bound, so those places are all that need a look. */
function leastPassing(test: Test, bounds: readonly number[]): number | undefined {
  const places = [0, ...bounds.flatMap((bound) => [Math.floor(bound) - 1, Math.floor(bound), Math.floor(bound) + 1])]
  return places
    .filter((place) => place >= 0)
    .sort((a, b) => a - b)
    .find(test)
}

/** Sets of rule names, each of which makes a temporal condition true. */
export type Alternatives = readonly (readonly string[])[]

const MAX_ALTERNATIVES = 256

/**
 * `a and (b or c)` as alternatives. `not` is refused: that something is absent is known only when the window has
 * closed, and a correlation here speaks when it becomes true. Throws SpecFault.
 */
export function temporalExpression(text: string): Alternatives {
  const tokens = text.match(/[()]|[^\s()]+/g) ?? []
  let at = 0
  const fail = (reason: string): never => {
    throw new SpecFault(['correlation', 'condition'], `condition "${text}": ${reason}`)
  }
  const word = (): string => (tokens[at] ?? '').toLowerCase()
  const either = (): Alternatives => {
    let found = both()
    while (word() === 'or') {
      at++
      found = [...found, ...both()]
    }
    return found
  }
  const both = (): Alternatives => {
    let found = one()
    while (word() === 'and') {
      at++
      const next = one()
      found = found.flatMap((left) => next.map((right) => [...new Set([...left, ...right])]))
      if (found.length > MAX_ALTERNATIVES) fail(`more than ${MAX_ALTERNATIVES} combinations`)
    }
    return found
  }
  const one = (): Alternatives => {
    const token = tokens[at++]
    if (token === undefined) return fail('ends too early')
    if (token.toLowerCase() === 'not') return fail('"not" cannot be decided before the window has closed')
    if (token === '(') {
      const inner = either()
      if (tokens[at++] !== ')') fail('a bracket is not closed')
      return inner
    }
    if (token === ')' || ['and', 'or'].includes(token.toLowerCase())) return fail(`"${token}" stands where a rule is expected`)
    return [[token]]
  }
  const alternatives = either()
  if (at < tokens.length) fail(`"${tokens[at]}" is left over`)
  return alternatives
}

/** All choices of at least `least` of the names, in their order. Throws SpecFault when there are too many. */
export function choices(names: readonly string[], least: number): Alternatives {
  const found: string[][] = []
  const choose = (from: number, chosen: readonly string[]): void => {
    if (chosen.length === least) {
      found.push([...chosen])
      if (found.length > MAX_ALTERNATIVES)
        throw new SpecFault(['correlation', 'condition'], `more than ${MAX_ALTERNATIVES} orders of ${least} rules`)
      return
    }
    for (let index = from; index < names.length; index++) choose(index + 1, [...chosen, names[index] ?? ''])
  }
  choose(0, [])
  return found
}
