import { realWait } from '../../platform/backoff.ts'
import { createWaiters } from '../../platform/waiters.ts'
import type { Collector } from '../collector.ts'
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

/** Looks now and then for all that is installed, in use or not. */
export const softwareCollector = ({ root, proc, folders, everyMs, software, parts }: SoftwareOptions): Collector => ({
  id: 'software',
  async run({ count, signal, warn }) {
    await realWait(Math.min(FIRST_MS, everyMs), signal)
    while (!signal.aborted) {
      const walking = { folders, skipped: skippedOn(root, proc), count, signal, ...(parts === undefined ? {} : { parts }) }
      const ofLanguages = await installedSoftware(root, walking)
      // Half of a look would read as if the other half had been removed.
      if (signal.aborted) return
      software.found(listOf([...(await distributionPackages(root, count, warn)), ...ofLanguages]))
      count('software.looks')
      await realWait(everyMs, signal)
    }
  },
})
