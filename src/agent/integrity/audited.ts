import type { JsonObject } from '../../kernel/json.ts'

/** Who did something to a path, as the audit system says. */
export interface Act {
  /** Milliseconds UTC, of the kernel. */
  readonly at: number
  /** It moved or removed what lay there, with all below. */
  readonly moves: boolean
  /** ECS. */
  readonly process?: JsonObject
  readonly user?: JsonObject
}

/** What the audit system said lately, for whoever finds a change. */
export interface Audited {
  /** Something was done to these paths, or to the inodes `#NUMBER`, where a call named no path. */
  readonly note: (paths: readonly string[], act: Act) => void
  /** The newest act on a path or its inode not before `since`; else on a folder above that was moved or removed. */
  readonly find: (path: string, ino: number, since: number) => Act | undefined
  /** Records of files came within the last minutes: an act that is not here yet may still come. */
  readonly live: () => boolean
}

const MOST = 20_000
const LIVE_MS = 600_000

export function createAudited(now: () => number = Date.now): Audited {
  const acts = new Map<string, Act>()
  let last = Number.NEGATIVE_INFINITY
  const of = (key: string, since: number): Act | undefined => {
    const act = acts.get(key)
    return act !== undefined && act.at >= since ? act : undefined
  }
  return {
    note(paths, act) {
      last = now()
      for (const path of paths) {
        acts.delete(path)
        if (acts.size >= MOST) acts.delete(acts.keys().next().value!)
        acts.set(path, act)
      }
    },
    find(path, ino, since) {
      const own = of(path, since) ?? of(`#${ino}`, since)
      if (own !== undefined) return own
      for (let at = path.lastIndexOf('/'); at > 0; at = path.lastIndexOf('/', at - 1)) {
        const act = of(path.slice(0, at), since)
        if (act?.moves === true) return act
      }
      return undefined
    },
    live: () => now() - last < LIVE_MS,
  }
}
