import { KanpekiError } from '../../../kernel/error.ts'
import { checkRegex } from '../../../platform/regex/check.ts'
import { runRegex } from '../../../platform/regex/run.ts'
import { fold } from '../../../platform/text/fold.ts'
import { networkOf } from './network.ts'

/** What a variable's name stands for; null where it has no value. */
export type ValueOf = (name: string) => string | null

export type Condition =
  | { readonly kind: 'and'; readonly parts: readonly Condition[] }
  | { readonly kind: 'or'; readonly parts: readonly Condition[] }
  | { readonly kind: 'not'; readonly part: Condition }
  | { readonly kind: 'compare'; readonly left: Operand; readonly op: Comparison; readonly right: readonly Operand[] }
  | { readonly kind: 'exists'; readonly name: string }

export type Operand = { readonly name: string } | { readonly value: string | number | boolean }

const COMPARISONS = ['=', '!=', '>', '>=', '<', '<=', 'IN', 'LIKE', 'MATCHES', 'ISSUBSET', 'ISSUPERSET'] as const
type Comparison = (typeof COMPARISONS)[number]

const TOKEN =
  /\s+|(?<name>__[a-zA-Z_][a-zA-Z0-9_-]*?__):value|(?<text>'(?:[^'\\]|\\['\\])*'|"(?:[^"\\]|\\["\\])*")|(?<number>-?\d+(?:\.\d+)?)|(?<op>==|!=|<>|>=|<=|=|>|<)|(?<mark>[()[\],])|(?<word>[A-Za-z_][\w:.-]*)/y

interface Token {
  readonly kind: 'name' | 'text' | 'number' | 'op' | 'mark' | 'word'
  readonly text: string
  readonly at: number
}

/**
 * Reads a condition: comparisons of STIX patterning (STIX 2.1 § 9) over variables instead of object paths. Taken are `=`
 * (also `==`), `!=` (`<>`), `>`, `>=`, `<`, `<=`, `IN (…)`, `LIKE`, `MATCHES`, `ISSUBSET`, `ISSUPERSET`, `EXISTS`, `NOT`, `AND`,
 * `OR`, parentheses, and brackets around the whole. What relates observations in time (`FOLLOWEDBY`, `WITHIN`,
 * `REPEATS`, `START`) has no meaning for variables and is refused by name.
 * @throws KanpekiError `condition` with the column.
 */
export function parseCondition(source: string): Condition {
  const tokens = tokensOf(source)
  let at = 0
  const peek = (): Token | undefined => tokens[at]
  const isWord = (word: string): boolean => peek()?.kind === 'word' && peek()?.text.toUpperCase() === word
  const take = (kind: Token['kind'], text?: string): Token => {
    const token = tokens[at]
    if (token === undefined || token.kind !== kind || (text !== undefined && token.text !== text))
      throw wrong(source, token, text ?? kind)
    at++
    return token
  }
  const operand = (): Operand => {
    const token = peek()
    if (token?.kind === 'name') return { name: take('name').text }
    if (token?.kind === 'number') return { value: Number(take('number').text) }
    if (token?.kind === 'text') return { value: unquoted(take('text').text) }
    if (isWord('TRUE') || isWord('FALSE')) return { value: take('word').text.toLowerCase() === 'true' }
    throw wrong(source, token, 'a variable (__name__:value) or a value')
  }
  const list = (): Operand[] => {
    take('mark', '(')
    const items = [operand()]
    while (peek()?.text === ',') {
      at++
      items.push(operand())
    }
    take('mark', ')')
    return items
  }
  const comparison = (): Condition => {
    if (isWord('EXISTS')) {
      at++
      return { kind: 'exists', name: take('name').text }
    }
    const left = operand()
    const negated = isWord('NOT')
    if (negated) at++
    const token = peek()
    if (token === undefined && 'value' in left && typeof left.value === 'boolean')
      return { kind: 'compare', left, op: '=', right: [{ value: true }] }
    const op = comparisonOf(token)
    if (op === undefined) throw wrong(source, token, 'a comparison')
    at++
    const right = op === 'IN' ? list() : [operand()]
    if (op === 'MATCHES') refuseRegex(right[0], source)
    const compared: Condition = { kind: 'compare', left, op, right }
    return negated ? { kind: 'not', part: compared } : compared
  }
  const unary = (): Condition => {
    if (isWord('NOT')) {
      at++
      return { kind: 'not', part: unary() }
    }
    const open = peek()
    if (open?.kind !== 'mark' || (open.text !== '(' && open.text !== '[')) return comparison()
    at++
    const inner = or()
    take('mark', open.text === '(' ? ')' : ']')
    return inner
  }
  const chain = (word: 'AND' | 'OR', part: () => Condition): Condition => {
    const parts = [part()]
    while (isWord(word)) {
      at++
      parts.push(part())
    }
    return parts.length === 1 ? parts[0]! : { kind: word === 'AND' ? 'and' : 'or', parts }
  }
  const or = (): Condition => chain('OR', () => chain('AND', unary))
  const condition = or()
  if (peek() !== undefined) throw wrong(source, peek(), 'the end')
  return condition
}

/** Whether it holds. A variable without a value equals nothing, is in nothing and matches nothing. */
export function holds(condition: Condition, valueIn: ValueOf): boolean {
  switch (condition.kind) {
    case 'and':
      return condition.parts.every((part) => holds(part, valueIn))
    case 'or':
      return condition.parts.some((part) => holds(part, valueIn))
    case 'not':
      return !holds(condition.part, valueIn)
    case 'exists':
      return valueIn(condition.name) !== null
    case 'compare': {
      const left = read(condition.left, valueIn)
      const right = condition.right.map((one) => read(one, valueIn))
      if (left === null || right.every((one) => one === null)) return false
      return compare(left, condition.op, right)
    }
  }
}

