import { basename, dirname } from 'node:path'
import type { Drift } from '../../hosts/schema.ts'
import type { JsonObject } from '../../kernel/json.ts'
import type { Drifted } from './drift.ts'
import { changesBetween, type Mark, readMark } from './mark.ts'
import type { RuleFor } from './rules.ts'

/** ECS `file`. */
export function fileFields(path: string, mark: Mark, nameOf: (uid: number) => string | undefined): JsonObject {
  const owner = nameOf(mark.uid)
  return {
    path,
    name: basename(path),
    directory: dirname(path),
    type: mark.type === 'other' ? 'file' : mark.type,
    mode: mark.mode,
    uid: String(mark.uid),
    gid: String(mark.gid),
    inode: String(mark.ino),
    ...(owner === undefined ? {} : { owner }),
    ...(mark.type === 'file' ? { size: mark.size, mtime: new Date(mark.mtime).toISOString() } : {}),
    ...(mark.hash === undefined ? {} : { hash: { sha256: mark.hash } }),
    ...(mark.target === undefined ? {} : { target_path: mark.target }),
  }
}

/** What of the mark before is worth saying beside the one after. */
export function previousFields(before: Mark, changed: readonly string[]): JsonObject {
  const said: Record<string, JsonObject[string]> = {}
  if (changed.includes('content') && before.hash !== undefined) said['hash'] = { sha256: before.hash }
  if (changed.includes('target') && before.target !== undefined) said['target_path'] = before.target
  if (changed.includes('mode')) said['mode'] = before.mode
  if (changed.includes('owner')) said['uid'] = String(before.uid)
  if (changed.includes('group')) said['gid'] = String(before.gid)
  if (changed.includes('times')) said['mtime'] = new Date(before.mtime).toISOString()
  return said
}

const LONGEST_PATH = 4_096

/** A path that drifted, for the report. Undefined where it is again as it was. */
export function driftView(
  path: string,
  { before, now, first, last, frozen, by }: Drifted,
  { checks }: RuleFor,
): Drift | undefined {
  const was = before === null ? undefined : readMark(before)
  const is = now === null ? undefined : readMark(now)
  const changed = was !== undefined && is !== undefined ? changesBetween(was, is, checks) : []
  if (was !== undefined && is !== undefined && changed.length === 0) return undefined
  return {
    path: path.slice(0, LONGEST_PATH),
    kind: was === undefined ? 'creation' : is === undefined ? 'deletion' : 'change',
    changed,
    first,
    last,
    frozen,
    verified: isVerified({ frozen, by }),
    by,
    sha256: {
      ...(was?.hash === undefined ? {} : { before: was.hash }),
      ...(is?.hash === undefined ? {} : { now: is.hash }),
    },
  }
}

/** The package manager brought it; on what is frozen that excuses nothing. */
export const isVerified = ({ frozen, by }: Pick<Drifted, 'frozen' | 'by'>): boolean => !frozen && by['package'] !== undefined
