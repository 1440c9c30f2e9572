import type { RawRecord } from '../kernel/event.ts'

export interface MailboxLimits {
  /** A batch goes out at this size at the latest … */
  readonly batchRecords: number
  readonly batchBytes: number
  /** … or this long after its first record. */
  readonly lingerMs: number
  /** Above this the mailbox is full: whoever can wait must. */
  readonly maxBytes: number
}

export interface Mail {
  readonly records: readonly RawRecord[]
  readonly bytes: number
  readonly gaps: number
}

/** Collects single records into batches between those who push (sockets) and the one who takes (the supervisor). */
export class Mailbox {
  private readonly limits: MailboxLimits
  private records: RawRecord[] = []
  private sizes: number[] = []
  private bytes = 0
  private gaps = 0
  private closed = false
  private ripe = false
  private timer: NodeJS.Timeout | undefined
  private wake: (() => void) | undefined
  private waiting: (() => void)[] = []

  constructor(limits: MailboxLimits) {
    this.limits = limits
  }

  get full(): boolean {
    return this.bytes >= this.limits.maxBytes
  }

  push(record: RawRecord, bytes: number): void {
    this.records.push(record)
    this.sizes.push(bytes)
    this.bytes += bytes
    if (this.records.length >= this.limits.batchRecords || this.bytes >= this.limits.batchBytes) this.ripen()
    else this.timer ??= setTimeout(() => this.ripen(), this.limits.lingerMs)
  }

  /** Counts records that are known to be lost. */
  lose(count: number): void {
    if (count === 0) return
    this.gaps += count
    this.timer ??= setTimeout(() => this.ripen(), this.limits.lingerMs)
  }

  /** Calls back once there is room again. */
  whenRoom(resume: () => void): void {
    this.waiting.push(resume)
  }

  /** No more comes: what is left is still taken. */
  close(): void {
    this.closed = true
    this.ripen()
  }

  /** The next batch; undefined once closed and empty. */
  async take(): Promise<Mail | undefined> {
    while (!this.ripe || (this.records.length === 0 && this.gaps === 0)) {
      if (this.closed) return undefined
      this.ripe = false
      await new Promise<void>((resolve) => {
        this.wake = resolve
      })
    }
    return this.cut()
  }

  private ripen(): void {
    clearTimeout(this.timer)
    this.timer = undefined
    this.ripe = true
    this.wake?.()
  }

  private cut(): Mail {
    let count = 0
    let bytes = 0
    while (count < this.records.length && count < this.limits.batchRecords && (count === 0 || bytes < this.limits.batchBytes)) {
      bytes += this.sizes[count]!
      count++
    }
    const mail = { records: this.records.slice(0, count), bytes, gaps: this.gaps }
    this.records = this.records.slice(count)
    this.sizes = this.sizes.slice(count)
    this.bytes -= bytes
    this.gaps = 0
    this.ripe = this.closed || this.records.length >= this.limits.batchRecords || this.bytes >= this.limits.batchBytes
    if (!this.ripe && this.records.length > 0) this.timer ??= setTimeout(() => this.ripen(), this.limits.lingerMs)
    if (!this.full) for (const resume of this.waiting.splice(0)) resume()
    return mail
  }
}
