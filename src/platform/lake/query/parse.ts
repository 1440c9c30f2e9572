import { KanpekiError } from '../../../kernel/error.ts'
import type { Bound, Match, Query, WildcardPiece } from './ast.ts'
import { isNetwork } from './network.ts'
import { readTime } from './times.ts'
import { isWide, plainWidth, wholeKana } from './width.ts'

const LONGEST = 10_000
const DEEPEST = 60
/** Fields that hold times: whatever else is asked of them finds nothing, so that a slip there is said. */
const TIMES = new Set(['@timestamp', 'event.ingested'])
const FIELD = /^[\p{L}\p{N}_@][\p{L}\p{N}_@.-]*$/u
const WORDS_END = new Set([' ', '\t', '\n', '\r', '(', ')', '"'])

/**
 * Reads the query language: `field:value`, `"phrases"`, wildcards `*` and `?`, ranges `[a TO b]` `{a TO b}` `>=n`,
 * `/regular expressions/`, `_exists_:field`, `field:(a OR b)`, `AND OR NOT && || ! -` and parentheses. Words side by side
 * are joined by AND, which binds tighter than OR; a `+` before a word says nothing more. Full-width forms of these signs
 * count as the plain ones, and a word typed full-width (or in half-width kana) finds both forms; in quotes it finds what
 * was typed.
 * @throws KanpekiError `query_…` (see Slip) with the column and what to do.
 */
export function parseQuery(text: string): Query {
  if (text.length > LONGEST) throw syntax(LONGEST, 'long', `The query is longer than ${LONGEST} characters.`, 'Shorten it.')
  const parser = new Parser(text)
  return parser.all()
}

class Parser {
  readonly #raw: string
  /** The same text with full-width signs made plain, character by character, so that columns agree. */
  readonly #text: string
  #at = 0
  #depth = 0

  constructor(raw: string) {
    this.#raw = raw
    this.#text = plainWidth(raw)
  }

