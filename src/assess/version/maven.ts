import type { VersionScheme } from './scheme.ts'
import { compareNumbers, compareText, isNumber } from './text.ts'

interface Token {
  /** What stands before it: a dot, or a dash, which a change between digits and letters stands for too. */
  readonly after: '.' | '-'
  readonly value: string
}

const QUALIFIERS = ['alpha', 'beta', 'milestone', 'rc', 'snapshot', '', 'sp']
const ALIASES: Readonly<Record<string, string>> = { ga: '', final: '', release: '', cr: 'rc' }
const SHORT: Readonly<Record<string, string>> = { a: 'alpha', b: 'beta', m: 'milestone' }

const isNull = ({ value }: Token): boolean => value === '' || /^0+$/.test(value)

/** Takes the tokens that say nothing (`0`, `final`) off the end, and off before each dash. */
function trim(tokens: Token[]): readonly Token[] {
  for (let i = tokens.length - 1; i > 0; i--) {
    const next = tokens[i + 1]
    if (isNull(tokens[i]!) && (next === undefined || next.after === '-')) tokens.splice(i, 1)
  }
  return tokens
}

function parse(version: string): readonly Token[] {
  const parts = version
    .trim()
    .toLowerCase()
    .split(/([._-])/)
  const tokens: Token[] = []
  for (let i = 0; i < parts.length; i += 2) {
    const pieces = parts[i] === '' ? ['0'] : parts[i]!.match(/[0-9]+|[^0-9]+/g)!
    for (const [k, piece] of pieces.entries()) {
      const long = k + 1 < pieces.length && Object.hasOwn(SHORT, piece) ? SHORT[piece]! : piece
      const after = k === 0 && (i === 0 || parts[i - 1] === '.') ? '.' : '-'
      tokens.push({ after, value: Object.hasOwn(ALIASES, long) ? ALIASES[long]! : long })
    }
  }
  return trim(tokens)
}

/** `.word` before `-word` before `-number` before `.number`. */
const place = ({ after, value }: Token): number => (isNumber(value) ? (after === '.' ? 3 : 2) : after === '.' ? 0 : 1)

/** Known qualifiers by their rank, others after them by their text. */
function compareQualifiers(a: string, b: string): number {
  const [one, other] = [a, b].map((word) => (QUALIFIERS.includes(word) ? QUALIFIERS.indexOf(word) : QUALIFIERS.length)) as [
    number,
    number,
  ]
  return one - other || (one === QUALIFIERS.length ? compareText(a, b) : 0)
}

function compareTokens(a: Token, b: Token): number {
  const order = place(a) - place(b)
  if (order !== 0) return order
  return isNumber(a.value) ? compareNumbers(a.value, b.value) : compareQualifiers(a.value, b.value)
}

/** What a version that has ended is continued with, beside what the other still has. */
const padding = ({ after, value }: Token): Token => ({ after, value: isNumber(value) ? '0' : '' })

/** Maven: the version order specification of Apache Maven's "POM Reference". */
export const maven: VersionScheme = {
  id: 'maven',
  compare(a, b) {
    const left = parse(a)
    const right = parse(b)
    for (let i = 0; i < Math.max(left.length, right.length); i++) {
      const [one, other] = [left[i], right[i]]
      const order = compareTokens(one ?? padding(other!), other ?? padding(one!))
      if (order !== 0) return order
    }
    return 0
  },
}
