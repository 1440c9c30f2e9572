import { cpus } from 'node:os'
import { setTimeout as pause } from 'node:timers/promises'
import { ROWS_TO_INDEX } from '../table.ts'
import type { MergeThreads } from './merge-priority.ts'

/** What fresh parts there are, as the engine itself counts them. */
export interface MergeDebt {
  /** Parts as they were inserted: no merge has touched them. */
  readonly parts: number
  /** The bytes, uncompressed, of those that have no index of words. */
  readonly bytes: number
  /** Merges under way that would lose more than a moment's work. */
  readonly running: number
}

/**
 * Searches read parts without an index from end to end for words: so much takes well under a second.
 */
const MOST_BYTES = 128 * 1024 * 1024
const MOST_PARTS = 60
/** Once merges were let go for their debt, they go on until it is down to this part of the most. */
const PAID = 4
/** Inserts are slowed from this many times the most, by so much for each time more. */
const BRAKE_FROM = 1.5
const BRAKE_MS = 500
const LONGEST_PAUSE_MS = 2_000
const LOOK_EVERY_MS = 500
/** So many looks without inserts, or with time to spare, and merges go on. */
const QUIET_LOOKS = 4
/** Statements that wait for merges (mutations, `OPTIMIZE`) have this long without a new hold. */
const LET_GO_MS = 60_000
/** Of all cores, what no other work wants: merges that have it cost nobody anything. */
const SPARE_SHARE = 0.5

/**
 * Whether merges wait from now on.
 * @param waiting whether they do. @param quietLooks looks in a row, this one among them, that found no inserts or time to spare.
 */
export function mergesShouldWait(waiting: boolean, debt: MergeDebt, quietLooks: number): boolean {
  if (quietLooks >= (waiting ? QUIET_LOOKS : 1)) return false
  if (debt.bytes >= MOST_BYTES || debt.parts >= MOST_PARTS) return false
  return waiting || (debt.running === 0 && debt.bytes < MOST_BYTES / PAID && debt.parts < MOST_PARTS / PAID)
}

/**
 * How long an insert waits before it begins, ms: merges that cannot keep up beside the inserts would otherwise owe more and
 * more, until a search for a word takes seconds.
 */
export function pauseOfInsert({ parts, bytes }: Pick<MergeDebt, 'parts' | 'bytes'>): number {
  const owed = Math.max(bytes / MOST_BYTES, parts / MOST_PARTS)
  return Math.round(Math.min(Math.max(owed - BRAKE_FROM, 0) * BRAKE_MS, LONGEST_PAUSE_MS))
}

/** Asked of the engine at each look. */
export const MERGE_DEBT = `SELECT countIf(level = 0) AS parts, sumIf(data_uncompressed_bytes, level = 0 AND rows < ${ROWS_TO_INDEX}) AS bytes,
  (SELECT countIf(elapsed > 1) FROM system.merges) AS running
  FROM system.parts WHERE active AND database = currentDatabase() AND table = 'events' FORMAT TSV`

export interface MergeHold {
  /** Call before each insert. Resolves when it may begin. */
  inserting(): Promise<void>
  /** Call before a statement that merges must carry out. Resolves when they may. */
  letGo(): Promise<void>
  stop(): void
}

/**
 * While more comes in than there is time for, merges wait altogether, until what they owe is more than a search can read
 * through. A burst is taken in at the speed of taking in, and merges then find more parts at once, so that rows are written
 * anew less often. Under a load that lasts they run beside it, as threads that stand back (merge-priority.ts). What holds
 * them is gone with this process.
 * @param run carries out a statement and gives its text. @param merging what merges use is left over, too.
 * @param spareShare see `SPARE_SHARE`; 1 takes any time for needed.
 */
export function holdMerges(run: (sql: string) => Promise<string>, merging: MergeThreads, spareShare = SPARE_SHARE): MergeHold {
  let waiting = false
  let inserts = 0
  let quietLooks = 0
  let freeUntil = 0
  let owedPause = 0
  let times = coreTimes()
  let merged = merging.cpuMs()
  let turn: Promise<void> = Promise.resolve()

  const set = async (wait: boolean): Promise<void> => {
    if (wait === waiting) return
    await run(`SYSTEM ${wait ? 'STOP' : 'START'} MERGES`)
    waiting = wait
  }

  const look = async (): Promise<void> => {
    const before = { times, merged }
    times = coreTimes()
    merged = merging.cpuMs()
    if (inserts === 0 && !waiting && owedPause === 0) return
    const leftOver = times.idle - before.times.idle + Math.max(0, merged - before.merged)
    const spare = leftOver / Math.max(1, times.all - before.times.all)
    const inserting = inserts > 0
    inserts = 0
    quietLooks = inserting && spare < spareShare ? 0 : quietLooks + 1
    const [parts = 0, bytes = 0, running = 0] = (await run(MERGE_DEBT)).split('\t').map(Number)
    owedPause = pauseOfInsert({ parts, bytes })
    if (performance.now() >= freeUntil) await set(mergesShouldWait(waiting, { parts, bytes, running }, quietLooks))
  }

  /** One after the other; an engine that cannot answer now is asked again at the next look. */
  const inTurn = (work: () => Promise<void>): Promise<void> => {
    turn = turn.then(work).catch(() => {})
    return turn
  }
  const timer = setInterval(() => void inTurn(look), LOOK_EVERY_MS).unref()
  return {
    async inserting() {
      inserts += 1
      if (owedPause > 0) await pause(owedPause)
    },
    letGo() {
      freeUntil = performance.now() + LET_GO_MS
      // In turn even where they do not wait: a look may be about to hold them.
      return inTurn(() => set(false))
    },
    stop: () => clearInterval(timer),
  }
}

/** Milliseconds of all cores since the machine began. */
function coreTimes(): { readonly idle: number; readonly all: number } {
  let idle = 0
  let all = 0
  for (const { times } of cpus()) {
    idle += times.idle
    all += times.user + times.nice + times.sys + times.irq + times.idle
  }
  return { idle, all }
}
