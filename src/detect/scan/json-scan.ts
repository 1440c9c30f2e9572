import { Buffer } from 'node:buffer'
import type { JsonObject, JsonValue } from '../../kernel/json.ts'
import { wasmText } from '../../platform/wasm/load.ts'
import { MEMORY } from './memory.ts'
import { PathTable } from './path-table.ts'
import { SCAN_CODE } from './scan-code.ts'
import { type LiteralCode, ScanLiterals } from './scan-literals.ts'
import { type ValueCode, ValueTable } from './value-table.ts'

/** What stands at a path: nothing, a text of some kind, another scalar, or a structure. */
export const NOTHING = 0
/** ASCII without an escape: the bytes are the text. */
export const PLAIN = 1
/** ASCII with escapes as JSON.stringify writes them, `\uXXXX` apart: `\\ \" \b \f \n \r \t`. One text, one spelling. */
export const ESCAPED = 2
/** Any other text. */
export const TEXT = 3
export const NUMBER = 4
export const TRUE = 5
export const FALSE = 6
export const NULL = 7
export const OBJECT = 8
export const ARRAY = 9
/** Only the document tells, of this and of all paths: a path that was entered since shows that the text must be parsed. */
export const UNREADABLE = 10

/** What may follow a backslash: a letter as JSON.stringify writes it, a slash, or the four digits of a code. */
const ESCAPES: readonly (readonly [letters: string, meaning: number])[] = [
  ['"\\bfnrt', 1],
  ['/', 2],
  ['u', 3],
]

/** Blocks of 16 bytes are read: what stands behind the text must be no part of it. */
const MARGIN = 16
const LONGEST = MEMORY.textEnd - MEMORY.text - 2 * MARGIN
const LAST_STAMP = 0x7fff_ffff

interface Code extends LiteralCode, ValueCode {
  scan(stamp: number, from: number, to: number): number
  line(stamp: number, from: number, to: number): number
  hasCodes(): number
  find(index: number, from: number, to: number, marks: number, lookUp: number): number
  announce(program: number, stamp: number, lookUp: number): number
  meets(literal: number, path: number): number
}

const instance = wasmText(SCAN_CODE)

/**
 * Where the values of some paths stand in a JSON text, found without building the document: one pass over its bytes. It only says yes to
 * what JSON.parse would read as an object with exactly these values (json-scan.test.ts holds it to that); whatever is broken or unusual
 * (a key written twice or with escapes, great depth, more than a megabyte) it leaves to JSON.parse by saying no. One text at a time:
 * positions hold until the next.
 */
export class JsonScan {
  /** The memory that texts are copied to: positions count from its beginning. */
  readonly bytes: Buffer
  /** Of the text at hand. */
  start = 0
  end = 0
  /** Where indexes for `find` and programs for `announce` are made. */
  readonly literals: ScanLiterals
  /** What `find` and `announce` found, as many as they say; and, behind their number, the fields that `announce` could not answer for. */
  readonly answer: Int32Array
  readonly asked: Int32Array
  readonly #code: Code
  readonly #paths: PathTable
  /** By path: stamp, kind, start, end. */
  readonly #found: Int32Array
  #stamp = 0
  #lookUp = 0
  /** Paths were entered since the text was read. */
  #isStale = false
  /** One of them leads through an array, or stands twice in the text. */
  #isUnreadable = false
  /** The bytes that are in the memory, and how far on they stand there. */
  #block: Uint8Array | undefined
  #shift = 0
  #doc: JsonObject | undefined

