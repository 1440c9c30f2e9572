import { isJsonObject, type JsonObject, type JsonValue } from '../../kernel/json.ts'
import { attribute, attributePath, valuesAt } from './attributes.ts'
import { invalid, type ScimProblem } from './problem.ts'

const OPERATORS = ['eq', 'ne', 'co', 'sw', 'ew', 'gt', 'ge', 'lt', 'le'] as const
export type Operator = (typeof OPERATORS)[number]
export type Literal = string | number | boolean | null

/** A filter of RFC 7644 §3.4.2.2. `has` is a value path: `emails[type eq "work"]`. */
export type Filter =
  | { readonly kind: 'and' | 'or'; readonly left: Filter; readonly right: Filter }
  | { readonly kind: 'not'; readonly of: Filter }
  | { readonly kind: 'present'; readonly path: readonly string[] }
  | { readonly kind: 'compare'; readonly path: readonly string[]; readonly operator: Operator; readonly value: Literal }
  | { readonly kind: 'has'; readonly path: readonly string[]; readonly of: Filter }

const MAX_LENGTH = 4_000
const MAX_DEPTH = 30
const SPACE = /\s*/y
const WORD = /[A-Za-z$][\w$.:-]*/y
const LITERAL = /"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|true\b|false\b|null\b/iy

/** @throws ScimProblem `invalidFilter`. */
export function parseFilter(text: string): Filter {
  if (text.length > MAX_LENGTH) throw fault('is too long')
  const reader = new Reader(text)
  const filter = reader.either(0)
  reader.end()
  return filter
}

function fault(why: string): ScimProblem {
  return invalid('invalidFilter', `The filter ${why}.`)
}

class Reader {
  readonly #text: string
  #at = 0

  constructor(text: string) {
    this.#text = text
  }

