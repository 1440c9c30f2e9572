import { type FileHandle, glob, open, readdir, stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { isEvtx } from '../../../platform/evtx/evtx-reader.ts'
import { headerAfter } from '../../join/header.ts'
import { CHECK_BYTES, checkOf, type FilePosition } from './book.ts'

export interface FoundFile {
  readonly path: string
  /** Device and inode: what stays when a file is renamed. */
  readonly key: string
}

/** The regular files that the paths and globs name now, by key, each once however many names it has; and the patterns that name none. */
export async function findFiles(
  patterns: readonly string[],
): Promise<{ readonly files: ReadonlyMap<string, FoundFile>; readonly absent: readonly string[] }> {
  const files = new Map<string, FoundFile>()
  const absent: string[] = []
  for (const pattern of patterns) {
    let names = 0
    const paths = /[*?[{]/.test(pattern) ? glob(pattern) : [pattern]
    for await (const path of paths) {
      const file = await identify(path)
      if (file === undefined) continue
      names += 1
      if (!files.has(file.key)) files.set(file.key, file)
    }
    if (names === 0) absent.push(pattern)
  }
  return { files, absent }
}

async function identify(path: string): Promise<FoundFile | undefined> {
  const info = await stat(path, { bigint: true }).catch(() => undefined)
  return info?.isFile() === true ? { path, key: `${info.dev}:${info.ino}` } : undefined
}

/** Where a file went that was renamed while nobody watched: its inode, in the folder where it last was. */
export async function findRenamed(key: string, lastPath: string): Promise<FoundFile | undefined> {
  const folder = dirname(lastPath)
  const names = await readdir(folder).catch(() => [])
  // Rotated names begin like the old one; look there first.
  const stem = basename(lastPath)
  for (const name of names.sort((a, b) => Number(b.startsWith(stem)) - Number(a.startsWith(stem)))) {
    const file = await identify(join(folder, name))
    if (file?.key === key) return file
  }
  return undefined
}

/** The bytes before a position, or undefined where they are not the ones that were read: then it is another content. */
export async function guardAt(handle: FileHandle, position: FilePosition): Promise<Buffer | undefined> {
  const guard = Buffer.alloc(position.checked)
  const { bytesRead } = await handle.read(guard, 0, guard.length, position.offset - guard.length)
  return bytesRead === guard.length && checkOf(guard).check === position.check ? guard : undefined
}

/** Where the last whole line of a file ends, looking back one mebibyte, and the bytes before that. */
export async function endOfLines(handle: FileHandle): Promise<{ readonly offset: number; readonly guard: Buffer }> {
  const { size } = await handle.stat()
  const bytes = Buffer.alloc(Math.min(size, 1_048_576))
  await handle.read(bytes, 0, bytes.length, size - bytes.length)
  const feed = bytes.lastIndexOf(0x0a)
  const end = feed < 0 ? bytes.length : feed + 1
  return { offset: size - bytes.length + end, guard: Buffer.from(bytes.subarray(Math.max(0, end - CHECK_BYTES), end)) }
}

/** What logrotate's programs make: gzip, zstd, xz. */
const COMPRESSED = ['1f8b08', '28b52ffd', 'fd377a585a00'].map((magic) => Buffer.from(magic, 'hex'))
/** bzip2, whose first bytes alone might be text. */
const BZIP2 = /^BZh[1-9]1AY&SY/

/** How far into a file its directives are looked for where nobody remembers them. */
const HEAD_BYTES = 65_536

/** The directives at the beginning of a file (IIS, Zeek), for whoever begins to read behind them. */
export async function headerOf(handle: FileHandle): Promise<string | undefined> {
  const head = Buffer.alloc(HEAD_BYTES)
  const { bytesRead } = await handle.read(head, 0, head.length, 0)
  if (head[0] !== 0x23) return undefined
  let header: string | undefined
  for (const text of head.toString('utf8', 0, bytesRead).split(/\r?\n/)) header = headerAfter(header, { id: '', text })
  return header
}

export async function openFile(path: string): Promise<FileHandle> {
  return await open(path, 'r')
}

/** What a file without lines is, by its first bytes; undefined for all others. */
export async function binaryForm(handle: FileHandle): Promise<'event log' | 'compressed' | undefined> {
  const head = Buffer.alloc(10)
  const { bytesRead } = await handle.read(head, 0, head.length, 0)
  const first = head.subarray(0, bytesRead)
  if (isEvtx(first)) return 'event log'
  const isCompressed = COMPRESSED.some((magic) => magic.equals(first.subarray(0, magic.length)))
  return isCompressed || BZIP2.test(first.toString('latin1')) ? 'compressed' : undefined
}
