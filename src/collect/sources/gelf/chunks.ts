/** The two bytes that begin a chunk (GELF 1.1, "Chunking"): then eight of id, one of place, one of count. */
const MAGIC = 0x1e0f
const HEADER_BYTES = 12
const MAX_CHUNKS = 128
/** Ids of messages that are done: what comes late or twice of them begins nothing new. */
const REMEMBERED = 4096

export interface ChunkLimits {
  readonly timeoutMs: number
  readonly maxMessages: number
  readonly maxBytes: number
}

interface Waiting {
  readonly parts: (Buffer | undefined)[]
  readonly since: number
  missing: number
  bytes: number
}

export function isChunk(datagram: Buffer): boolean {
  return datagram.length >= 2 && datagram.readUInt16BE() === MAGIC
}

/**
 * Puts chunked messages together, in bounds: of time, of messages and of bytes. What cannot be completed is given up and
 * told to `lost`, the oldest first where there is no room.
 */
export class ChunkStore {
  private readonly limits: ChunkLimits
  private readonly lost: (messages: number) => void
  private readonly waiting = new Map<string, Waiting>()
  private readonly done = new Set<string>()
  private bytes = 0

  constructor(limits: ChunkLimits, lost: (messages: number) => void) {
    this.limits = limits
    this.lost = lost
  }

  /**
   * @param now milliseconds, of a clock that never goes back.
   * @returns the whole message, undefined while chunks are missing, or a text that says why the chunk is none.
   */
  add(datagram: Buffer, sender: string, now: number): Buffer | string | undefined {
    if (datagram.length < HEADER_BYTES) return 'a GELF chunk without its header'
    const place = datagram[10]!
    const count = datagram[11]!
    if (count === 0 || count > MAX_CHUNKS || place >= count) return `a GELF chunk that is number ${place} of ${count}`
    const part = datagram.subarray(HEADER_BYTES)
    // Two senders may choose the same id.
    const key = `${sender} ${datagram.toString('latin1', 2, 10)}`
    if (this.done.has(key)) return undefined
    if (count === 1) return this.finished(key, part)
    const set = this.waitingFor(key, count, now)
    if (set === undefined || set.parts[place] !== undefined) return undefined
    // Copied: a slice would keep the socket's whole buffer alive.
    set.parts[place] = Buffer.from(part)
    set.missing--
    set.bytes += part.length
    this.bytes += part.length
    if (set.missing > 0) {
      this.makeRoom(key)
      return undefined
    }
    this.drop(key)
    return this.finished(key, Buffer.concat(set.parts as Buffer[], set.bytes))
  }

  /** Gives up what waited too long. */
  expire(now: number): void {
    for (const [key, { since }] of this.waiting) {
      if (now - since < this.limits.timeoutMs) return
      this.giveUp(key)
    }
  }

  /** Gives up everything: nothing more will come. */
  close(): void {
    for (const key of this.waiting.keys()) this.giveUp(key)
  }

  private waitingFor(key: string, count: number, now: number): Waiting | undefined {
    const there = this.waiting.get(key)
    if (there !== undefined) {
      if (there.parts.length === count) return there
      // The same id with another count: one of them is not meant for the other, and neither can be trusted.
      this.giveUp(key)
      return undefined
    }
    this.expire(now)
    const set = { parts: new Array<Buffer | undefined>(count).fill(undefined), since: now, missing: count, bytes: 0 }
    this.waiting.set(key, set)
    if (this.waiting.size > this.limits.maxMessages) this.giveUp(this.waiting.keys().next().value!)
    return set
  }

  private makeRoom(newest: string): void {
    for (const key of this.waiting.keys()) {
      if (this.bytes <= this.limits.maxBytes) return
      if (key !== newest || this.waiting.size === 1) this.giveUp(key)
    }
  }

  private giveUp(key: string): void {
    this.drop(key)
    this.remember(key)
    this.lost(1)
  }

  private drop(key: string): void {
    this.bytes -= this.waiting.get(key)?.bytes ?? 0
    this.waiting.delete(key)
  }

  private finished(key: string, message: Buffer): Buffer {
    this.remember(key)
    return message
  }

  private remember(key: string): void {
    this.done.add(key)
    if (this.done.size > REMEMBERED) this.done.delete(this.done.values().next().value!)
  }
}