  either(depth: number): Filter {
    if (depth > MAX_DEPTH) throw fault('is nested too deeply')
    let left = this.#both(depth)
    while (this.#takeKeyword('or')) left = { kind: 'or', left, right: this.#both(depth) }
    return left
  }

  end(): void {
    this.#match(SPACE)
    if (this.#at < this.#text.length) throw fault(`has something after its end: ${this.#text.slice(this.#at, this.#at + 20)}`)
  }

  #both(depth: number): Filter {
    let left = this.#one(depth)
    while (this.#takeKeyword('and')) left = { kind: 'and', left, right: this.#one(depth) }
    return left
  }

  #one(depth: number): Filter {
    if (this.#take('(')) return this.#closed(depth, ')')
    const before = this.#at
    const word = this.#word()
    if (word.toLowerCase() === 'not' && this.#take('(')) return { kind: 'not', of: this.#closed(depth, ')') }
    this.#at = before
    const path = attributePath(this.#word(), 'invalidFilter')
    if (this.#text[this.#at] === '[') {
      this.#at += 1
      return { kind: 'has', path, of: this.#closed(depth, ']') }
    }
    const operator = this.#word().toLowerCase()
    if (operator === 'pr') return { kind: 'present', path }
    if (!isOperator(operator)) throw fault(`has no operator '${operator.slice(0, 20)}'`)
    return { kind: 'compare', path, operator, value: this.#literal(operator) }
  }

  #closed(depth: number, end: string): Filter {
    const inside = this.either(depth + 1)
    if (!this.#take(end)) throw fault(`lacks a '${end}'`)
    return inside
  }

  #word(): string {
    this.#match(SPACE)
    const word = this.#match(WORD)
    if (word === undefined) throw fault(`has no attribute at character ${this.#at + 1}`)
    return word
  }

  #literal(operator: Operator): Literal {
    this.#match(SPACE)
    const literal = this.#match(LITERAL)
    if (literal === undefined) throw fault(`compares with no value at character ${this.#at + 1}`)
    let value: Literal
    try {
      value = JSON.parse(literal.startsWith('"') ? literal : literal.toLowerCase()) as Literal
    } catch {
      throw fault('compares with a malformed value')
    }
    if ((value === null || typeof value === 'boolean') && operator !== 'eq' && operator !== 'ne') {
      throw fault(`cannot compare ${String(value)} by ${operator}`)
    }
    return value
  }

  #takeKeyword(word: string): boolean {
    const before = this.#at
    this.#match(SPACE)
    if (this.#match(WORD)?.toLowerCase() === word) return true
    this.#at = before
    return false
  }

  #take(mark: string): boolean {
    const before = this.#at
    this.#match(SPACE)
    if (this.#text[this.#at] === mark) {
      this.#at += 1
      return true
    }
    this.#at = before
    return false
  }

  #match(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#at
    const [found] = pattern.exec(this.#text) ?? []
    if (found === undefined) return undefined
    this.#at += found.length
    return found
  }
}

function isOperator(text: string): text is Operator {
  return (OPERATORS as readonly string[]).includes(text)
}

/** Compared as written; every other text is compared without regard to case (RFC 7643 §2.2). */
const CASE_EXACT = new Set(['id', 'externalid', '$ref', 'value'])

/** Below `meta`: points in time, however they are written (RFC 7644 §3.4.2.2). */
const DATES = new Set(['created', 'lastmodified'])

export function matches(filter: Filter, resource: JsonObject): boolean {
  switch (filter.kind) {
    case 'and':
      return matches(filter.left, resource) && matches(filter.right, resource)
    case 'or':
      return matches(filter.left, resource) || matches(filter.right, resource)
    case 'not':
      return !matches(filter.of, resource)
    case 'present':
      return valuesAt(resource, filter.path).some((value) => value !== '')
    case 'has':
      return elementsAt(resource, filter.path).some((element) => matches(filter.of, element))
    case 'compare':
      return compares(filter, valuesAt(resource, filter.path))
  }
}

/** The objects at a path; a plain value stands as `{value}`. */
function elementsAt(resource: JsonObject, path: readonly string[]): JsonObject[] {
  let found: JsonValue[] = [resource]
  for (const name of path) {
    found = found
      .flatMap((one) => (isJsonObject(one) ? [attribute(one, name)] : []))
      .flatMap((one): readonly JsonValue[] => (one === undefined || one === null ? [] : Array.isArray(one) ? one : [one]))
  }
  return found.map((one) => (isJsonObject(one) ? one : { value: one }))
}

function compares(
  { path, operator, value }: Extract<Filter, { readonly kind: 'compare' }>,
  values: readonly JsonValue[],
): boolean {
  if (value === null) return (values.length === 0) === (operator === 'eq')
  const last = path.at(-1)?.toLowerCase() ?? ''
  const fold = (text: string): string => (CASE_EXACT.has(last) && path.length === 1 ? text : text.toLowerCase())
  if (path.length === 2 && path[0]?.toLowerCase() === 'meta' && DATES.has(last)) return comparesDates(operator, values, value)
  if (operator === 'ne') return !values.some((one) => holds('eq', one, value, fold))
  return values.some((one) => holds(operator, one, value, fold))
}

/** @throws ScimProblem `invalidFilter` where a point in time is compared with something else. */
function comparesDates(operator: Operator, values: readonly JsonValue[], wanted: Literal): boolean {
  const then = typeof wanted === 'string' ? Date.parse(wanted) : Number.NaN
  if (Number.isNaN(then)) throw fault(`compares a point in time with ${JSON.stringify(wanted).slice(0, 40)}`)
  const differences = values.filter((one) => typeof one === 'string').map((one) => Date.parse(one) - then)
  return operator === 'ne' ? differences.every((one) => one !== 0) : differences.some((one) => holdsOrder(operator, one))
}

function holds(operator: Operator, actual: JsonValue, wanted: Literal, fold: (text: string) => string): boolean {
  if (typeof actual === 'string' && typeof wanted === 'string') return holdsText(operator, fold(actual), fold(wanted))
  if (typeof actual === 'number' && typeof wanted === 'number') return holdsOrder(operator, actual - wanted)
  // Entra ID asks for the primary one by `primary eq "True"`.
  if (typeof actual === 'boolean' && typeof wanted === 'string')
    return operator === 'eq' && String(actual) === wanted.toLowerCase()
  return operator === 'eq' && actual === wanted
}

function holdsText(operator: Operator, actual: string, wanted: string): boolean {
  switch (operator) {
    case 'co':
      return actual.includes(wanted)
    case 'sw':
      return actual.startsWith(wanted)
    case 'ew':
      return actual.endsWith(wanted)
    default:
      return holdsOrder(operator, actual < wanted ? -1 : actual > wanted ? 1 : 0)
  }
}

function holdsOrder(operator: Operator, difference: number): boolean {
  switch (operator) {
    case 'eq':
      return difference === 0
    case 'gt':
      return difference > 0
    case 'ge':
      return difference >= 0
    case 'lt':
      return difference < 0
    case 'le':
      return difference <= 0
    default:
      return false
  }
}

/** `attribute eq "text"` alone: what clients ask before they create; the store answers it by an index. */
export function soleEquality(filter: Filter, name: string): string | undefined {
  if (filter.kind !== 'compare' || filter.operator !== 'eq' || typeof filter.value !== 'string') return undefined
  return filter.path.length === 1 && filter.path[0]?.toLowerCase() === name.toLowerCase() ? filter.value : undefined
}
