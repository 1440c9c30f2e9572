import type { Buffer } from 'node:buffer'
import { EvtxFault } from './allowance.ts'

/** Reads little-endian numbers forward from a place in a chunk; a read beyond `end` is a fault. */
export class Cursor {
  readonly bytes: Buffer
  at: number
  readonly end: number

  constructor(bytes: Buffer, at: number, end: number) {
    if (at > end || end > bytes.length) throw new EvtxFault('a part reaches beyond the chunk')
    this.bytes = bytes
    this.at = at
    this.end = end
  }

  get left(): number {
    return this.end - this.at
  }

  u8(): number {
    return this.bytes[this.advance(1)]!
  }

  u16(): number {
    return this.bytes.readUInt16LE(this.advance(2))
  }

  u32(): number {
    return this.bytes.readUInt32LE(this.advance(4))
  }

  /** UTF-16 text of `count` code units; a broken surrogate becomes U+FFFD. */
  text(count: number): string {
    const start = this.advance(count * 2)
    return this.bytes.toString('utf16le', start, this.at).toWellFormed()
  }

  /** Steps over `length` bytes and returns where they begin. */
  advance(length: number): number {
    const start = this.at
    if (length > this.end - start) throw new EvtxFault(`it ends ${length - (this.end - start)} bytes early`)
    this.at = start + length
    return start
  }
}
