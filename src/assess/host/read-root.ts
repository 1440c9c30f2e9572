import { open, readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { messageOf } from '../../kernel/error.ts'
import type { Installed } from '../scan/findings.ts'
import { readApkInstalled } from './apk.ts'
import { readDpkgStatus } from './dpkg.ts'
import { readOsRelease } from './os-release.ts'

const MOST_BYTES = 256 * 2 ** 20
/** Where rpm keeps its database; it is not read here, and that is said. */
const RPM = [
  'var/lib/rpm/rpmdb.sqlite',
  'usr/lib/sysimage/rpm/rpmdb.sqlite',
  'var/lib/rpm/Packages',
  'var/lib/rpm/Packages.db',
] as const

export interface RootReading {
  readonly os: string | null
  readonly installed: readonly Installed[]
  readonly problems: readonly { readonly file: string; readonly reason: string }[]
}

/** What the package manager of a root folder (`/`, or an unpacked image) says is installed: dpkg and apk. */
export async function readRoot(root: string): Promise<RootReading> {
  const problems: { file: string; reason: string }[] = []
  const text = async (path: string): Promise<string | undefined> => {
    try {
      return await readText(join(root, path))
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT' || (error as NodeJS.ErrnoException).code === 'ENOTDIR')
        return undefined
      problems.push({ file: join(root, path), reason: messageOf(error) })
      return undefined
    }
  }
  const os = readOsRelease((await text('etc/os-release')) ?? (await text('usr/lib/os-release')) ?? '')
  const installed: Installed[] = []
  const distroless = await readdir(join(root, 'var/lib/dpkg/status.d')).catch(() => [])
  for (const path of [
    'var/lib/dpkg/status',
    ...distroless.filter((name) => !name.endsWith('.md5sums')).map((name) => `var/lib/dpkg/status.d/${name}`),
  ])
    installed.push(...readDpkgStatus((await text(path)) ?? '', os, path))
  installed.push(...readApkInstalled((await text('lib/apk/db/installed')) ?? '', os, 'lib/apk/db/installed'))
  for (const path of RPM)
    if ((await stat(join(root, path)).catch(() => undefined)) !== undefined)
      problems.push({
        file: join(root, path),
        reason: "rpm's database is not read; give a bill of materials of this host instead",
      })
  if (installed.length === 0 && problems.length === 0) problems.push({ file: root, reason: 'it has no database of dpkg or apk' })
  return { os: os === undefined ? null : `${os.id} ${os.version ?? ''}`.trim(), installed, problems }
}

async function readText(file: string): Promise<string> {
  const handle = await open(file)
  try {
    const facts = await handle.stat()
    if (!facts.isFile()) throw new Error('it is no regular file')
    if (facts.size > MOST_BYTES) throw new Error(`it is larger than ${MOST_BYTES / 2 ** 20} MB`)
    return await handle.readFile('utf8')
  } finally {
    await handle.close()
  }
}