  all(): Query {
    this.#space()
    if (this.#done()) return { kind: 'all' }
    const query = this.#or(undefined)
    if (!this.#done()) throw this.#error('stray_close', 'There is a `)` without its `(`.', 'Remove it, or put it in quotes.')
    return query
  }

  #or(field: string | undefined): Query {
    const parts = [this.#and(field)]
    while (this.#operator(['OR', '||'])) parts.push(this.#and(field))
    return parts.length === 1 ? parts[0]! : { kind: 'or', parts }
  }

  #and(field: string | undefined): Query {
    const parts = [this.#not(field)]
    for (;;) {
      if (this.#operator(['AND', '&&'])) parts.push(this.#not(field))
      else if (this.#done() || this.#peek() === ')' || this.#looksAt(['OR', '||'])) break
      else parts.push(this.#not(field))
    }
    return parts.length === 1 ? parts[0]! : { kind: 'and', parts }
  }

  #not(field: string | undefined): Query {
    this.#deeper()
    try {
      if (this.#operator(['NOT'])) return { kind: 'not', part: this.#not(field) }
      if (this.#peek() === '!' || this.#peek() === '-') {
        this.#at += 1
        this.#space()
        return { kind: 'not', part: this.#not(field) }
      }
      if (this.#peek() === '+' && !/^.(?:$|[\s)+])/s.test(this.#text.slice(this.#at, this.#at + 2))) this.#at += 1
      return this.#primary(field)
    } finally {
      this.#depth -= 1
    }
  }

  #primary(field: string | undefined): Query {
    if (this.#done())
      throw this.#error('ends', 'The query ends where a word is expected.', 'Add a word, or remove the last operator.')
    if (this.#peek() === ')')
      throw this.#error('empty_group', 'There is nothing before this `)`.', 'Put a word there, or remove the parentheses.')
    if (this.#looksAt(['AND', '&&', 'OR', '||']))
      throw this.#error(
        'stray_operator',
        'An operator stands where a word is expected.',
        'Put a word before it, or quote it to search for it.',
      )
    if (this.#peek() === '(') return this.#group(field)
    if (field === undefined) {
      const named = this.#fieldName()
      if (named !== undefined) return this.#fielded(named)
    }
    return this.#term(field)
  }

  #group(field: string | undefined): Query {
    const opened = this.#at
    this.#at += 1
    this.#space()
    const inner = this.#or(field)
    if (this.#peek() !== ')') throw syntax(opened, 'open_group', 'This `(` is never closed.', 'Add a `)`.')
    this.#at += 1
    this.#space()
    return inner
  }

  /** A name directly followed by `:`; leaves the place alone if there is none. */
  #fieldName(): string | undefined {
    const colon = this.#text.slice(this.#at).search(/[\s()":\\/[\]{}<>=*?]/)
    if (colon < 1 || this.#text[this.#at + colon] !== ':') return undefined
    const name = this.#text.slice(this.#at, this.#at + colon)
    if (!FIELD.test(name)) throw this.#error('field', `${name} is not a field name.`, 'Put the text in quotes to search for it.')
    this.#at += colon + 1
    return name
  }

  #fielded(field: string): Query {
    if (this.#done() || /\s/.test(this.#peek()))
      throw this.#error(
        'no_value',
        `There is no value after ${field}:.`,
        `Write the value directly after the colon, or ${field}:* for any.`,
      )
    if (field === '_exists_') return this.#exists()
    if (this.#peek() === '(') return this.#group(field)
    return this.#term(field)
  }

  #exists(): Query {
    const start = this.#at
    const text = textOf(this.#word()[0])
    if (!FIELD.test(text))
      throw syntax(start, 'exists', 'After _exists_: comes the name of a field.', 'For example _exists_:process.name.')
    return { kind: 'exists', field: text }
  }

  #term(field: string | undefined): Query {
    const start = this.#at
    const query = this.#anyTerm(field)
    if (field !== undefined) refuseSlip(field, query, start)
    return query
  }

  #anyTerm(field: string | undefined): Query {
    const exact = this.#exact(field !== undefined)
    if (exact !== undefined) return { kind: 'term', field, match: exact }
    const [plain, ...others] = this.#word()
    if (plain.length === 1 && plain[0] === '*') return field === undefined ? { kind: 'all' } : { kind: 'exists', field }
    const parts = [plain, ...others].map((pieces): Query => ({ kind: 'term', field, match: wordMatch(pieces) }))
    return parts.length === 1 ? parts[0]! : { kind: 'or', parts }
  }

  /** Whatever is more than a word. */
  #exact(fielded: boolean): Match | undefined {
    const sign = this.#peek()
    if (sign === '"') return { kind: 'text', text: this.#quoted(), quoted: true }
    if (sign === '/') {
      const source = this.#regex()
      if (source !== undefined) return { kind: 'regex', source }
    }
    if (fielded && (sign === '[' || sign === '{')) return this.#range()
    if (fielded && (sign === '<' || sign === '>')) return this.#comparison()
    return undefined
  }

  #quoted(): string {
    const opened = this.#at
    let text = ''
    for (this.#at += 1; this.#at < this.#text.length; this.#at += 1) {
      const sign = this.#text[this.#at]!
      if (sign === '"') {
        this.#at += 1
        this.#space()
        return text
      }
      if (sign === '\\' && this.#at + 1 < this.#text.length) this.#at += 1
      text += this.#raw[this.#at]
    }
    throw syntax(opened, 'open_quote', 'This quotation mark is never closed.', 'Add a closing `"`; write `\\"` for one inside.')
  }

  /** `/…/` up to a slash after which the word ends; otherwise it is a path such as /etc/passwd, and undefined. */
  #regex(): string | undefined {
    let source = ''
    for (let at = this.#at + 1; at < this.#raw.length; at += 1) {
      const sign = this.#raw[at]!
      if (sign === '\\' && this.#raw[at + 1] === '/') {
        source += '/'
        at += 1
      } else if (sign === '/') {
        const next = this.#text[at + 1]
        if (source === '' || (next !== undefined && !/[\s)]/.test(next))) return undefined
        this.#at = at + 1
        this.#space()
        return source
      } else if (sign === '\\' && at + 1 < this.#raw.length) {
        source += sign + this.#raw[at + 1]
        at += 1
      } else source += sign
    }
    return undefined
  }

  #range(): Match {
    const opened = this.#at
    const lowInclusive = this.#peek() === '['
    this.#at += 1
    this.#space()
    const low = this.#boundValue(opened)
    if (!this.#operator(['TO']))
      throw this.#error('range_to', 'A range is written [low TO high].', 'Put TO between the two values.')
    const high = this.#boundValue(opened)
    const close = this.#peek()
    if (close !== ']' && close !== '}')
      throw syntax(opened, 'open_range', 'This range is never closed.', 'Add a `]` (or `}` to leave the end out).')
    this.#at += 1
    this.#space()
    const range: Match = { kind: 'range', low: bound(low, lowInclusive), high: bound(high, close === ']') }
    if (range.low === undefined && range.high === undefined)
      throw syntax(opened, 'range_empty', 'A range needs a value at one end at least.', 'Write field:* for any value.')
    return range
  }

  #boundValue(opened: number): string | undefined {
    if (this.#peek() === '"') return this.#quoted()
    let text = ''
    while (!this.#done() && !/[\s\]}]/.test(this.#peek())) {
      if (this.#peek() === '\\' && this.#at + 1 < this.#text.length) this.#at += 1
      else if (this.#peek() === '*' && text === '' && /[\s\]}]/.test(this.#text[this.#at + 1] ?? '')) {
        this.#at += 1
        this.#space()
        return undefined
      }
      text += this.#text[this.#at]
      this.#at += 1
    }
    this.#space()
    if (text === '') throw syntax(opened, 'range_values', 'A range needs two values.', 'Write * for an open end.')
    return text
  }

  #comparison(): Match {
    const below = this.#peek() === '<'
    this.#at += 1
    const inclusive = this.#peek() === '='
    if (inclusive) this.#at += 1
    if (this.#done() || /[\s()]/.test(this.#peek()))
      throw this.#error('no_comparison', 'There is no value to compare with.', 'Write it directly after the sign.')
    const value = this.#peek() === '"' ? this.#quoted() : textOf(this.#word()[0])
    const end: Bound = { value, inclusive }
    return below ? { kind: 'range', low: undefined, high: end } : { kind: 'range', low: end, high: undefined }
  }

  /**
   * An unquoted word; a backslash takes the next character as it is. First as it reads in plain width; other forms follow
   * where it was typed full-width or in half-width kana.
   */
  #word(): [plain: WordPieces, ...others: WordPieces[]] {
    const start = this.#at
    const plain = new WordForm()
    const typed = new WordForm()
    let asTyped = false
    while (!this.#done() && !WORDS_END.has(this.#peek())) {
      const sign = this.#peek()
      if (sign === '*' || sign === '?') {
        plain.wildcard(sign)
        typed.wildcard(sign)
      } else {
        const escaped = sign === '\\' && this.#at + 1 < this.#text.length
        if (escaped) this.#at += 1
        const raw = this.#raw[this.#at]!
        asTyped ||= escaped && wholeKana(raw) !== raw
        plain.add(escaped ? raw : this.#text[this.#at]!)
        typed.add(escaped || isWide(raw) ? raw : this.#text[this.#at]!)
      }
      this.#at += 1
    }
    if (this.#at === start)
      throw this.#error('word', `A word is expected before ${this.#peek()}.`, 'Put it in quotes to search for it.')
    this.#space()
    const forms = [plain.pieces, typed.pieces]
    return uniqueForms(asTyped ? forms : [...forms, mapLiterals(plain.pieces, wholeKana)]) as [WordPieces, ...WordPieces[]]
  }

  /** Takes one of these operators if it stands here as a word of its own (signs need no space). */
  #operator(names: readonly string[]): boolean {
    const found = this.#looksAt(names)
    if (found === undefined) return false
    this.#at += found.length
    this.#space()
    return true
  }

  #looksAt(names: readonly string[]): string | undefined {
    return names.find((name) => {
      if (!this.#text.startsWith(name, this.#at)) return false
      const next = this.#text[this.#at + name.length]
      return !/\w/.test(name) || next === undefined || WORDS_END.has(next)
    })
  }

  #deeper(): void {
    this.#depth += 1
    if (this.#depth > DEEPEST) throw this.#error('deep', 'The query is nested too deeply.', `At most ${DEEPEST} levels are read.`)
  }

  #peek(): string {
    return this.#text[this.#at] ?? ''
  }

  #done(): boolean {
    return this.#at >= this.#text.length
  }

  #space(): void {
    while (!this.#done() && /\s/.test(this.#peek())) this.#at += 1
  }

  #error(reason: Slip, message: string, remedy: string): KanpekiError {
    return syntax(this.#at, reason, message, remedy)
  }
}

type WordPieces = readonly WildcardPiece[]

/** One way to read a word, put together character by character. */
class WordForm {
  readonly pieces: WildcardPiece[] = []

  wildcard(sign: '*' | '?'): void {
    if (sign !== '*' || this.pieces.at(-1) !== '*') this.pieces.push(sign)
  }

  add(sign: string): void {
    const last = this.pieces.at(-1)
    if (last === undefined || typeof last === 'string') this.pieces.push({ literal: sign })
    else this.pieces[this.pieces.length - 1] = { literal: last.literal + sign }
  }
}

function wordMatch(pieces: WordPieces): Match {
  return pieces.some((piece) => typeof piece === 'string')
    ? { kind: 'wildcard', pieces }
    : { kind: 'text', text: textOf(pieces), quoted: false }
}

function textOf(pieces: WordPieces): string {
  return pieces.map((piece) => (typeof piece === 'string' ? piece : piece.literal)).join('')
}

function mapLiterals(pieces: WordPieces, change: (text: string) => string): WordPieces {
  return pieces.map((piece) => (typeof piece === 'string' ? piece : { literal: change(piece.literal) }))
}

function uniqueForms(forms: readonly WordPieces[]): readonly WordPieces[] {
  return [...new Map(forms.map((form) => [JSON.stringify(form), form])).values()]
}

/** @throws KanpekiError `query_time`, `query_network` for what is neither a time nor an address block where only these find anything. */
function refuseSlip(field: string, query: Query, start: number): void {
  if (query.kind !== 'term') return
  const { match } = query
  if (TIMES.has(field)) {
    const values =
      match.kind === 'text' ? [match.text] : match.kind === 'range' ? [match.low?.value, match.high?.value] : ['wildcards']
    const wrong = values.find((value) => value !== undefined && readTime(value, 0) === undefined)
    if (wrong !== undefined)
      throw syntax(
        start,
        'time',
        `${field} holds times, and ${wrong} is none.`,
        'Write 2026-11-22, 2026-11-22T05:00Z, now or now-15m.',
      )
  }
  const block = match.kind === 'text' && !match.quoted && /(?:^|\.)ip$/.test(field) && /^[\da-f.:]+\/\d+$/i.test(match.text)
  if (block && !isNetwork(match.text))
    throw syntax(start, 'network', `${match.text} is not an address block.`, 'Write 192.0.2.0/24 or 2001:db8::/32.')
}

function bound(value: string | undefined, inclusive: boolean): Bound | undefined {
  return value === undefined ? undefined : { value, inclusive }
}

/** Each slip has a code of its own, so that the console can say it in the reader's language. */
type Slip =
  | 'long'
  | 'stray_close'
  | 'ends'
  | 'empty_group'
  | 'stray_operator'
  | 'open_group'
  | 'field'
  | 'no_value'
  | 'exists'
  | 'open_quote'
  | 'range_to'
  | 'open_range'
  | 'range_empty'
  | 'range_values'
  | 'no_comparison'
  | 'word'
  | 'deep'
  | 'time'
  | 'network'

function syntax(at: number, reason: Slip, message: string, remedy: string): KanpekiError {
  return new KanpekiError(`query_${reason}`, message, { place: { column: at + 1 }, remedy })
}