export function namesIn(condition: Condition): readonly string[] {
  if (condition.kind === 'and' || condition.kind === 'or') return condition.parts.flatMap(namesIn)
  if (condition.kind === 'not') return namesIn(condition.part)
  if (condition.kind === 'exists') return [condition.name]
  return [condition.left, ...condition.right].flatMap((one) => ('name' in one ? [one.name] : []))
}

function compare(left: string, op: Comparison, right: readonly (string | null)[]): boolean {
  const one = right[0] ?? ''
  switch (op) {
    case '=':
      return same(left, one)
    case '!=':
      return !same(left, one)
    case 'IN':
      return right.some((each) => each !== null && same(left, each))
    case '>':
      return order(left, one) > 0
    case '>=':
      return order(left, one) >= 0
    case '<':
      return order(left, one) < 0
    case '<=':
      return order(left, one) <= 0
    case 'LIKE':
      return like(left, one)
    case 'MATCHES':
      return runRegex(regexOf(one))(left, () => fold(left))
    case 'ISSUBSET':
      return within(left, one)
    case 'ISSUPERSET':
      return within(one, left)
  }
}

function same(left: string, right: string): boolean {
  const [a, b] = [asNumber(left), asNumber(right)]
  return a !== undefined && b !== undefined ? a === b : left === right
}

function order(left: string, right: string): number {
  const [a, b] = [asNumber(left), asNumber(right)]
  if (a !== undefined && b !== undefined) return a - b
  return left < right ? -1 : left > right ? 1 : 0
}

function asNumber(text: string): number | undefined {
  return /^-?\d{1,15}(\.\d{1,15})?$/.test(text) ? Number(text) : undefined
}

/** `%` stands for any characters and `_` for one, as in SQL; matched without backtracking. */
function like(text: string, pattern: string): boolean {
  let [t, p, star, from] = [0, 0, -1, 0]
  while (t < text.length) {
    if (p < pattern.length && pattern[p] === '%') {
      star = p++
      from = t
    } else if (p < pattern.length && (pattern[p] === '_' || pattern[p] === text[t])) {
      p++
      t++
    } else if (star >= 0) {
      p = star + 1
      t = ++from
    } else return false
  }
  while (pattern[p] === '%') p++
  return p === pattern.length
}

/** Whether an address or network lies in a network (both `192.0.2.0/24` or `2001:db8::/32`). */
function within(inner: string, outer: string): boolean {
  const [a, b] = [networkOf(inner), networkOf(outer)]
  if (a === undefined || b === undefined || a.width !== b.width || a.bits < b.bits) return false
  const shift = BigInt(b.width - b.bits)
  return a.value >> shift === b.value >> shift
}

function read(operand: Operand, valueIn: ValueOf): string | null {
  return 'name' in operand ? valueIn(operand.name) : String(operand.value)
}

function comparisonOf(token: Token | undefined): Comparison | undefined {
  if (token?.kind === 'op') return token.text === '==' ? '=' : token.text === '<>' ? '!=' : (token.text as Comparison)
  if (token?.kind !== 'word') return undefined
  return COMPARISONS.find((one) => one === token.text.toUpperCase())
}

function regexOf(pattern: string) {
  return { pattern, insensitive: false, multiline: false, dotAll: true }
}

/** A pattern that comes out of a variable could be an attacker's, so only written ones are taken. */
function refuseRegex(operand: Operand | undefined, source: string): void {
  if (operand === undefined || 'name' in operand)
    throw fault(`MATCHES takes a pattern that is written in the condition: ${source}.`)
  const refused = checkRegex(regexOf(String(operand.value)))
  if (refused !== undefined) throw fault(`The pattern cannot be run: ${refused.reason}.`)
}

function tokensOf(source: string): Token[] {
  const tokens: Token[] = []
  let at = 0
  while (at < source.length) {
    TOKEN.lastIndex = at
    const match = TOKEN.exec(source)
    if (match === null) throw fault(`Column ${at + 1} of the condition cannot be read: ${source.slice(at, at + 30)}`)
    for (const [kind, text] of Object.entries(match.groups ?? {}))
      if (text !== undefined) tokens.push({ kind: kind as Token['kind'], text, at })
    at = TOKEN.lastIndex
  }
  return tokens
}

function unquoted(text: string): string {
  return text.slice(1, -1).replace(/\\(.)/g, '$1')
}

const OF_OBSERVATIONS = ['FOLLOWEDBY', 'WITHIN', 'REPEATS', 'START', 'STOP']

function wrong(source: string, token: Token | undefined, expected: string): KanpekiError {
  if (token?.kind === 'word' && OF_OBSERVATIONS.includes(token.text.toUpperCase()))
    return fault(`${token.text} relates observations in time and has no meaning for variables.`)
  if (token?.kind === 'word' && /[:.]/.test(token.text))
    return fault(`${token.text} is an object path; a condition of a playbook compares variables, written __name__:value.`)
  const where = token === undefined ? 'at the end' : `at column ${token.at + 1} (${token.text})`
  return fault(`The condition lacks ${expected} ${where}: ${source}`)
}

function fault(message: string): KanpekiError {
  return new KanpekiError('condition', message, { remedy: "For example: __count__:value > 3 AND __host__:value LIKE 'web-%'" })
}
