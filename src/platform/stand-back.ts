import { setPriority } from 'node:os'

/** Of `nice`: beside a thread that does not stand back, one that does gets a third of what it would get otherwise. */
const BEHIND = 5

/**
 * Lets the calling thread have what time the others leave. Where all cores are busy, a person who searches waits less, and work
 * in bulk takes longer by as much; where a core is free, nothing changes. Linux only: elsewhere a priority is the whole process's.
 */
export function standBack(): void {
  if (process.platform === 'linux') setPriority(0, BEHIND)
}
