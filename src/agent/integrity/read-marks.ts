import { hash } from 'node:crypto'
import { closeSync, constants, fstatSync, lstatSync, openSync, readlinkSync, readSync, type Stats } from 'node:fs'
import type { IntegrityCheck } from '../../hosts/schema.ts'
import { hashFile } from '../collectors/file-hash.ts'
import { type Attributes, readAttributes } from './attributes.ts'
import { isSame, type Mark, statMark, UNREAD } from './mark.ts'

export interface Reading {
  readonly known: (path: string) => Mark | undefined
  readonly checks: (path: string) => ReadonlySet<IntegrityCheck>
  /** Reads content and attributes also where times and inode say that they stayed: times can be set back. */
  readonly thorough: boolean
  readonly count: (name: string, by?: number) => void
  readonly attributes?: typeof readAttributes
}

/** Files beyond this are told by size and times alone, and counted. */
const LARGEST = 100_000_000
/** Up to this a file is read in one go: handing it to a thread and back costs more than reading it. */
const SMALL = 262_144
const SHARED = Buffer.allocUnsafe(SMALL)

/**
 * Reads how paths are now; undefined where there is nothing. A few hundred at a time: it holds the thread for some
 * milliseconds.
 */
export async function readMarks(paths: readonly string[], reading: Reading): Promise<Map<string, Mark | undefined>> {
  const { known, checks, thorough, count, attributes = readAttributes } = reading
  const found = new Map<string, Mark | undefined>()
  const large: [string, Mark][] = []
  const asked: string[] = []
  for (const path of paths) {
    let entry: Stats | undefined
    try {
      entry = lstatSync(path, { throwIfNoEntry: false })
    } catch {
      // A folder on its way became a file, or may not be entered.
      count('files.unread')
    }
    if (entry === undefined) {
      // A name that is no UTF-8 comes with U+FFFD in it, and leads nowhere.
      if (path.includes('\uFFFD')) count('files.nameUnread')
      found.set(path, undefined)
      continue
    }
    const mark = statMark(entry, Date.now())
    const before = known(path)
    const same = before !== undefined && isSame(before, mark)
    const wanted = checks(path)
    if (same && !thorough) {
      found.set(path, before)
      continue
    }
    if (wanted.has('xattr') || wanted.has('acl')) asked.push(path)
    if (mark.type === 'symlink') found.set(path, { ...mark, target: targetOf(path) })
    else if (mark.type !== 'file' || !wanted.has('content')) found.set(path, mark)
    else if (mark.size > LARGEST) {
      count('files.tooLarge')
      found.set(path, mark)
    } else if (mark.size > SMALL) large.push([path, mark])
    else found.set(path, withHash(path, mark, count))
  }
  for (const [path, mark] of large) {
    try {
      found.set(path, { ...mark, hash: await hashFile(path) })
    } catch {
      count('files.unread')
      found.set(path, mark)
    }
  }
  if (asked.length > 0) await addAttributes(asked, found, reading, attributes)
  return found
}

async function addAttributes(
  asked: readonly string[],
  found: Map<string, Mark | undefined>,
  { known, count }: Reading,
  attributes: typeof readAttributes,
): Promise<void> {
  let read: Map<string, Attributes> | undefined
  try {
    read = await attributes(asked)
  } catch {
    count('files.attributesUnread', asked.length)
  }
  if (read === undefined) count('files.attributesAbsent', asked.length)
  for (const path of asked) {
    const mark = found.get(path)
    if (mark === undefined) continue
    const before = known(path)
    // What could not be read this time is as it was, and counted.
    const said = read === undefined ? { acl: before?.acl ?? UNREAD, xattrs: before?.xattrs ?? UNREAD } : (read.get(path) ?? {})
    found.set(path, { ...mark, ...said })
  }
}

const targetOf = (path: string): string => {
  try {
    return readlinkSync(path)
  } catch {
    return ''
  }
}

function withHash(path: string, mark: Mark, count: Reading['count']): Mark {
  let file: number | undefined
  try {
    file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW | constants.O_NOATIME)
  } catch {
    try {
      // Only a file's owner may leave its time of access alone.
      file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW)
    } catch {
      count('files.unread')
      return mark
    }
  }
  try {
    if (!fstatSync(file).isFile()) return mark
    let length = 0
    for (let read = 1; read > 0 && length < SMALL; length += read) read = readSync(file, SHARED, length, SMALL - length, null)
    return { ...mark, hash: hash('sha256', SHARED.subarray(0, length), 'hex') }
  } catch {
    count('files.unread')
    return mark
  } finally {
    closeSync(file)
  }
}
