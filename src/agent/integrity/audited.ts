import type { JsonObject } from '../../kernel/json.ts'

/** Who did something to a path, as the audit system says. */
export interface Act {
  /** Milliseconds UTC, of the kernel. */
  readonly at: number
  /** ECS. */
  readonly process?: JsonObject
  readonly user?: JsonObject
}

/** What a call did to a path: a rename makes one and unmakes another. */
export type Did = 'made' | 'unmade' | 'changed'

/** What the audit system said lately, for whoever finds a change. */
export interface Audited {
  /** Something was done to these paths, or to the inodes `#NUMBER`, where a call named no path. */
  readonly note: (paths: readonly (readonly [path: string, did: Did])[], act: Act) => void
  /**
   * The newest act not before `since` that explains what is found: on the path or its inode, else on a folder above that was
   * moved or removed.
   */
  readonly find: (path: string, ino: number, since: number, found: Did) => Act | undefined
  /** Records of files came within the last minutes: an act that is not here yet may still come. */
  readonly live: () => boolean
}

const MOST = 20_000
const LIVE_MS = 600_000

/** @param now milliseconds of a clock that nobody sets. */
export function createAudited(now: () => number = () => performance.now()): Audited {
  const acts = new Map<string, Act>()
  let last = Number.NEGATIVE_INFINITY
  const of = (key: string, did: Did, since: number): Act | undefined => {
    const act = acts.get(`${did} ${key}`)
    return act !== undefined && act.at >= since ? act : undefined
  }
  return {
    note(paths, act) {
      last = now()
      for (const [path, did] of paths) {
        const key = `${did} ${path}`
        acts.delete(key)
        if (acts.size >= MOST) acts.delete(acts.keys().next().value!)
        acts.set(key, act)
      }
    },
    find(path, ino, since, found) {
      const own = of(path, found, since) ?? of(`#${ino}`, found, since)
      if (own !== undefined) return own
      for (let at = path.lastIndexOf('/'); at > 0; at = path.lastIndexOf('/', at - 1)) {
        const folder = path.slice(0, at)
        const moved = of(folder, 'unmade', since) ?? (found === 'made' ? of(folder, 'made', since) : undefined)
        if (moved !== undefined && found !== 'changed') return moved
      }
      // A file that another was moved onto was made anew, as the audit system sees it.
      return found === 'unmade' ? undefined : of(path, found === 'made' ? 'changed' : 'made', since)
    },
    live: () => now() - last < LIVE_MS,
  }
}
