import type { BodyProcessor } from './body.ts'

/** Characters of all names together: each argument repeats the names above it, so that a small document could fill the memory. */
const MOST_NAME_TEXT = 2 * 1024 * 1024

/**
 * Reads a JSON document into arguments: `{"a":{"b":[1,"x"]}}` gives `json.a.b.0` and `json.a.b.1`. Texts become UTF-8
 * bytes, numbers stay as they were written, and a key that comes twice gives two arguments, for what is behind may take
 * either. A list and an empty object also give an argument of their own with an empty value, so that no name goes unseen.
 * RFC 8259.
 */
export const readJson: BodyProcessor = (body, limits) => {
  const reader = new Reader(body, limits.argumentsLimit, limits.depthLimit)
  try {
    reader.blanks()
    reader.value('json', 0)
    reader.blanks()
    if (!reader.atEnd) reader.fail('text after the end')
  } catch (error) {
    if (!(error instanceof Fault)) throw error
    return { args: reader.args, error: `JSON: ${error.message}` }
  }
  return { args: reader.args }
}

class Fault extends Error {}

const QUOTE = 0x22
const BACKSLASH = 0x5c
const LITERAL = /(?:true|false|null|-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?)/y

class Reader {
  readonly #text: string
  readonly #limit: number
  readonly #depth: number
  readonly args: [string, string][] = []
  #names = 0
  at = 0

  constructor(text: string, limit: number, depth: number) {
    this.#text = text.startsWith('\u00ef\u00bb\u00bf') ? text.slice(3) : text
    this.#limit = limit
    this.#depth = depth
  }

  get atEnd(): boolean {
    return this.at >= this.#text.length
  }

  fail(what: string): never {
    throw new Fault(`${what} at byte ${this.at}`)
  }

  blanks(): void {
    for (;;) {
      const code = this.#text.charCodeAt(this.at)
      if (code !== 32 && code !== 10 && code !== 13 && code !== 9) return
      this.at += 1
    }
  }

  value(name: string, depth: number): void {
    const code = this.#text.charCodeAt(this.at)
    if (code === QUOTE) this.#take(name, this.#string())
    else if (code === 0x7b) this.#object(name, depth)
    else if (code === 0x5b) this.#list(name, depth)
    else this.#take(name, this.#literal())
  }

  #take(name: string, value: string): void {
    if (this.args.length >= this.#limit) this.fail(`more than ${this.#limit} arguments`)
    this.#names += name.length
    if (this.#names > MOST_NAME_TEXT) this.fail('names are too long')
    this.args.push([name, value])
  }

  #object(name: string, depth: number): void {
    if (depth >= this.#depth) this.fail('too deep')
    this.at += 1
    this.blanks()
    if (this.#text[this.at] === '}') {
      this.at += 1
      this.#take(name, '')
      return
    }
    for (;;) {
      if (this.#text.charCodeAt(this.at) !== QUOTE) this.fail('a name is missing')
      const key = this.#string()
      this.blanks()
      if (this.#text[this.at] !== ':') this.fail('a colon is missing')
      this.at += 1
      this.blanks()
      this.value(`${name}.${key}`, depth + 1)
      if (this.#end('}')) return
    }
  }

  #list(name: string, depth: number): void {
    if (depth >= this.#depth) this.fail('too deep')
    this.at += 1
    this.blanks()
    this.#take(name, '')
    if (this.#text[this.at] === ']') {
      this.at += 1
      return
    }
    for (let index = 0; ; index++) {
      this.value(`${name}.${index}`, depth + 1)
      if (this.#end(']')) return
    }
  }

  /** After a member: true at the end, false after a comma. */
  #end(close: string): boolean {
    this.blanks()
    const sign = this.#text[this.at]
    if (sign !== ',' && sign !== close) this.fail(`a comma or ${close} is missing`)
    this.at += 1
    this.blanks()
    return sign === close
  }

  #literal(): string {
    LITERAL.lastIndex = this.at
    const found = LITERAL.exec(this.#text)?.[0]
    if (found === undefined) this.fail('a value is missing')
    this.at += found.length
    return found
  }

  #string(): string {
    const text = this.#text
    const start = this.at + 1
    for (let at = start; at < text.length; at++) {
      const code = text.charCodeAt(at)
      if (code === QUOTE) {
        this.at = at + 1
        return text.slice(start, at)
      }
      if (code === BACKSLASH) return this.#escaped(start, at)
      if (code < 32) {
        this.at = at
        this.fail('a control character in a text')
      }
    }
    this.at = text.length
    return this.fail('a text does not end')
  }

  #escaped(start: number, firstEscape: number): string {
    const text = this.#text
    let made = text.slice(start, firstEscape)
    let from = firstEscape
    for (let at = firstEscape; at < text.length; ) {
      const code = text.charCodeAt(at)
      if (code === QUOTE) {
        this.at = at + 1
        return made + text.slice(from, at)
      }
      if (code !== BACKSLASH) {
        at += 1
        continue
      }
      made += text.slice(from, at)
      this.at = at
      made += this.#escape()
      at = from = this.at
    }
    this.at = text.length
    return this.fail('a text does not end')
  }

  #escape(): string {
    const sign = this.#text[this.at + 1] ?? ''
    const simple = ESCAPES[sign]
    if (simple !== undefined) {
      this.at += 2
      return simple
    }
    if (sign !== 'u') this.fail('an unknown escape')
    const unit = this.#unit(this.at + 2)
    this.at += 6
    if (unit < 0xd800 || unit > 0xdbff || this.#text[this.at] !== '\\' || this.#text[this.at + 1] !== 'u') return utf8(unit)
    const low = this.#unit(this.at + 2)
    if (low < 0xdc00 || low > 0xdfff) return utf8(unit)
    this.at += 6
    return utf8(0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00))
  }

  #unit(at: number): number {
    const digits = this.#text.slice(at, at + 4)
    if (!/^[0-9a-fA-F]{4}$/.test(digits)) this.fail('an escape without four digits')
    return Number.parseInt(digits, 16)
  }
}

const ESCAPES: Readonly<Record<string, string>> = { '"': '"', '\\': '\\', '/': '/', b: '\b', f: '\f', n: '\n', r: '\r', t: '\t' }

/** The UTF-8 bytes of a code point, one character a byte; a lone surrogate is encoded as if it were a character. */
export function utf8(point: number): string {
  if (point < 0x80) return String.fromCharCode(point)
  if (point < 0x800) return String.fromCharCode(0xc0 | (point >> 6), 0x80 | (point & 63))
  if (point < 0x10000) return String.fromCharCode(0xe0 | (point >> 12), 0x80 | ((point >> 6) & 63), 0x80 | (point & 63))
  return String.fromCharCode(0xf0 | (point >> 18), 0x80 | ((point >> 12) & 63), 0x80 | ((point >> 6) & 63), 0x80 | (point & 63))
}