  constructor() {
    const { memory, code } = instance()
    this.#code = code as unknown as Code
    this.bytes = Buffer.from(memory)
    this.#paths = new PathTable(memory)
    this.#found = new Int32Array(memory, MEMORY.found, MEMORY.mostPaths * 4)
    this.literals = new ScanLiterals(this.bytes, this.#code)
    this.answer = new Int32Array(memory, MEMORY.answer, MEMORY.mostIds)
    this.asked = new Int32Array(memory, MEMORY.asked, MEMORY.mostFields + 1)
    for (const [letters, meaning] of ESCAPES)
      for (const letter of letters) this.bytes[MEMORY.escapes + letter.charCodeAt(0)] = meaning
  }

  /** Whether some value holds `\u…`, or may do so: then characters do not stand as themselves. */
  get hasCodes(): boolean {
    return this.#isUnreadable || this.#code.hasCodes() === 1
  }

  /**
   * The number of a path of keys, for the questions below; undefined when it cannot be found by bytes. A path that is new is looked for
   * in the text at hand as well: it may show that the text must be parsed, so that from then on all of it is UNREADABLE.
   */
  path(keys: readonly string[]): number | undefined {
    const before = this.#paths.size
    const path = this.#paths.enter(keys)
    if (this.#paths.size !== before) this.#isStale = true
    return path
  }

  /** Reads the text from `start` to `end`. False: ask JSON.parse. Bytes are copied once: the same array must hold the same until another is read. */
  read(bytes: Uint8Array, start: number, end: number): boolean {
    if (bytes !== this.#block && !this.#load(bytes, start, end)) return false
    this.start = start + this.#shift
    this.end = end + this.#shift
    this.#doc = undefined
    return this.#read()
  }

  /**
   * Like `read`, of the line that begins at `start`, wherever in the bytes it ends (there is a line feed, or the bytes end). Returns where that
   * is; -1: ask JSON.parse. The line must begin with the object.
   */
  readLine(bytes: Uint8Array, start: number): number {
    if (bytes.length > LONGEST) return -1
    if (bytes !== this.#block && !this.#load(bytes, start, bytes.length)) return -1
    this.start = start + this.#shift
    this.#doc = undefined
    this.#isStale = false
    this.#isUnreadable = false
    const end = this.#code.line(this.#nextStamp(), this.start, bytes.length + this.#shift)
    this.end = end
    return end < 0 ? -1 : end - this.#shift
  }

  /** What stands at the path. */
  kind(path: number): number {
    if (this.#isStale) this.#readAgain()
    return this.#found[path << 2] === this.#stamp ? this.#found[(path << 2) + 1]! : NOTHING
  }

  /** Where the value begins: a text behind its quote, anything else with its first byte. Only for what is there. */
  startOf(path: number): number {
    return this.#found[(path << 2) + 2]!
  }

  /** Where it ends: a text before its quote, anything else behind its last byte. */
  endOf(path: number): number {
    return this.#found[(path << 2) + 3]!
  }

  /** The value as JSON.parse reads it; of what is not UNREADABLE. */
  value(path: number): JsonValue | undefined {
    const kind = this.kind(path)
    if (kind === NOTHING) return undefined
    const start = this.startOf(path)
    const end = this.endOf(path)
    if (kind === PLAIN) return this.bytes.toString('latin1', start, end)
    if (kind === ESCAPED) return JSON.parse(this.bytes.toString('latin1', start - 1, end + 1)) as JsonValue
    const quote = kind === TEXT ? 1 : 0
    return JSON.parse(this.bytes.toString('utf8', start - quote, end + quote)) as JsonValue
  }

  /** The whole document, parsed when it is asked for. */
  doc(): JsonObject {
    this.#doc ??= JSON.parse(this.bytes.toString('utf8', this.start, this.end)) as JsonObject
    return this.#doc
  }

  /**
   * How many literals of an index the bytes `start` to `end` meet, ASCII bytes with escapes as JSON.stringify writes them: each literal is
   * looked for as it is written there.
   */
  find(index: number, marks: number, start: number, end: number): number {
    return this.#code.find(index, start, end, marks, this.#nextLookUp())
  }

  /** Whether the text at the path, PLAIN or ESCAPED, meets a literal of `literals.literal`. */
  meets(literal: number, path: number): boolean {
    return this.#code.meets(literal, path) === 1
  }

  /** The same as `find` for all fields of a program at once. */
  announce(program: number): number {
    if (this.#isStale) this.#readAgain()
    return this.#code.announce(program, this.#stamp, this.#nextLookUp())
  }

  /** A table of texts by their values at some paths; undefined when there is no room. */
  table(paths: readonly number[]): ValueTable | undefined {
    return ValueTable.of(this.bytes, this.literals, this.#code, paths)
  }

  /** The number of the text in such a table, or below zero. */
  recall(table: ValueTable): number {
    if (this.#isStale) this.#readAgain()
    return table.recall(this.#stamp)
  }

  /** Enters the text, which was just found unknown, and gives its number. */
  enter(table: ValueTable): number {
    return table.enter(this.#stamp)
  }

  #load(bytes: Uint8Array, start: number, end: number): boolean {
    const isWhole = bytes.length <= LONGEST
    const part = isWhole ? bytes : bytes.subarray(start, end)
    if (part.length > LONGEST) return false
    this.bytes.set(part, MEMORY.text)
    // Control characters: no text goes on behind.
    this.bytes.fill(0, MEMORY.text + part.length, MEMORY.text + part.length + MARGIN)
    this.#block = isWhole ? bytes : undefined
    this.#shift = isWhole ? MEMORY.text : MEMORY.text - start
    return true
  }

  #read(): boolean {
    this.#isStale = false
    this.#isUnreadable = this.#code.scan(this.#nextStamp(), this.start, this.end) !== 1
    return !this.#isUnreadable
  }

  /**
   * Reads the text for paths that were entered since. A pass that stops half-way has not seen what stands behind. Where values were
   * found before they still stand: somebody may know of them.
   */
  #readAgain(): void {
    if (this.#read()) return
    for (let path = 0; path < this.#paths.size; path += 1) this.#found.set([this.#stamp, UNREADABLE], path << 2)
  }

  #nextStamp(): number {
    if (this.#stamp === LAST_STAMP) {
      this.#stamp = 0
      this.#found.fill(0)
    }
    this.#stamp += 1
    return this.#stamp
  }

  #nextLookUp(): number {
    if (this.#lookUp === LAST_STAMP) {
      this.#lookUp = 0
      this.literals.forgetMarks()
    }
    this.#lookUp += 1
    return this.#lookUp
  }
}
