import { emitRegex } from '../../../platform/regex/emit.ts'
import { parseBytes } from '../byte-pattern.ts'
import type { Found, Operator } from '../operator.ts'
import { type Dialect, Lexer, type Quote } from './lex.ts'
import { Walk } from './walk.ts'

/** A value in which none of these stands cannot leave its place in a query. */
const SIGNS = parseBytes(
  '[\'"`;(){=<>|&@#\\\\]|--|/\\*|(?i:\\b(?:x?or|and|union|intersect|except|minus|select|having|order|group|limit|offset|procedure|waitfor|exec|execute|declare|case|into)\\b|\\d(?:x?or|and|union|having)\\b)',
)
const HOLDS_SIGN = new RegExp(emitRegex(SIGNS, 'v8'))
const HASH = /#|--/

/** Longest value that is judged as a whole; of a longer one, its beginning and its end. */
const LONGEST = 100_000
const END = 4000

/** Says whether a value, put into a query bare or between quotes, would change what the query does. */
export function detectSqli(value: string): Found | undefined {
  const text = value.length > LONGEST ? value.slice(0, LONGEST - END) + value.slice(-END) : value
  if (!HOLDS_SIGN.test(text)) return undefined
  return (
    judge(text, '') ??
    (text.includes("'") ? judge(text, "'") : undefined) ??
    (text.includes('"') ? judge(text, '"') : undefined) ??
    (text.includes('`') ? judge(text, '`') : undefined)
  )
}

function judge(value: string, quote: Quote): Found | undefined {
  // Where the application escapes quotes by a backslash, an attacker's own backslash escapes that one.
  const text = quote === '' ? value : value.replaceAll(`\\${quote}`, quote)
  const asWritten = text === value ? undefined : judgeIn(value, quote)
  return asWritten ?? judgeIn(text, quote)
}

function judgeIn(text: string, quote: Quote): Found | undefined {
  return verdict(text, quote, 'standard') ?? (HASH.test(text) ? verdict(text, quote, 'mysql') : undefined)
}

function verdict(text: string, quote: Quote, dialect: Dialect): Found | undefined {
  const seen = new Walk(new Lexer(text, dialect), quote).run()
  if (seen.strong === undefined && (seen.weak === undefined || !seen.complete)) return undefined
  return { matched: seen.shape, groups: [seen.shape] }
}

export const detectSQLi: Operator = {
  id: 'detectSQLi',
  compile: () => Object.assign((value: string) => detectSqli(value), { occurs: SIGNS }),
}
