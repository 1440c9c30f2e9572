import { readdirSync, readFileSync } from 'node:fs'
import { setPriority } from 'node:os'

/** The engine's name of the threads that merge parts and build what is left to merges (Linux gives the first 15 letters). */
const MERGING = 'MergeMutate'
const BEHIND = 10
const LOOK_EVERY_MS = 10_000

/**
 * Lets merges have what time is left over: while more comes in than both can be done for, taking in goes first, and merges
 * catch up afterwards. It is never for long: at a thousand parts the engine itself holds inserts back. The engine has a
 * setting for this, which needs a privilege; lowering one's own threads needs none. Linux only.
 */
export function mergesStandBack(): void {
  const known = new Set<string>()
  const look = (): void => {
    try {
      for (const thread of readdirSync('/proc/self/task')) {
        if (known.has(thread) || readFileSync(`/proc/self/task/${thread}/comm`, 'utf8').trim() !== MERGING) continue
        setPriority(Number(thread), BEHIND)
        known.add(thread)
      }
    } catch {
      // No such folder here, or a thread that has just ended: its successor is found the next time.
    }
  }
  look()
  setInterval(look, LOOK_EVERY_MS).unref()
}
