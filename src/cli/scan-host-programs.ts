import { relative, resolve } from 'node:path'
import { packageOwners } from '../agent/collectors/owners.ts'
import { skippedOn } from '../agent/software/walk.ts'
import { findPrograms } from '../assess/programs/find-programs.ts'
import type { Installed } from '../assess/scan/findings.ts'

export interface HostPrograms {
  readonly installed: readonly Installed[]
  /** Modules without a version to look up. */
  readonly left: number
  /** What could not be looked at, a sentence each. */
  readonly notes: readonly string[]
  /** There was more than is looked at. */
  readonly cut: boolean
}

/**
 * What the Go programs below a root were built of, but for those that a package of the distribution brought: they are judged as
 * that package. File systems of the kernel, of other hosts and of container engines are left out, as the agent does. That a user
 * may not read some folders is counted, and makes the look no incomplete one.
 */
export async function hostPrograms(given: string): Promise<HostPrograms> {
  const root = resolve(given)
  const { programs, unread, firstUnread, cut } = await findPrograms(root, { skipped: skippedOn(root, '/proc') })
  const inside = (file: string): string => `/${relative(root, file)}`
  let owned: ReadonlyMap<string, unknown> = new Map()
  const notes: string[] = []
  try {
    owned = packageOwners(root)(new Set(programs.map(({ file }) => inside(file))))
  } catch {
    notes.push(`${root}: which packages its programs belong to cannot be read: all are judged by themselves`)
  }
  if (firstUnread !== undefined)
    notes.push(`${unread} folders or programs could not be read, the first: ${firstUnread.file}: ${firstUnread.reason}`)
  if (cut) notes.push(`${root} has more or deeper folders than are looked into for programs`)
  const own = programs.filter(({ file }) => !owned.has(inside(file)))
  return {
    installed: own.flatMap(({ file, packages }) => packages.map((one) => ({ ...one, place: file }))),
    left: own.reduce((sum, one) => sum + one.left.length, 0),
    notes,
    cut,
  }
}
