import { createReadStream, type Dirent } from 'node:fs'
import { copyFile, link, lstat, mkdir, readdir, readFile, stat } from 'node:fs/promises'
import { dirname, join, relative, sep } from 'node:path'
import type { Sealer } from '../../platform/secrets/sealer.ts'
import type { ArchiveSource } from './write-archive.ts'

/** Besides what is backed up in ways of its own: what belongs to one run of one process. */
const LEFT_OUT: ReadonlySet<string> = new Set([
  'state.db',
  'ledger',
  'lake',
  'backups',
  'artefacts',
  'running.json',
  'restored.json',
])
const MOST_KEY_BYTES = 64 * 1024
const PRIVATE_KEY = /PRIVATE[ +]KEY/

/** Hard links of files that are never changed in place, so that they stay though their names go. Copies where links cannot be. */
export async function linkTree(from: string, to: string): Promise<void> {
  for (const path of await filesBelow(from)) {
    const target = join(to, path)
    await mkdir(dirname(target), { recursive: true, mode: 0o700 })
    await link(join(from, path), target).catch(() => copyFile(join(from, path), target))
  }
}

/** Files below a folder as `a/b/c`, sorted; what a process has half written (`.unfinished`) is none. */
export async function filesBelow(folder: string): Promise<readonly string[]> {
  return (await entriesBelow(folder)).files
}

/** As `filesBelow`, and what is neither file nor folder. */
async function entriesBelow(folder: string): Promise<{ readonly files: readonly string[]; readonly others: readonly string[] }> {
  const found = await readdir(folder, { recursive: true, withFileTypes: true }).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return []
    throw error
  })
  const named = (wanted: (entry: Dirent) => boolean): readonly string[] =>
    found
      .filter(wanted)
      .map((entry) => relative(folder, join(entry.parentPath, entry.name)).replaceAll(sep, '/'))
      .filter((path) => !path.startsWith('.unfinished/') && !path.endsWith('.tmp'))
      .sort()
  return { files: named((entry) => entry.isFile()), others: named((entry) => !entry.isFile() && !entry.isDirectory()) }
}

/** The files below `folder` as an archive's, under another name there. */
export async function sourcesOf(folder: string, prefix: string): Promise<readonly ArchiveSource[]> {
  const paths = await filesBelow(folder)
  return await Promise.all(
    paths.map(async (path) => {
      const full = join(folder, path)
      const { size } = await stat(full)
      return { name: `${prefix}/${path}`, size, open: () => createReadStream(full, { highWaterMark: 1 << 20 }) }
    }),
  )
}

export interface OwnFiles {
  readonly sources: readonly ArchiveSource[]
  /** Links, sockets and the like: named, since they are not in the backup. */
  readonly skipped: readonly string[]
}

/**
 * Everything else below the data folder: settings, keys, rules, cards and whatever later rooms keep there. They are read at
 * once, since people change them in place. A private key in clear is sealed on its way.
 * @param sealKey the seal key's own file, which is left out unless `withSealKey`.
 */
export async function ownFiles(
  root: string,
  sealer: Sealer,
  sealKey: string | undefined,
  withSealKey: boolean,
): Promise<OwnFiles> {
  const sources: ArchiveSource[] = []
  const skipped: string[] = []
  for (const top of (await readdir(root)).sort()) {
    if (LEFT_OUT.has(top) || top.startsWith('state.db-') || top === 'lock' || top.startsWith('lock.')) continue
    const kind = await lstat(join(root, top))
    const below = kind.isDirectory() ? await entriesBelow(join(root, top)) : undefined
    if (below === undefined && !kind.isFile()) skipped.push(top)
    skipped.push(...(below?.others ?? []).map((one) => `${top}/${one}`))
    for (const path of below?.files.map((one) => `${top}/${one}`) ?? (kind.isFile() ? [top] : [])) {
      const full = join(root, path)
      if (full === sealKey && !withSealKey) continue
      const name = `files/${path}`
      const bytes = await readFile(full)
      const isKey = full !== sealKey && bytes.length <= MOST_KEY_BYTES && PRIVATE_KEY.test(bytes.toString('latin1'))
      sources.push(isKey ? fixed(name, Buffer.from(sealer.seal(bytes, sealContext(name))), true) : fixed(name, bytes))
    }
  }
  return { sources, skipped }
}

/** What a key that was sealed for the archive is bound to. */
export function sealContext(name: string): string {
  return `backup:${name}`
}

function fixed(name: string, bytes: Uint8Array, sealed?: true): ArchiveSource {
  return {
    name,
    size: bytes.byteLength,
    ...(sealed === undefined ? {} : { sealed }),
    async *open() {
      yield bytes
    },
  }
}
