import type { Stats } from 'node:fs'
import type { IntegrityCheck } from '../../hosts/schema.ts'

/** What is held of a watched path: a change of any of it is one. */
export interface Mark {
  readonly type: 'file' | 'dir' | 'symlink' | 'other'
  /** Octal, four digits. */
  readonly mode: string
  readonly uid: number
  readonly gid: number
  readonly size: number
  readonly mtime: number
  /** -1 where the file was touched so lately that it may change again under the same time. */
  readonly ctime: number
  readonly ino: number
  readonly links: number
  readonly hash?: string
  /** As `getfacl` would say it, in one word; `UNREAD` where it could not be had. */
  readonly acl?: string
  /** Names with the beginning of a hash of their values; `UNREAD` where they could not be had. */
  readonly xattrs?: string
  readonly target?: string
}

export const UNREAD = '?'
/** Within this the clock of a file system may give two changes the same time. */
const RACY_MS = 50

const LETTERS = { file: 'f', dir: 'd', symlink: 'l', other: 'o' } as const
const TYPES = { f: 'file', d: 'dir', l: 'symlink', o: 'other' } as const

/** One flat string: a hundred thousand objects would take three times the memory. */
export function writeMark(mark: Mark): string {
  const { type, mode, uid, gid, size, mtime, ctime, ino, links, hash = '-', acl = '-', xattrs = '-', target = '' } = mark
  const text = `${LETTERS[type]} ${mode} ${uid} ${gid} ${size} ${mtime} ${ctime} ${ino} ${links} ${hash} ${acl} ${xattrs} ${target}`
  // What is put together from pieces holds on to all of them: it is copied into one.
  return Buffer.from(text, 'utf8').toString('utf8')
}

export function readMark(text: string): Mark {
  const [letter, mode, uid, gid, size, mtime, ctime, ino, links, hash, acl, xattrs, ...target] = text.split(' ')
  return {
    type: TYPES[letter as keyof typeof TYPES],
    mode: mode!,
    uid: Number(uid),
    gid: Number(gid),
    size: Number(size),
    mtime: Number(mtime),
    ctime: Number(ctime),
    ino: Number(ino),
    links: Number(links),
    ...(hash === '-' ? {} : { hash: hash! }),
    ...(acl === '-' ? {} : { acl: acl! }),
    ...(xattrs === '-' ? {} : { xattrs: xattrs! }),
    ...(letter === 'l' ? { target: target.join(' ') } : {}),
  }
}

const typeOf = (entry: Stats): Mark['type'] =>
  entry.isFile() ? 'file' : entry.isDirectory() ? 'dir' : entry.isSymbolicLink() ? 'symlink' : 'other'

/** What lstat(2) says; the rest is read where it says that something changed. */
export function statMark(entry: Stats, now: number): Mark {
  const type = typeOf(entry)
  return {
    type,
    mode: (entry.mode & 0o7777).toString(8).padStart(4, '0'),
    uid: entry.uid,
    gid: entry.gid,
    size: type === 'file' ? entry.size : 0,
    mtime: entry.mtimeMs,
    ctime: now - entry.ctimeMs < RACY_MS ? -1 : entry.ctimeMs,
    ino: entry.ino,
    // Of folders they count the folders below, which are told by themselves.
    links: type === 'dir' ? 1 : entry.nlink,
  }
}

/** Whether nothing about a file can have changed, as far as its times are to be believed. */
export const isSame = (a: Mark, b: Mark): boolean =>
  a.ctime !== -1 &&
  a.ctime === b.ctime &&
  a.mtime === b.mtime &&
  a.size === b.size &&
  a.ino === b.ino &&
  a.type === b.type &&
  a.mode === b.mode &&
  a.links === b.links

const differs = (a: string | undefined, b: string | undefined): boolean => a !== b && a !== UNREAD && b !== UNREAD

/**
 * What differs between two marks, of what is to be checked there. The change time alone is no difference: it moves with every
 * backup.
 */
export function changesBetween(before: Mark, after: Mark, checks: ReadonlySet<IntegrityCheck>): string[] {
  const found: string[] = []
  if (before.type !== after.type) found.push('type')
  if (checks.has('content')) {
    const unread = before.hash === undefined || after.hash === undefined
    if (unread ? before.size !== after.size : before.hash !== after.hash) found.push('content')
    if (before.target !== after.target) found.push('target')
  }
  if (checks.has('metadata')) {
    if (before.mode !== after.mode) found.push('mode')
    if (before.mtime !== after.mtime) found.push('times')
    if (before.links !== after.links) found.push('links')
    if (before.ino !== after.ino) found.push('inode')
  }
  if (checks.has('owner')) {
    if (before.uid !== after.uid) found.push('owner')
    if (before.gid !== after.gid) found.push('group')
  }
  if (checks.has('acl') && differs(before.acl, after.acl)) found.push('acl')
  if (checks.has('xattr') && differs(before.xattrs, after.xattrs)) found.push('xattr')
  return found
}

/** What of a mark a baseline holds: nothing that moves by itself. */
export function comparedOf(mark: Mark, checks: ReadonlySet<IntegrityCheck>): string {
  const { type, mode, uid, gid, size, mtime, ino, links, hash, acl = '', xattrs = '', target = '' } = mark
  return JSON.stringify([
    type,
    checks.has('content') ? [hash ?? size, target] : 0,
    checks.has('metadata') ? [mode, type === 'dir' ? 0 : mtime, links, ino] : 0,
    checks.has('owner') ? [uid, gid] : 0,
    checks.has('acl') ? acl : 0,
    checks.has('xattr') ? xattrs : 0,
  ])
}
