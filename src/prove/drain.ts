import { type Clock, systemClock } from '../kernel/clock.ts'
import { KanpekiError, messageOf } from '../kernel/error.ts'
import { readOutbox } from '../platform/state/outbox.ts'
import type { State } from '../platform/state/state.ts'
import type { StateTables } from '../platform/state/tables.ts'
import { entryOf } from './entry-of.ts'
import type { Ledger } from './ledger.ts'
import { indexEntries, indexFrom, reconcile } from './reconcile.ts'

/** Entries under one signature at most: 1,000 of the largest fill 65 MB. */
const ENTRIES_A_CHECKPOINT = 1000

/** Moves evidence from the state store's outbox into the ledger, each once, in order. */
export interface Drainer {
  /** Moves what waits, and returns how many entries that was. Calls queue up. */
  drain(): Promise<number>
  /** Drains now and from then on, at once when poked and otherwise every `interval` milliseconds. */
  start(interval: number): void
  /** Something was recorded. */
  poke(): void
  /** Runs `work` while nothing moves, so that it finds the state store and the ledger in step. Drains wait for it. */
  still<R>(work: () => Promise<R>): Promise<R>
  /** Why the last attempt failed, until one succeeds. */
  readonly fault: KanpekiError | undefined
  /** Drains a last time and stops; throws what that last attempt threw. */
  stop(): Promise<void>
}

export interface DrainOptions {
  readonly ledger: Ledger
  readonly state: State
  readonly clock?: Clock
  readonly log?: (message: string, detail?: Record<string, unknown>) => void
}

/**
 * Brings state store and ledger to agree after a crash or a restore, before anything else records evidence: indexes what
 * was logged last, forgets outbox rows that the ledger has, and lets a state store that is older than the ledger go on.
 * @throws KanpekiError `ledger_rolled_back` if the index knows entries that the ledger does not have.
 */
export async function openDrainer(options: DrainOptions): Promise<Drainer> {
  const { ledger, state } = options
  const clock = options.clock ?? systemClock
  const log = options.log ?? (() => undefined)
  await reconcile(ledger, state, clock, log)

  /** Entries in the index: fewer than in the ledger only after the state store refused them. */
  let indexed = ledger.head.size
  let fault: KanpekiError | undefined
  let running: Promise<number> = Promise.resolve(0)
  let timer: NodeJS.Timeout | undefined
  let waiting = false

  const drainOnce = async (): Promise<number> => {
    waiting = false
    let moved = 0
    for (;;) {
      if (indexed < ledger.head.size) await indexFrom(ledger, state, indexed)
      indexed = ledger.head.size
      const rows = await readOutbox(state.tables<StateTables>(), ledger.head.outbox, ENTRIES_A_CHECKPOINT)
      if (rows.length === 0) return moved
      const logged = new Date(clock.now()).toISOString()
      const written = rows.map((row) => entryOf(row, logged, log))
      const entries = written.map(({ entry }) => entry)
      await ledger.append(
        entries,
        written.map(({ text }) => text),
      )
      await indexEntries(state, entries, indexed)
      indexed = ledger.head.size
      moved += rows.length
    }
  }
  const drain = (): Promise<number> => {
    const next = running
      .catch(() => 0)
      .then(drainOnce)
      .then(
        (moved) => {
          fault = undefined
          return moved
        },
        (error: unknown) => {
          fault = error instanceof KanpekiError ? error : new KanpekiError('ledger_stopped', messageOf(error), { cause: error })
          throw fault
        },
      )
    running = next
    return next
  }
  const drainQuietly = () => {
    if (waiting) return
    waiting = true
    drain().catch((error: unknown) => log('the ledger did not grow', { error: messageOf(error) }))
  }

  return {
    drain,
    get fault() {
      return fault
    },
    start(interval) {
      timer = setInterval(drainQuietly, interval)
      drainQuietly()
    },
    poke() {
      if (timer !== undefined) drainQuietly()
    },
    still(work) {
      const done = running.catch(() => 0).then(work)
      running = done.then(
        () => 0,
        () => 0,
      )
      return done
    },
    async stop() {
      clearInterval(timer)
      timer = undefined
      await drain()
    },
  }
}
