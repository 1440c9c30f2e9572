import type { Lake } from '../../platform/lake/lake.ts'

/** Requests and ids are remembered this long. */
export const REMEMBER_MS = 24 * 3_600_000
const MOST_REMEMBERED = 200_000

/** Requests that were committed: those of our own time in memory, earlier ones in the lake. */
export interface Requests {
  /** Whether it is known here; the lake may know more. @param since milliseconds UTC. */
  has(hash: string, since: number): boolean
  /** Which of these the lake knows; asks it only where it can know more than we do. @param since milliseconds UTC. */
  lookUp(hashes: readonly string[], since: number): Promise<ReadonlySet<string>>
  remember(hashes: Iterable<string>, now: number): void
}

/** @param earlier whether the lake held something when we started: only then can it know requests that we do not. */
export function openRequests(lake: Pick<Lake, 'knownRequests'>, earlier: boolean): Requests {
  const known = new Map<string, number>()
  let askLake = earlier
  return {
    has: (hash, since) => (known.get(hash) ?? Number.NEGATIVE_INFINITY) >= since,
    async lookUp(hashes, since) {
      const asked = askLake ? [...new Set(hashes)].filter((hash) => hash !== '' && !known.has(hash)) : []
      return asked.length === 0 ? new Set() : await lake.knownRequests(asked, since)
    },
    remember(hashes, now) {
      for (const hash of hashes) {
        known.delete(hash)
        known.set(hash, now)
      }
      for (const [hash, at] of known) {
        const expired = at < now - REMEMBER_MS
        if (!expired && known.size <= MOST_REMEMBERED) break
        known.delete(hash)
        // What memory forgets early, the lake still knows.
        if (!expired) askLake = true
      }
    },
  }
}
