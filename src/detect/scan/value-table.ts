import { MEMORY } from './memory.ts'
import type { ScanLiterals } from './scan-literals.ts'
import { KNOWN, TABLE, TABLE_HEADS } from './value-code.ts'

const WORD = 4
/** Some hundred entries; then the table is emptied. */
const ENTRIES_SIZE = 1 << 17

export interface ValueCode {
  recall(table: number, stamp: number): number
  hashOf(): number
  chainOf(table: number, hash: number): number
}

/** No entry agrees with the event, but one may be made. */
export const UNKNOWN = -1

/** Events that were met, by their values at some paths, in the memory of a scan. */
export class ValueTable {
  readonly #bytes: Buffer
  readonly #words: Int32Array
  readonly #code: ValueCode
  readonly #paths: readonly number[]
  readonly #table: number
  readonly #entries: number
  #end: number
  #size = 0

  private constructor(bytes: Buffer, code: ValueCode, paths: readonly number[], table: number) {
    this.#bytes = bytes
    this.#words = new Int32Array(bytes.buffer)
    this.#code = code
    this.#paths = paths
    this.#table = table
    const pathsAt = table + TABLE.size
    const heads = pathsAt + (1 + paths.length) * WORD
    this.#entries = heads + TABLE_HEADS * WORD
    this.#end = this.#entries
    this.#words.set([pathsAt, heads, paths.length, ...paths], table / WORD)
  }

  /** Undefined when the scan has no room. */
  static of(bytes: Buffer, literals: ScanLiterals, code: ValueCode, paths: readonly number[]): ValueTable | undefined {
    const table = literals.reserve(TABLE.size + (1 + paths.length + TABLE_HEADS) * WORD + ENTRIES_SIZE)
    return table === undefined ? undefined : new ValueTable(bytes, code, paths, table)
  }

  /** The number of the entry that agrees with the text; UNKNOWN, or less when the text cannot be entered. */
  recall(stamp: number): number {
    return this.#code.recall(this.#table, stamp)
  }

  /** Enters the text that was just found unknown, and gives its number: they count from 0, and again when the table was emptied. */
  enter(stamp: number): number {
    const values = this.#paths.map((path) => this.#valueAt(path, stamp))
    const size = values.reduce<number>((sum, { bytes }) => sum + 2 * WORD + bytes.length, KNOWN.values)
    if (this.#end + size + WORD > this.#entries + ENTRIES_SIZE) this.#clear()
    const entry = this.#end
    const hash = this.#code.hashOf()
    const head = this.#code.chainOf(this.#table, hash)
    const number = this.#size
    const words = this.#words
    words.set([words[head / WORD]!, hash, number], entry / WORD)
    let at = entry + KNOWN.values
    for (const { kind, bytes } of values) {
      this.#bytes.writeInt32LE(kind, at)
      this.#bytes.writeInt32LE(bytes.length, at + WORD)
      this.#bytes.set(bytes, at + 2 * WORD)
      at += 2 * WORD + bytes.length
    }
    words[head / WORD] = entry
    this.#end = (at + WORD - 1) & ~(WORD - 1)
    this.#size += 1
    return number
  }

  #valueAt(path: number, stamp: number): { readonly kind: number; readonly bytes: Uint8Array } {
    const place = MEMORY.found / WORD + path * 4
    const [mark, kind, start, end] = this.#words.subarray(place, place + 4)
    if (mark !== stamp) return { kind: 0, bytes: new Uint8Array(0) }
    return { kind: kind!, bytes: this.#bytes.subarray(start, end) }
  }

  #clear(): void {
    this.#bytes.fill(0, this.#entries - TABLE_HEADS * WORD, this.#entries)
    this.#end = this.#entries
    this.#size = 0
  }
}
