import { open, readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { messageOf } from '../../kernel/error.ts'
import type { Installed } from '../scan/findings.ts'
import { readApkInstalled } from './apk.ts'
import { readDpkgStatus } from './dpkg.ts'
import { readOsRelease } from './os-release.ts'

const MOST_BYTES = 256 * 2 ** 20
/** Where rpm keeps its database; it is not read here, and that is said. */
export const RPM_DATABASES: readonly string[] = [
  'var/lib/rpm/rpmdb.sqlite',
  'usr/lib/sysimage/rpm/rpmdb.sqlite',
  'var/lib/rpm/Packages',
  'var/lib/rpm/Packages.db',
]

export interface RootReading {
  readonly os: string | null
  readonly installed: readonly Installed[]
  readonly problems: readonly { readonly file: string; readonly reason: string }[]
}

/** The files of a root, on a disk or in an image. Paths have no slash before them. */
export interface RootFiles {
  /** Undefined for what is not there. @throws what cannot be read. */
  text(path: string): Promise<string | undefined>
  /** Names in a folder; none for what is not there. */
  list(path: string): Promise<readonly string[]>
  has(path: string): Promise<boolean>
}

/** What the package manager of a root folder (`/`, or an unpacked image) says is installed: dpkg and apk. */
export async function readRoot(root: string): Promise<RootReading> {
  const reading = await readPackages(folderFiles(root))
  const nothing = reading.installed.length === 0 && reading.problems.length === 0
  return {
    ...reading,
    problems: nothing
      ? [{ file: root, reason: 'it has no database of dpkg or apk' }]
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
    installed.push(...readDpkgStatus((await text(path)) ?? '', os, path))
  installed.push(...readApkInstalled((await text('lib/apk/db/installed')) ?? '', os, 'lib/apk/db/installed'))
  for (const path of RPM_DATABASES)
    if (await files.has(path))
      problems.push({ file: path, reason: "rpm's database is not read; give a bill of materials instead" })
  return { os: os === undefined ? null : `${os.id} ${os.version ?? ''}`.trim(), installed, problems }
}

function folderFiles(root: string): RootFiles {
  return {
    text: (path) => readText(join(root, path)),
    list: (path) => readdir(join(root, path)).catch(() => []),
    has: async (path) => (await stat(join(root, path)).catch(() => undefined)) !== undefined,
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
