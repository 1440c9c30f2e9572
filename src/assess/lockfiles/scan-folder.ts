import { opendir, readFile, realpath, stat } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { messageOf } from '../../kernel/error.ts'
import { isJar, readJar } from '../archive/jar.ts'
import { goModules } from '../image/go-binary.ts'
import { goInfoOf, mayBeProgram } from '../programs/go-file.ts'
import type { LockedPackage } from './lockfile.ts'
import { LOCK_READERS } from './readers.ts'

/** Larger than any lock file that was ever seen. */
const MOST_BYTES = 256 * 2 ** 20
/** What was installed from a lock file has lock files of its own, which nobody follows. */
const PASSED: ReadonlySet<string> = new Set([
  'node_modules',
  '.git',
  '.hg',
  '.svn',
  '.venv',
  'venv',
  '.tox',
  'site-packages',
  '__pycache__',
])

export interface LockFile {
  readonly file: string
  readonly reader: string
  readonly packages: readonly LockedPackage[]
  readonly left: readonly string[]
}

export interface FolderReading {
  readonly files: readonly LockFile[]
  /** Files that could not be read, each with why. */
  readonly problems: readonly { readonly file: string; readonly reason: string }[]
}

/** Reads every lock file, Java archive and Go program in a folder and below it, or one file. Links are not followed: they may lead anywhere. */
export async function readLockFiles(path: string): Promise<FolderReading> {
  const files: LockFile[] = []
  const problems: { file: string; reason: string }[] = []
  for await (const file of filesUnder(path, problems)) {
    if (isJar(file)) {
      await jarIn(file, files, problems)
      continue
    }
    const reader = LOCK_READERS.find(({ accepts }) => accepts(basename(file)))
    if (reader === undefined) {
      await programIn(file, files, problems)
      continue
    }
    try {
      const { size } = await stat(file)
      if (size > MOST_BYTES) throw new RangeError(`it is larger than ${MOST_BYTES / 2 ** 20} MB`)
      files.push({ file, reader: reader.id, ...reader.read(await readFile(file, 'utf8')) })
    } catch (error) {
      problems.push({ file, reason: messageOf(error) })
    }
  }
  return { files: files.sort((a, b) => (a.file < b.file ? -1 : 1)), problems }
}

/** A Java archive is its own list. */
async function jarIn(file: string, files: LockFile[], problems: { file: string; reason: string }[]): Promise<void> {
  try {
    const { size } = await stat(file)
    if (size > MOST_BYTES) throw new RangeError(`it is larger than ${MOST_BYTES / 2 ** 20} MB`)
    const left: string[] = []
    const packages = readJar(await readFile(file), file, left).map(({ purl, name, version }) => ({
      purl: purl!,
      name,
      version: version!,
    }))
    files.push({ file, reader: 'jar', packages, left })
  } catch (error) {
    problems.push({ file, reason: messageOf(error) })
  }
}

/** A Go program says what it was built of. Only what was given may be a link. */
async function programIn(file: string, files: LockFile[], problems: { file: string; reason: string }[]): Promise<void> {
  try {
    if (!mayBeProgram(basename(file), (await stat(file)).mode)) return
    const info = await goInfoOf(await realpath(file))
    if (info !== undefined) files.push({ file, reader: 'go-program', ...goModules(info) })
  } catch (error) {
    problems.push({ file, reason: messageOf(error) })
  }
}

async function* filesUnder(path: string, problems: { file: string; reason: string }[]): AsyncGenerator<string> {
  const found = await stat(path).catch(() => undefined)
  if (found === undefined) {
    problems.push({ file: path, reason: 'there is no such file or folder' })
    return
  }
  if (!found.isDirectory()) {
    yield path
    return
  }
  try {
    for await (const entry of await opendir(path)) {
      if (entry.isFile()) yield join(path, entry.name)
      else if (entry.isDirectory() && !PASSED.has(entry.name)) yield* filesUnder(join(path, entry.name), problems)
    }
  } catch (error) {
    problems.push({ file: path, reason: messageOf(error) })
  }
}
