import type { Clock } from '../kernel/clock.ts'
import { KanpekiError, messageOf } from '../kernel/error.ts'
import type { PositionStore, SourceBatch, SourceContext, SourceProblem, SourceTls } from '../kernel/plugin.ts'
import { type Backoff, backoffMs, realWait, type Wait } from '../platform/backoff.ts'
import type { Commit, CommitBatch } from './commit.ts'
import type { SourceState } from './schema.ts'
import { kindOf } from './source-kind.ts'
import { CommitWindow, type WindowLimits } from './window.ts'

/** A source with its settings, ready to be opened; see `SOURCES` for where they come from. */
export interface Supervised {
  readonly id: string
  readonly scope: string
  readonly zoneMinutes: number
  readonly parsers: readonly string[]
  open(context: SourceContext): AsyncIterable<SourceBatch>
}

export interface SupervisorDeps {
  readonly commit: Commit
  /** Positions of one source; keys of two sources never meet. */
  readonly positions: (scope: string, id: string) => PositionStore
  readonly clock: Clock
  readonly log: (message: string, detail?: Record<string, unknown>) => void
  /** Why a source may not read a file; without it sources read whatever this process may. */
  readonly refusal?: (path: string) => Promise<string | undefined>
  /** For sources of a scope that listen over TLS. */
  readonly tls?: (scope: string) => SourceTls
  readonly wait?: Wait
  readonly random?: () => number
  readonly backoff?: Backoff
  readonly limits?: WindowLimits
}

export interface SourceStatus {
  readonly id: string
  readonly state: SourceState
  readonly reason: string | undefined
  /** Of the error behind `reason`; `writer_busy`, `source_finished`; undefined where there is none. */
  readonly reasonCode: string | undefined
  /** When a failed source is opened again, milliseconds UTC. */
  readonly retryAt: number | undefined
  readonly problems: readonly SourceProblem[]
}

export interface Supervisor {
  /** Opens a source and keeps it open. @throws KanpekiError `source_runs` if one with this id runs, `bad_source` for an id of no kind. */
  start(source: Supervised): void
  /**
   * Lets a source end: it is told to, its last records are committed and acknowledged, then this resolves. After `graceMs`
   * what is still unacknowledged is given up (the source offers it again at its next start, where it can).
   */
  stop(scope: string, id: string, graceMs: number): Promise<void>
  stopAll(graceMs: number): Promise<void>
  status(scope: string, id: string): SourceStatus | undefined
}

const BACKOFF: Backoff = { firstMs: 1000, maxMs: 60_000 }
const LIMITS: WindowLimits = { batches: 4, bytes: 33_554_432 }

/**
 * Runs sources: restarts them with back-off when they throw, does not pull them while too much of theirs is
 * unacknowledged, and retries commits until the writer takes them. All retries live here, none in a source.
 */
export function createSupervisor(deps: SupervisorDeps): Supervisor {
  const runs = new Map<string, Run>()
  const keyOf = (scope: string, id: string): string => `${scope}\0${id}`
  return {
    start(source) {
      kindOf(source.id)
      const key = keyOf(source.scope, source.id)
      if (runs.get(key)?.ended === false) throw new KanpekiError('source_runs', `The source ${source.id} runs already.`)
      const run = new Run(source, deps)
      runs.set(key, run)
      run.begin()
    },
    async stop(scope, id, graceMs) {
      await runs.get(keyOf(scope, id))?.stop(graceMs)
    },
    async stopAll(graceMs) {
      await Promise.all([...runs.values()].map((run) => run.stop(graceMs)))
    },
    status: (scope, id) => runs.get(keyOf(scope, id))?.status(),
  }
}

interface Reason {
  readonly text: string
  readonly code: string | undefined
}

const reasonOf = (error: unknown): Reason => ({
  text: messageOf(error),
  code: error instanceof KanpekiError ? error.code : undefined,
})

class Run {
  ended = false
  private readonly source: Supervised
  private readonly deps: SupervisorDeps
  private readonly wait: Wait
  private readonly stopping = new AbortController()
  private readonly abandon = new AbortController()
  private readonly problems = new Map<string, SourceProblem>()
  private state: SourceState = 'starting'
  private reason: Reason | undefined
  private retryAt: number | undefined
  private window: CommitWindow | undefined
  private attempts = 0
  private done: Promise<void> = Promise.resolve()

  constructor(source: Supervised, deps: SupervisorDeps) {
    this.source = source
    this.deps = deps
    this.wait = deps.wait ?? realWait
  }

  begin(): void {
    this.done = this.keepOpen().finally(() => {
      this.ended = true
    })
  }

