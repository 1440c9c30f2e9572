import { KanpekiError, messageOf } from '../kernel/error.ts'
import type { SourceBatch } from '../kernel/plugin.ts'
import { type Backoff, backoffMs, type Wait } from '../platform/backoff.ts'
import type { Commit, CommitBatch } from './commit.ts'

export interface WindowLimits {
  readonly batches: number
  readonly bytes: number
}

export interface WindowDeps {
  readonly commit: Commit
  readonly wait: Wait
  readonly random: () => number
  readonly backoff: Backoff
  readonly limits: WindowLimits
  /** Aborted when nobody waits for the remaining batches any more: they are then given up, unacknowledged. */
  readonly abandon: AbortSignal
  readonly onAcknowledged: () => void
}

/**
 * The batches of one source that are on their way. Each is committed until it succeeds (a retry is harmless: ids are
 * deterministic) and then acknowledged, once, in the order they came, so that a position never runs ahead of the lake.
 */
export class CommitWindow {
  private readonly deps: WindowDeps
  private batches = 0
  private bytes = 0
  private tail: Promise<void> = Promise.resolve()
  private wake: (() => void) | undefined
  private fault: { readonly error: unknown } | undefined
  private readonly refusals = new Map<CommitBatch, string>()

  constructor(deps: WindowDeps) {
    this.deps = deps
  }

  /** Why commits fail right now, or undefined. */
  get refusal(): string | undefined {
    return this.refusals.values().next().value
  }

  get full(): boolean {
    return this.batches >= this.deps.limits.batches || (this.batches > 0 && this.bytes >= this.deps.limits.bytes)
  }

  get pending(): number {
    return this.batches
  }

  /** Resolves when another batch may be pulled. Throws what an acknowledgement threw: the source must start anew. */
  async room(): Promise<void> {
    for (;;) {
      if (this.fault !== undefined) throw this.fault.error
      if (!this.full || this.deps.abandon.aborted) return
      await new Promise<void>((resolve) => {
        this.wake = resolve
      })
    }
  }

  push(batch: CommitBatch, source: SourceBatch): void {
    this.batches++
    this.bytes += batch.bytes
    const committed = this.commitUntilDone(batch)
    // It is awaited in its turn; until then its failure is nobody's unhandled one.
    committed.catch(() => {})
    this.tail = this.tail.then(async () => {
      try {
        // After a failure nothing later is acknowledged: a position must not run ahead of what failed.
        if ((await committed) && this.fault === undefined) {
          await source.acknowledge()
          this.deps.onAcknowledged()
        }
      } catch (error) {
        this.fault ??= { error }
      } finally {
        this.batches--
        this.bytes -= batch.bytes
        this.wake?.()
      }
    })
  }

  /** Resolves when every batch is acknowledged or given up. Throws what an acknowledgement threw. */
  async drained(): Promise<void> {
    await this.tail
    if (this.fault !== undefined) throw this.fault.error
  }

  private async commitUntilDone(batch: CommitBatch): Promise<boolean> {
    for (let attempt = 0; !this.deps.abandon.aborted; attempt++) {
      try {
        await this.deps.commit(batch)
        this.refusals.delete(batch)
        return true
      } catch (error) {
        // No later try can succeed: the source fails, visibly, and offers the records again at its next start.
        if (error instanceof KanpekiError && error.code === 'bad_source') throw error
        this.refusals.set(batch, messageOf(error))
        await this.deps.wait(backoffMs(attempt, this.deps.random, this.deps.backoff), this.deps.abandon)
      }
    }
    return false
  }
}
