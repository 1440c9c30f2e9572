import { Buffer } from 'node:buffer'

const LF = 0x0a
const CR = 0x0d
const NUL = 0x00
const SPACE = 0x20
const LESS = 0x3c
/** RFC 6587 sets no bound; nine digits are a gigabyte. */
const MAX_DIGITS = 9

/** One message of a TCP stream. `length` is what the sender sent; more than `bytes.length` where the rest was left out. */
export interface Frame {
  readonly bytes: Buffer
  readonly length: number
  /** Why the message is not whole, if it is not. */
  readonly cut?: string
}

/**
 * Splits a syslog stream into messages, finding the framing anew for each (RFC 6587 §3.4): digits, a space and `<` begin
 * an octet-counted message, anything else ends at a line feed. Works on bytes, so that characters may be split between
 * chunks; holds at most `maxBytes` of a message, and skips the rest of a longer one.
 */
export class SyslogFramer {
  private readonly maxBytes: number
  private held: Buffer = Buffer.alloc(0)
  /** The message being skipped: what is kept of it, and how many bytes of it were seen. */
  private skipping: { readonly kept: Buffer; seen: number; readonly total: number | undefined } | undefined

  constructor(maxBytes: number) {
    this.maxBytes = maxBytes
  }

  /** Whether a message has begun and is not complete. */
  get open(): boolean {
    return this.held.length > 0 || this.skipping !== undefined
  }

  push(chunk: Buffer): Frame[] {
    const frames: Frame[] = []
    let rest = this.held.length === 0 ? chunk : Buffer.concat([this.held, chunk])
    this.held = Buffer.alloc(0)
    while (rest.length > 0) {
      const next = this.skipping === undefined ? this.take(rest, frames) : this.skip(rest, frames)
      if (next === undefined) {
        // Copied: a slice would keep the socket's whole chunk alive.
        this.held = Buffer.from(rest)
        break
      }
      rest = next
    }
    return frames
  }

  /** The end of the stream: a message without its line feed is one; an octet-counted one that is short is cut. */
  end(): Frame[] {
    const { held, skipping } = this
    this.held = Buffer.alloc(0)
    this.skipping = undefined
    if (skipping !== undefined)
      return [{ bytes: skipping.kept, length: skipping.seen, cut: tooLong(skipping.seen, this.maxBytes) }]
    const header = readCount(held)
    if (header === undefined || header === 'more') return lineFrame(held)
    const bytes = held.subarray(header.start)
    return [{ bytes, length: header.count, cut: `the connection ended after ${bytes.length} of ${header.count} bytes` }]
  }

  /** Takes one message from the beginning of `rest` and returns what follows it; undefined asks for more bytes. */
  private take(rest: Buffer, frames: Frame[]): Buffer | undefined {
    const header = readCount(rest)
    if (header === 'more') return undefined
    if (header !== undefined) return this.takeCounted(rest, header, frames)
    const end = rest.indexOf(LF)
    if (end >= 0 && end <= this.maxBytes) {
      frames.push(...lineFrame(rest.subarray(0, end)))
      return rest.subarray(end + 1)
    }
    if (end < 0 && rest.length <= this.maxBytes) return undefined
    this.skipping = { kept: Buffer.from(rest.subarray(0, this.maxBytes)), seen: 0, total: undefined }
    return rest
  }

  private takeCounted(rest: Buffer, { start, count }: Count, frames: Frame[]): Buffer | undefined {
    if (count > this.maxBytes) {
      if (rest.length - start < this.maxBytes) return undefined
      this.skipping = { kept: Buffer.from(rest.subarray(start, start + this.maxBytes)), seen: 0, total: count }
      return rest.subarray(start)
    }
    if (rest.length < start + count) return undefined
    frames.push(...lineFrame(rest.subarray(start, start + count)))
    return rest.subarray(start + count)
  }

  private skip(rest: Buffer, frames: Frame[]): Buffer {
    const skipping = this.skipping!
    const end = skipping.total === undefined ? rest.indexOf(LF) : skipping.total - skipping.seen
    if (end < 0 || end > rest.length) {
      skipping.seen += rest.length
      return rest.subarray(rest.length)
    }
    const length = skipping.seen + end
    frames.push({ bytes: skipping.kept, length, cut: tooLong(length, this.maxBytes) })
    this.skipping = undefined
    return rest.subarray(skipping.total === undefined ? end + 1 : end)
  }
}

interface Count {
  readonly count: number
  /** Where the message itself begins. */
  readonly start: number
}

/** Reads `MSG-LEN SP` before a `<`; undefined if the message is not octet-counted, `more` if that cannot be told yet. */
function readCount(bytes: Buffer): Count | 'more' | undefined {
  let at = 0
  while (at < bytes.length && at < MAX_DIGITS && bytes[at]! >= 0x30 && bytes[at]! <= 0x39) at++
  if (at === 0 || bytes[0] === 0x30) return undefined
  if (at === bytes.length) return 'more'
  if (bytes[at] !== SPACE) return undefined
  if (at + 1 === bytes.length) return 'more'
  return bytes[at + 1] === LESS ? { count: Number(bytes.toString('latin1', 0, at)), start: at + 1 } : undefined
}

/** Without the line end or the NUL that some senders put at the end; a blank message is none. */
function lineFrame(line: Buffer): Frame[] {
  let end = line.length
  while (end > 0 && (line[end - 1] === CR || line[end - 1] === LF || line[end - 1] === NUL)) end--
  return end === 0 ? [] : [{ bytes: line.subarray(0, end), length: end }]
}

function tooLong(length: number, maxBytes: number): string {
  return `too long: ${length} bytes where ${maxBytes} are allowed; the first ${maxBytes} are kept`
}
