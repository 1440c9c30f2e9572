import { isDeepStrictEqual } from 'node:util'
import type { Feeds } from '../feeds/load.ts'
import { type Finding, type Installed, type Verdict, type Verdicts, verdictOf } from '../scan/findings.ts'
import { packageOf } from './judge.ts'

/** What one version of one package is worth by other feeds than before. */
export interface Change {
  /** The package, whatever its version. */
  readonly package: string
  readonly differs: boolean
  /**
   * What is found now and was not, where that is all that is new: what was found before is found as it was, and everything
   * could be judged by both. Undefined otherwise.
   */
  readonly added: readonly Omit<Finding, 'installed'>[] | undefined
}

export interface ChangedVerdicts {
  /** The same object for the same package and version. */
  readonly of: (one: Installed) => Change
  readonly unjudgedBefore: (one: Installed) => boolean
  readonly now: Verdicts
}

/** Compares what components are worth by two states of the feeds; of the same package and version it is compared once. */
export function changedVerdicts(before: Feeds, after: Feeds): ChangedVerdicts {
  const [old, now]: [Verdicts, Verdicts] = [new Map(), new Map()]
  const changes = new Map<string, Change>()
  const asked = new WeakMap<Installed, Change>()
  const changeOf = (one: Installed): Change => {
    const key = `${one.purl ?? ''}\u0000${one.name}\u0000${one.version ?? ''}`
    const kept = changes.get(key)
    if (kept !== undefined) return kept
    const [was, is] = [verdictOf(one, before, old), verdictOf(one, after, now)]
    const differs = typeof is === 'string' ? is !== was : !isDeepStrictEqual(was, is)
    const change = { package: packageOf(one), differs, added: differs ? addedTo(was, is) : [] }
    changes.set(key, change)
    return change
  }
  return {
    now,
    of: (one) => {
      let change = asked.get(one)
      if (change === undefined) {
        change = changeOf(one)
        asked.set(one, change)
      }
      return change
    },
    unjudgedBefore: (one) => {
      const was = verdictOf(one, before, old)
      return typeof was === 'string' || was.open
    },
  }
}

function addedTo(was: Verdict, is: Verdict): Change['added'] {
  if (typeof was === 'string' || typeof is === 'string' || was.open || is.open) return undefined
  const before = new Map(was.findings.map((one) => [one.id, one]))
  const added = is.findings.filter(({ id }) => !before.has(id))
  const ids = new Set(is.findings.map(({ id }) => id))
  if (ids.size !== is.findings.length || ids.size !== before.size + added.length) return undefined
  return is.findings.every((one) => !before.has(one.id) || isDeepStrictEqual(before.get(one.id), one)) ? added : undefined
}
