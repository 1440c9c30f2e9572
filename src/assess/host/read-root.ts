import { open, readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { messageOf } from '../../kernel/error.ts'
import { RPM_DATABASES } from '../../platform/rpm/database.ts'
import type { Installed } from '../scan/findings.ts'
import { readApkInstalled } from './apk.ts'
import { readDpkgStatus } from './dpkg.ts'
import { readOsRelease } from './os-release.ts'
import { readRpm } from './rpm.ts'

const MOST_BYTES = 256 * 2 ** 20
export interface RootReading {
  readonly os: string | null
  readonly installed: readonly Installed[]
  readonly problems: readonly { readonly file: string; readonly reason: string }[]
  /** Files that packages of rpm brought, without a slash before them. */
  readonly rpmFiles: readonly string[]
}

/** The files of a root, on a disk or in an image. Paths have no slash before them. */
export interface RootFiles {
  /** Undefined for what is not there. @throws what cannot be read. */
  text(path: string): Promise<string | undefined>
  /** Names in a folder; none for what is not there. */
  list(path: string): Promise<readonly string[]>
  has(path: string): Promise<boolean>
  /** Calls back with where on the disk the file lies, for as long as that takes. */
  onDisk<T>(path: string, use: (file: string) => T): Promise<T>
}

/** Where apk keeps what is installed: the second where `/lib` is a link to it. */
export const APK_DATABASES: readonly string[] = ['lib/apk/db/installed', 'usr/lib/apk/db/installed']

/** What the package manager of a root folder (`/`, or an unpacked image) says is installed: dpkg, apk and rpm. */
export async function readRoot(root: string): Promise<RootReading> {
  const reading = await readPackages(folderFiles(root))
  const nothing = reading.installed.length === 0 && reading.problems.length === 0
  return {
    ...reading,
    problems: nothing
      ? [{ file: root, reason: 'it has no database of dpkg, apk or rpm' }]
      : reading.problems.map(({ file, reason }) => ({ file: join(root, file), reason })),
  }
}

/** The same of any files. */
export async function readPackages(files: RootFiles): Promise<RootReading> {
  const problems: { file: string; reason: string }[] = []
  const text = async (path: string): Promise<string | undefined> => {
    try {
      return await files.text(path)
    } catch (error) {
      problems.push({ file: path, reason: messageOf(error) })
      return undefined
    }
  }
  const os = readOsRelease((await text('etc/os-release')) ?? (await text('usr/lib/os-release')) ?? '')
  const installed: Installed[] = []
  const single = (await files.list('var/lib/dpkg/status.d')).filter((name) => !name.endsWith('.md5sums'))
  for (const path of ['var/lib/dpkg/status', ...single.map((name) => `var/lib/dpkg/status.d/${name}`)])
    for (const one of readDpkgStatus((await text(path)) ?? '', os, path)) installed.push(one)
  for (const apk of APK_DATABASES) {
    const database = await text(apk)
    if (database === undefined) continue
    for (const one of readApkInstalled(database, os, apk)) installed.push(one)
    break
  }
  const rpmFiles: string[] = []
  for (const path of RPM_DATABASES) {
    if (!(await files.has(path))) continue
    try {
      const read = await files.onDisk(path, (file) => readRpm(file, os, path))
      for (const one of read.installed) installed.push(one)
      for (const one of read.files) rpmFiles.push(one)
      for (const reason of read.problems) problems.push({ file: path, reason })
      // The other folder is a link to this one, or holds what was there before it was converted.
      if (read.installed.length > 0) break
    } catch (error) {
      problems.push({ file: path, reason: messageOf(error) })
    }
  }
  return { os: os === undefined ? null : `${os.id} ${os.version ?? ''}`.trim(), installed, problems, rpmFiles }
}

function folderFiles(root: string): RootFiles {
  return {
    text: (path) => readText(join(root, path)),
    list: (path) => readdir(join(root, path)).catch(() => []),
    has: async (path) => (await stat(join(root, path)).catch(() => undefined)) !== undefined,
    onDisk: async (path, use) => use(join(root, path)),
  }
}

async function readText(file: string): Promise<string | undefined> {
  const handle = await open(file).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return undefined
    throw error
  })
  if (handle === undefined) return undefined
  try {
    const facts = await handle.stat()
    if (!facts.isFile()) throw new Error('it is no regular file')
    if (facts.size > MOST_BYTES) throw new Error(`it is larger than ${MOST_BYTES / 2 ** 20} MB`)
    return await handle.readFile('utf8')
  } finally {
    await handle.close()
  }
}
