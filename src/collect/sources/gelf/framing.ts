/** One message of a TCP stream; `length` is more than `bytes.length` where the rest was left out. */
export interface GelfFrame {
  readonly bytes: Buffer
  readonly length: number
  /** Whether the connection ended before the message did. */
  readonly cut?: true
}

/** Splits a stream at NUL bytes (GELF 1.1, "GELF TCP"); holds at most `maxBytes` of a message. */
export class NulFramer {
  private readonly maxBytes: number
  private held: Buffer[] = []
  private heldBytes = 0
  private length = 0

  constructor(maxBytes: number) {
    this.maxBytes = maxBytes
  }

  /** Whether a message has begun and is not complete. */
  get open(): boolean {
    return this.length > 0
  }

  push(chunk: Buffer): GelfFrame[] {
    const frames: GelfFrame[] = []
    let from = 0
    for (;;) {
      const end = chunk.indexOf(0, from)
      this.hold(chunk.subarray(from, end < 0 ? chunk.length : end))
      if (end < 0) return frames
      frames.push(...this.take())
      from = end + 1
    }
  }

  /** The end of the stream: what has no NUL is not whole. */
  end(): GelfFrame[] {
    return this.take().map((frame) => ({ ...frame, cut: true }))
  }

  private hold(part: Buffer): void {
    this.length += part.length
    const room = this.maxBytes - this.heldBytes
    if (part.length === 0 || room <= 0) return
    // Copied: a slice would keep the socket's whole chunk alive.
    const kept = Buffer.from(part.subarray(0, room))
    this.held.push(kept)
    this.heldBytes += kept.length
  }

  private take(): GelfFrame[] {
    const frame = { bytes: Buffer.concat(this.held, this.heldBytes), length: this.length }
    this.held = []
    this.heldBytes = 0
    this.length = 0
    // Some senders end with a line feed behind the NUL.
    return frame.length <= 2 && frame.bytes.toString('latin1').trim() === '' ? [] : [frame]
  }
}
