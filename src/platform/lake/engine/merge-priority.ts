import { readdirSync, readFileSync } from 'node:fs'
import { setPriority } from 'node:os'

/** The engine's name of the threads that merge parts and build what is left to merges (Linux gives the first 15 letters). */
const MERGING = 'MergeMutate'
const BEHIND = 10
const LOOK_EVERY_MS = 10_000
const THREADS = '/proc/self/task'
/** Linux tells a thread's times in hundredths of a second, whatever the kernel counts in. */
const TICK_MS = 10

/** The threads that merge, which do so with what time is left over. */
export interface MergeThreads {
  /** Milliseconds of CPU that they have used so far; 0 where nobody tells. */
  cpuMs(): number
}

/**
 * Lets merges have what time is left over: while more comes in than both can be done for, taking in goes first, and merges
 * catch up afterwards. It is never for long: at a thousand parts the engine itself holds inserts back. The engine has a
 * setting for this, which needs a privilege; lowering one's own threads needs none. Linux only.
 */
export function mergesStandBack(): MergeThreads {
  const known = new Set<string>()
  const look = (): void => {
    try {
      const threads = new Set(readdirSync(THREADS))
      // A number is given again, maybe to a thread that does not merge.
      for (const thread of known) if (!threads.has(thread)) known.delete(thread)
      for (const thread of threads) {
        if (known.has(thread) || readFileSync(`${THREADS}/${thread}/comm`, 'utf8').trim() !== MERGING) continue
        setPriority(Number(thread), BEHIND)
        known.add(thread)
      }
    } catch {
      // No such folder here, or a thread that has just ended: its successor is found the next time.
    }
  }
  look()
  setInterval(look, LOOK_EVERY_MS).unref()
  return { cpuMs: () => known.values().reduce((sum, thread) => sum + cpuOf(thread), 0) }
}

function cpuOf(thread: string): number {
  try {
    const stat = readFileSync(`${THREADS}/${thread}/stat`, 'utf8')
    // The name may hold anything; what follows it are numbers (proc_pid_stat(5)), user time the twelfth of them.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return (Number(fields[11]) + Number(fields[12])) * TICK_MS
  } catch {
    return 0
  }
}
