import { isSpace } from '../../transforms/bytes.ts'

export type TokenKind =
  | 'number'
  | 'string'
  | 'variable'
  | 'word'
  | 'name'
  | 'compare'
  | 'logic'
  | 'arith'
  | 'open'
  | 'close'
  | 'comma'
  | 'semicolon'
  | 'comment'
  | 'other'
  | 'end'

export interface Token {
  readonly kind: TokenKind
  /** In small letters for words and operators. */
  readonly text: string
  /** A string that is not closed: the query's own quote closes it. */
  readonly isOpen?: boolean
}

/** In which text of a query the value stands: bare, or inside quotes of one kind. */
export type Quote = '' | "'" | '"' | '`'

/** `#` and `-- ` begin comments as in MySQL; else `--` does, as in the standard. */
export type Dialect = 'standard' | 'mysql'

const OPERATORS = [
  '<=>',
  '->>',
  '!~*',
  '<=',
  '>=',
  '<>',
  '!=',
  '!<',
  '!>',
  '||',
  '&&',
  '<<',
  '>>',
  '::',
  ':=',
  '->',
  '!~',
  '~*',
  '@>',
  '<@',
] as const
const COMPARES = new Set(['=', '<', '>', '<=', '>=', '<>', '!=', '!<', '!>', '<=>', '!~', '!~*', '~*', '@>', '<@', '^='])
const NUMBER = /0[xX][0-9A-Fa-f]+|0[bB][01]+(?![\w])|(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?/y
const WORD = /[A-Za-z_\x80-\xff][\w$\x80-\xff]*(?:\s*\.{1,2}\s*(?:[A-Za-z_`"[][\w$`"\]\x80-\xff]*|\*))*/y
const VARIABLE = /@@?(?:[\w.$\x80-\xff]+|`[^`]*`|'[^']*'|"[^"]*")?/y
/** Of a quoted name; longer ones are none, so that unclosed quotes cost nothing. */
const LONGEST_NAME = 130
const DOLLARS = /\$[A-Za-z_]*\$/y

/** Splits a value into SQL tokens, one at a time; never throws, and looks at each byte a bounded number of times. */
export class Lexer {
  readonly #text: string
  readonly #dialect: Dialect
  #at = 0
  /** Within a comment that MySQL runs. */
  #isConditional = false
  /** A comment that opens inside of a comment: some servers stop at the first end, some at the last. */
  nestsComments = false
  /** Comments that stand for a space. */
  inlineComments = 0
  /** The end of the string in which the value stands holds white space. */
  tailHasSpace = false
  /** The comment at the end is one that begins with `#`. */
  endsByHash = false
  /** The comment at the end is one that would be closed. */
  endsInBlock = false

  constructor(text: string, dialect: Dialect) {
    this.#text = text
    this.#dialect = dialect
  }

  /** Takes the rest of the string in which the value stands. */
  startInside(quote: Quote): Token | undefined {
    if (quote === '') return undefined
    const end = this.#stringEnd(0, quote)
    this.#at = Math.min(end + 1, this.#text.length)
    this.tailHasSpace = /\s/.test(this.#text.slice(0, end))
    return { kind: 'string', text: '', ...(end >= this.#text.length ? { isOpen: true } : {}) }
  }

  next(): Token {
    const skipped = this.#skip()
    if (skipped !== undefined) return skipped
    const text = this.#text
    if (this.#at >= text.length) return { kind: 'end', text: '' }
    const unit = text.charCodeAt(this.#at)
    const character = text.charAt(this.#at)
    switch (character) {
      case "'":
      case '"':
        return this.#string(character)
      case '`':
        return this.#quotedName('`')
      case '(':
      case '{':
        return this.#take('open', 1)
      case ')':
      case '}':
        return this.#take('close', 1)
      case ',':
        return this.#take('comma', 1)
      case ';':
        return this.#take('semicolon', 1)
      case '[':
        return this.#quotedName(']')
      case '@':
        return this.#matched('variable', VARIABLE) ?? this.#take('other', 1)
      case '\\':
        return /^[nN](?!\w)/.test(text.slice(this.#at + 1, this.#at + 3)) ? this.#take('number', 2) : this.#take('other', 1)
      case '$':
        return this.#dollars()
      case '.':
        if (!isDigit(text.charCodeAt(this.#at + 1))) return this.#take('other', 1)
        break
      default:
    }
    if (isDigit(unit) || character === '.') return this.#matched('number', NUMBER) ?? this.#take('other', 1)
    const word = this.#matched('word', WORD)
    if (word !== undefined) return this.#prefixedString(word) ?? word
    return this.#operator()
  }

  /** Passes over white space and comments; a comment with nothing behind it is a token. */
  #skip(): Token | undefined {
    const text = this.#text
    for (;;) {
      while (this.#at < text.length && isBlank(text.charCodeAt(this.#at))) this.#at += 1
      if (text.startsWith('/*', this.#at)) {
        if (text.charAt(this.#at + 2) === '!') {
          // MySQL runs what stands in such a comment; its end is passed over where it comes.
          this.#at += 3
          this.#isConditional = true
          while (isDigit(text.charCodeAt(this.#at))) this.#at += 1
          continue
        }
        const end = text.indexOf('*/', this.#at + 2)
        const nested = text.indexOf('/*', this.#at + 2)
        if (nested >= 0 && (end < 0 || nested <= end)) this.nestsComments = true
        if (end < 0) return this.#toEnd()
        this.#at = end + 2
        this.inlineComments += 1
      } else if (this.#isConditional && text.startsWith('*/', this.#at)) {
        this.#isConditional = false
        this.#at += 2
      } else if (this.#startsLineComment()) {
        const end = text.indexOf('\n', this.#at)
        if (end < 0 || /^\s*$/.test(text.slice(end, end + 32))) return this.#toEnd()
        this.#at = end + 1
        this.inlineComments += 1
      } else return undefined
    }
  }

  #startsLineComment(): boolean {
    const text = this.#text
    if (this.#dialect === 'standard') return text.startsWith('--', this.#at)
    if (text.charAt(this.#at) === '#') return true
    return text.startsWith('--', this.#at) && (this.#at + 2 >= text.length || isBlank(text.charCodeAt(this.#at + 2)))
  }

  /** A comment up to the end; its text is what stands in it beyond marks and spaces. */
  #toEnd(): Token {
    this.endsByHash = this.#text.charAt(this.#at) === '#'
    this.endsInBlock = this.#text.charAt(this.#at) === '/'
    const text = this.#text.slice(this.#at + 1, this.#at + 33).replace(/[-\s+*#;%\0]/g, '')
    this.#at = this.#text.length
    return { kind: 'comment', text }
  }

  #take(kind: TokenKind, length: number): Token {
    const text = this.#text.slice(this.#at, this.#at + length)
    this.#at += length
    return { kind, text }
  }

  #matched(kind: TokenKind, pattern: RegExp): Token | undefined {
    pattern.lastIndex = this.#at
    const match = pattern.exec(this.#text)
    if (match === null) return undefined
    this.#at += match[0].length
    return { kind, text: kind === 'word' ? match[0].toLowerCase().replace(/[`"[\]\s]/g, '') : match[0] }
  }

  #string(quote: "'" | '"'): Token {
    const end = this.#stringEnd(this.#at + 1, quote)
    const text = this.#text.slice(this.#at + 1, Math.min(end, this.#at + 33))
    this.#at = Math.min(end + 1, this.#text.length)
    return end >= this.#text.length ? { kind: 'string', text, isOpen: true } : { kind: 'string', text }
  }

  /** Index of the quote that closes a string, or the text's length. Backslashes escape, and so does doubling. */
  #stringEnd(from: number, quote: string): number {
    const text = this.#text
    for (let at = from; at < text.length; at += 1) {
      const character = text.charAt(at)
      if (character === '\\' && quote !== '`') at += 1
      else if (character === quote) {
        if (text.charAt(at + 1) !== quote) return at
        at += 1
      }
    }
    return text.length
  }

  #quotedName(close: '`' | ']'): Token {
    const near = this.#text.slice(this.#at + 1, this.#at + 1 + LONGEST_NAME).indexOf(close)
    const end = this.#at + 1 + near
    if (near < 0 || (close === ']' && !/^[\w$ .]*$/.test(this.#text.slice(this.#at + 1, end)))) return this.#take('other', 1)
    const text = this.#text.slice(this.#at + 1, end).toLowerCase()
    this.#at = end + 1
    return { kind: 'name', text }
  }

  /** PostgreSQL's `$tag$…$tag$`, and money (`$5`) for a number. */
  #dollars(): Token {
    const tag = this.#matched('string', DOLLARS)
    if (tag === undefined) {
      const digits = /^\$\d+/.exec(this.#text.slice(this.#at, this.#at + 12))
      return digits === null ? this.#take('other', 1) : this.#take('number', digits[0].length)
    }
    const end = this.#text.indexOf(tag.text, this.#at)
    this.#at = end < 0 ? this.#text.length : end + tag.text.length
    return { kind: 'string', text: '' }
  }

  /** `N'…'`, `x'41'`, `_utf8'…'`, Oracle's `q'[…]'`. */
  #prefixedString(word: Token): Token | undefined {
    if (this.#text.charAt(this.#at) !== "'" || !/^(?:[nbxeq]|u&|nq|_\w+)$/.test(word.text)) return undefined
    if (!word.text.endsWith('q')) return this.#string("'")
    const open = this.#text.charAt(this.#at + 1)
    const close = `${{ '(': ')', '[': ']', '{': '}', '<': '>' }[open] ?? open}'`
    const end = this.#text.indexOf(close, this.#at + 2)
    this.#at = end < 0 ? this.#text.length : end + 2
    return { kind: 'string', text: '' }
  }

  #operator(): Token {
    const long = OPERATORS.find((operator) => this.#text.startsWith(operator, this.#at))
    const text = long ?? this.#text.charAt(this.#at)
    this.#at += text.length
    if (text === '&&' || text === '||') return { kind: 'logic', text }
    if (COMPARES.has(text)) return { kind: 'compare', text }
    return { kind: long !== undefined || '+-*/%^&|~!'.includes(text) ? 'arith' : 'other', text }
  }
}

function isDigit(unit: number): boolean {
  return unit >= 48 && unit <= 57
}

function isBlank(unit: number): boolean {
  return isSpace(unit) || unit === 0 || unit === 0xa0
}
