import { type FaultCode, fault, type HttpFault } from '../http-fault.ts'
import type { Framing } from './framing.ts'
import { parseHeaderLines } from './headers.ts'

const LONGEST_CHUNK_LINE = 1024
const LONGEST_TRAILER = 8192
const CR = 13
const LF = 10

/**
 * Takes a message's body off the wire piece by piece. The chunked coding (RFC 9112 section 7.1) is read strictly: sizes of
 * hexadecimal digits alone, each line ended by CRLF. Extensions and trailers are read and dropped: they have no meaning that
 * could survive a hop, and are a known way to smuggle.
 */
export class BodyReader {
  done: boolean
  fault: HttpFault | undefined
  readonly #kind: Framing['kind']
  #left: number
  #state: 'size' | 'data' | 'data-end' | 'trailer' = 'size'
  #line = ''

  constructor(framing: Framing) {
    this.#kind = framing.kind
    this.#left = framing.kind === 'length' ? framing.length : 0
    this.done = framing.kind === 'none' || (framing.kind === 'length' && framing.length === 0)
  }

  /** Reads from `at`, hands over what is data, and answers with where the body stopped (or the end of the bytes). */
  push(bytes: Buffer, at: number, take: (data: Buffer) => void): number {
    if (this.done || this.fault !== undefined) return at
    if (this.#kind === 'close') {
      if (at < bytes.length) take(at === 0 ? bytes : bytes.subarray(at))
      return bytes.length
    }
    if (this.#kind === 'length') {
      const stop = this.#takeData(bytes, at, take)
      this.done = this.#left === 0
      return stop
    }
    return this.#pushChunked(bytes, at, take)
  }

  /** The connection's end: fine only where it is the body's. */
  end(): void {
    if (this.#kind === 'close') this.done = true
    else if (!this.done) this.#refuse('incomplete')
  }

  #takeData(bytes: Buffer, at: number, take: (data: Buffer) => void): number {
    const stop = Math.min(bytes.length, at + this.#left)
    if (stop > at) {
      this.#left -= stop - at
      take(at === 0 && stop === bytes.length ? bytes : bytes.subarray(at, stop))
    }
    return stop
  }

  #pushChunked(bytes: Buffer, start: number, take: (data: Buffer) => void): number {
    let at = start
    while (at < bytes.length && !this.done && this.fault === undefined) {
      if (this.#state === 'data') {
        at = this.#takeData(bytes, at, take)
        if (this.#left === 0) this.#state = 'data-end'
        continue
      }
      at = this.#readLine(bytes, at)
    }
    return at
  }

  /** Lines are put together over pieces; a CR without an LF behind it, or the reverse, is refused. */
  #readLine(bytes: Buffer, start: number): number {
    const stop = bytes.indexOf(LF, start)
    const end = stop === -1 ? bytes.length : stop + 1
    this.#line += bytes.toString('latin1', start, end)
    const limit = this.#state === 'trailer' ? LONGEST_TRAILER : LONGEST_CHUNK_LINE
    if (this.#line.length > limit) this.#refuse('chunk')
    else if (stop !== -1) this.#endLine()
    return end
  }

  #endLine(): void {
    const line = this.#line
    const body = line.slice(0, -2)
    if (this.#state === 'trailer') {
      if (line === '\r\n' || line.endsWith('\r\n\r\n')) this.#endTrailer(line)
      else if (!line.endsWith('\r\n')) this.#refuse('trailer')
      return
    }
    this.#line = ''
    if (line.charCodeAt(line.length - 2) !== CR || body.includes('\r')) {
      this.#refuse('chunk')
      return
    }
    if (this.#state === 'data-end') {
      if (body !== '') {
        this.#refuse('chunk')
        return
      }
      this.#state = 'size'
      return
    }
    const size = /^([0-9A-Fa-f]{1,12})(?:[ \t]*;[\t -~\x80-\xff]*)?$/.exec(body)
    if (size === null) {
      this.#refuse('chunk')
      return
    }
    this.#left = Number.parseInt(size[1]!, 16)
    this.#state = this.#left === 0 ? 'trailer' : 'data'
  }

  #endTrailer(text: string): void {
    const lines = parseHeaderLines(text, 0, Math.max(0, text.length - 4))
    if ('code' in lines) {
      this.#refuse('trailer')
      return
    }
    this.done = true
  }

  #refuse(code: FaultCode): void {
    this.fault = fault(400, code)
  }
}