  status(): SourceStatus {
    const common = { id: this.source.id, problems: [...this.problems.values()] }
    const refusal = this.window?.refusal
    if (this.state === 'running' && refusal !== undefined)
      return { ...common, state: 'waiting', reason: refusal, reasonCode: undefined, retryAt: undefined }
    if (this.state === 'running' && this.window?.full === true)
      return { ...common, state: 'waiting', reason: 'the writer is busy', reasonCode: 'writer_busy', retryAt: undefined }
    return { ...common, state: this.state, reason: this.reason?.text, reasonCode: this.reason?.code, retryAt: this.retryAt }
  }

  async stop(graceMs: number): Promise<void> {
    this.stopping.abort()
    const grace = new AbortController()
    const late = this.wait(graceMs, grace.signal).then(() => {
      if (!grace.signal.aborted) this.abandon.abort()
    })
    const abandoned = new Promise<void>((resolve) =>
      this.abandon.signal.addEventListener('abort', () => resolve(), { once: true }),
    )
    await Promise.race([this.done, abandoned])
    grace.abort()
    await late
    const left = this.window?.pending ?? 0
    if (!this.ended || left > 0) {
      this.become('stopped', { text: `stopped with ${left} batches unacknowledged`, code: 'source_cut_off' })
      this.deps.log('source stopped before it was done', { source: this.source.id, batches: left })
    }
  }

  private async keepOpen(): Promise<void> {
    while (!this.stopping.signal.aborted) {
      this.become('starting')
      const failure = await this.runOnce()
      if (failure === undefined) break
      const delay = backoffMs(this.attempts++, this.deps.random ?? Math.random, this.deps.backoff ?? BACKOFF)
      this.become('failed', failure, this.deps.clock.now() + delay)
      this.deps.log('source failed', { source: this.source.id, error: failure.text, retryInMs: delay })
      await this.wait(delay, this.stopping.signal)
    }
    this.become('stopped', this.stopping.signal.aborted ? undefined : { text: 'finished', code: 'source_finished' })
  }

  /** One life of the source: from open to its end. Returns why it failed, or undefined. */
  private async runOnce(): Promise<Reason | undefined> {
    const window = this.newWindow()
    this.window = window
    this.problems.clear()
    let failure: Reason | undefined
    try {
      const batches = this.source.open(this.context())[Symbol.asyncIterator]()
      this.become('running')
      await this.pull(batches, window)
    } catch (error) {
      failure = reasonOf(error)
    }
    // The next life starts from the positions that these acknowledgements write.
    await window.drained().catch((error: unknown) => {
      failure ??= reasonOf(error)
    })
    return failure
  }

  private async pull(batches: AsyncIterator<SourceBatch>, window: CommitWindow): Promise<void> {
    try {
      for (;;) {
        await window.room()
        if (this.abandon.signal.aborted) break
        const next = await batches.next()
        if (next.done === true) return
        window.push(this.toCommit(next.value), next.value)
      }
    } catch (error) {
      void batches.return?.().catch(() => {})
      throw error
    }
    void batches.return?.().catch(() => {})
  }

  private toCommit(batch: SourceBatch): CommitBatch {
    const { id, scope, zoneMinutes, parsers } = this.source
    return {
      source: id,
      scope,
      zoneMinutes,
      parsers,
      records: batch.records,
      bytes: batch.bytes ?? estimate(batch),
      gaps: batch.gaps ?? 0,
    }
  }

  private newWindow(): CommitWindow {
    return new CommitWindow({
      commit: this.deps.commit,
      wait: this.wait,
      random: this.deps.random ?? Math.random,
      backoff: this.deps.backoff ?? BACKOFF,
      limits: this.deps.limits ?? LIMITS,
      abandon: this.abandon.signal,
      onAcknowledged: () => {
        this.attempts = 0
      },
    })
  }

  private context(): SourceContext {
    const { refusal, tls } = this.deps
    return {
      ...(refusal === undefined ? {} : { refusal }),
      ...(tls === undefined ? {} : { tls: tls(this.source.scope) }),
      scope: this.source.scope,
      signal: this.stopping.signal,
      positions: this.deps.positions(this.source.scope, this.source.id),
      log: (message, detail) => this.deps.log(message, { source: this.source.id, ...detail }),
      problem: (key, problem) => {
        if (problem === undefined) this.problems.delete(key)
        else this.problems.set(key, problem)
      },
    }
  }

  private become(state: SourceState, reason?: Reason, retryAt?: number): void {
    this.state = state
    this.reason = reason
    this.retryAt = retryAt
  }
}

/** UTF-16 units stand for bytes; documents are counted by a small constant. Sources that matter say their bytes. */
function estimate(batch: SourceBatch): number {
  return batch.records.reduce((sum, record) => sum + (record.text?.length ?? 512), 0)
}
