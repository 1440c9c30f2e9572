import { join } from 'node:path'
import type { Installed } from '../../assess/scan/findings.ts'
import type { JsonObject } from '../../kernel/json.ts'
import { realWait } from '../../platform/backoff.ts'
import { createWaiters } from '../../platform/waiters.ts'
import type { Collector } from '../collector.ts'
import { type Difference, difference, readKept, writeKept } from '../kept.ts'
import { distributionPackages, installedSoftware, listOf, type SoftwareList } from './installed.ts'
import { skippedOn } from './walk.ts'

/** What is installed on the host, shared by what looks for it and what tells the server. */
export interface Software {
  readonly list: () => SoftwareList | undefined
  readonly found: (list: SoftwareList) => void
  readonly next: (signal: AbortSignal) => Promise<void>
}

export function createSoftware(): Software {
  let list: SoftwareList | undefined
  const { wake, next } = createWaiters()
  return {
    list: () => list,
    found(given) {
      list = given
      wake()
    },
    next,
  }
}

export interface SoftwareOptions {
  /** `/`, but in tests. */
  readonly root: string
  readonly proc: string
  /** Where packages of languages are looked for, with all below. */
  readonly folders: readonly string[]
  readonly everyMs: number
  readonly software: Software
  readonly parts?: number
}

/** A host that has just started, or been updated, has other things to do. */
const FIRST_MS = 600_000

/** What is compared from look to look: each package of a language, and where it was found. */
const keptOf = (installed: readonly Installed[]): Map<string, string> =>
  new Map(installed.map((one) => [JSON.stringify([one.name, one.version, typeOf(one)]), one.place] as const))

const typeOf = ({ purl }: Installed): string => /^pkg:([^/]+)/.exec(purl ?? '')?.[1] ?? 'maven'

/** What the managers of the distribution tell of their packages, of those that npm, pip and Java's tools place. */
function changeOf({ name: key, before, after }: Difference): JsonObject {
  const [name, version, type] = JSON.parse(key) as [string, string | null, string]
  const came = before === undefined
  return {
    event: {
      kind: 'event',
      category: ['package'],
      type: [came ? 'installation' : 'deletion'],
      action: came ? 'package-installed' : 'package-removed',
    },
    package: { name, type, path: after ?? before ?? '', ...(version === null ? {} : { version }) },
  }
}

/** Looks now and then for all that is installed, in use or not. */
export const softwareCollector = ({ root, proc, folders, everyMs, software, parts }: SoftwareOptions): Collector => ({
  id: 'software',
  async run({ emit, room, count, signal, folder, warn }) {
    const file = join(folder, 'software.json')
    let before = await readKept(file)
    await realWait(Math.min(FIRST_MS, everyMs), signal)
    while (!signal.aborted) {
      const walking = { folders, skipped: skippedOn(root, proc), count, signal, ...(parts === undefined ? {} : { parts }) }
      const ofLanguages = await installedSoftware(root, walking)
      // Half of a look would read as if the other half had been removed.
      if (signal.aborted) return
      const now = keptOf(ofLanguages)
      // The same version at another place is no change.
      for (const change of before === undefined ? [] : difference(before, now))
        if (change.before === undefined || change.after === undefined)
          while (!emit(changeOf(change)) && !signal.aborted) await room()
      await writeKept(file, now)
      before = now
      software.found(listOf([...(await distributionPackages(root, count, warn)), ...ofLanguages]))
      count('software.looks')
      await realWait(everyMs, signal)
    }
  },
})
