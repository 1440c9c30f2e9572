import { luhn } from '../../platform/text/luhn.ts'

/** What an answer may give away. */
export const LEAKS = ['cards', 'myNumbers', 'emails', 'sqlErrors'] as const
export type LeakKind = (typeof LEAKS)[number]

export interface Leak {
  readonly kind: LeakKind
  /** Different ones. */
  readonly count: number
  /** The first, so that nobody can use it. */
  readonly shown: string
}

const CARD = /(?<![\d.,-])\d(?:[ -]?\d){12,18}(?![\d])/g
/** First digits of the networks that give out cards (ISO/IEC 7812-1), and how long their numbers are. */
const ISSUERS: readonly (readonly [RegExp, readonly number[]])[] = [
  [/^4/, [13, 16, 19]],
  [/^(?:5[1-5]|222[1-9]|22[3-9]|2[3-6]|27[01]|2720)/, [16]],
  [/^3[47]/, [15]],
  [/^35(?:2[89]|[3-8])/, [16, 17, 18, 19]],
  [/^(?:6011|64[4-9]|65)/, [16, 17, 18, 19]],
  [/^3(?:0[0-5]|095|[689])/, [14, 15, 16, 17, 18, 19]],
  [/^62/, [16, 17, 18, 19]],
]

/** Different numbers of payment cards in a text: an issuer's first digits and length, and Luhn's check. */
export function cardNumbers(text: string): string[] {
  const found = new Set<string>()
  for (const [match] of text.matchAll(CARD)) {
    const digits = match.replace(/[ -]/g, '')
    const isIssued = ISSUERS.some(([first, lengths]) => first.test(digits) && lengths.includes(digits.length))
    if (isIssued && luhn(digits).holds && !/^(\d)\1+$/.test(digits)) found.add(digits)
  }
  return [...found]
}

const MY_NUMBER = /(?<![\d.,-])\d{4}([ -]?)\d{4}\1\d{4}(?![\d-])/g
/** One number of twelve digits in eleven has the right check digit by chance: words near it, or many of them, must say that it is one. */
const MY_NUMBER_WORDS = ['マイナンバー', '個人番号', '個人ナンバー'].map((word) => Buffer.from(word).toString('latin1'))
const MY_NUMBER_NAMES = /my[-_ ]?number|individual[-_ ]?number|kojin[-_ ]?bango/i
const MANY = 10
const HALF = 0.5

/** Different individual numbers (マイナンバー) in a byte string. */
export function myNumbers(text: string): string[] {
  const all = new Set<string>()
  for (const [match] of text.matchAll(MY_NUMBER)) all.add(match.replace(/[ -]/g, ''))
  const found = [...all].filter(isMyNumber)
  if (found.length === 0) return []
  const isSaid = MY_NUMBER_NAMES.test(text) || MY_NUMBER_WORDS.some((word) => text.includes(word))
  return isSaid || (found.length >= MANY && found.length / all.size > HALF) ? found : []
}

/**
 * Check digit of an individual number (Ministerial Order No. 85 of 2014, article 5): 11 less the remainder of the weighted sum of
 * the other eleven digits modulo 11; 0 where the remainder is 0 or 1.
 */
export function isMyNumber(digits: string): boolean {
  if (!/^\d{12}$/.test(digits)) return false
  let sum = 0
  for (let n = 1; n <= 11; n += 1) sum += Number(digits[11 - n]) * (n <= 6 ? n + 1 : n - 5)
  const rest = sum % 11
  return Number(digits[11]) === (rest <= 1 ? 0 : 11 - rest)
}

const EMAIL = /(?<![A-Za-z0-9._%+-])[A-Za-z0-9._%+-]{1,64}@(?:[A-Za-z0-9-]{1,63}\.){1,8}[A-Za-z]{2,24}/g

export function emailAddresses(text: string): string[] {
  return [...new Set(Array.from(text.matchAll(EMAIL), ([match]) => match.toLowerCase()))]
}

/** What databases and their drivers say when a statement is broken: nobody writes these words to readers. */
const SQL_ERRORS: readonly (string | RegExp)[] = [
  'You have an error in your SQL syntax',
  'Unclosed quotation mark after the character string',
  'quoted string not properly terminated',
  'Microsoft OLE DB Provider for SQL Server',
  'com.mysql.jdbc',
  'com.mysql.cj.jdbc.exceptions',
  'org.postgresql.util.PSQLException',
  'System.Data.SqlClient.SqlException',
  'Microsoft.Data.SqlClient.SqlException',
  'java.sql.SQLSyntaxErrorException',
  'sqlite3.OperationalError',
  'SQLite3::SQLException',
  'PG::SyntaxError',
  'psycopg2.errors.',
  'SequelizeDatabaseError',
  'supplied argument is not a valid MySQL',
  /SQLSTATE\[[0-9A-Z]{5}\]/,
  /\bORA-\d{5}: /,
  /\bpg_(?:query|exec)\(\): /,
  /\bmysqli?_[a-z_]{2,30}\(\): /,
  /ERROR: {1,2}(?:syntax error at or near|unterminated quoted string at or near|column "[^"]{1,80}" does not exist)/,
  /near "[^"]{1,80}": syntax error/,
]

export function sqlErrors(text: string): string[] {
  return SQL_ERRORS.flatMap((each) => {
    const found = typeof each === 'string' ? (text.includes(each) ? each : undefined) : each.exec(text)?.[0]
    return found === undefined ? [] : [found.slice(0, 80)]
  })
}

const FINDERS: Readonly<Record<LeakKind, (text: string) => string[]>> = {
  cards: cardNumbers,
  myNumbers,
  emails: emailAddresses,
  sqlErrors,
}

/** What of these kinds is in an answer's body, a byte string. Linear in it. */
export function leaksIn(text: string, kinds: readonly LeakKind[]): Leak[] {
  return kinds.flatMap((kind) => {
    const found = FINDERS[kind](text)
    return found.length === 0 ? [] : [{ kind, count: found.length, shown: masked(kind, found[0]!) }]
  })
}

function masked(kind: LeakKind, value: string): string {
  if (kind === 'cards') return `${value.slice(0, 6)}${'*'.repeat(value.length - 10)}${value.slice(-4)}`
  if (kind === 'myNumbers') return '************'
  if (kind === 'emails') return `${value[0] ?? ''}***${value.slice(value.indexOf('@'))}`
  return value
}

/** The text without numbers of cards and individuals. */
export function withoutNumbers(text: string): string {
  let clean = text
  for (const number of [...cardNumbers(text), ...myNumbers(text)])
    clean = clean.replaceAll(new RegExp([...number].join('[ -]?'), 'g'), '*'.repeat(number.length))
  return clean
}
