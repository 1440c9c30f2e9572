import { chmod, mkdir, readdir, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { KanpekiError } from '../../kernel/error.ts'
import { clientOf, type LakeAddress } from './connect.ts'
import { Engine } from './engine-calls.ts'
import { attachPart, TABLE_FOLDER } from './queries.ts'

const PATIENCE_MS = 60_000
/** `PARTITION_FROM_TO_LEVEL`, as the engine names its parts; also what may be handed to it by name. */
export const PART = /^\d+_\d+_\d+_\d+(_\d+)?$/

/** The embedded lake's files at one moment: hard links, so that merges and drops meanwhile change nothing. */
export interface FrozenLake {
  readonly folder: string
  /** Below `folder`: `PART/FILE`, sorted. */
  readonly files: readonly { readonly path: string; readonly size: number }[]
  /** Takes the links away. */
  release(): Promise<void>
}

/**
 * Freezes all that is committed (`ALTER TABLE … FREEZE`). Undefined for a cluster by URL: its files are elsewhere.
 * @param name letters and digits; of this one freeze.
 */
export async function freezeLake(address: LakeAddress, name: string): Promise<FrozenLake | undefined> {
  if (address.kind !== 'embedded') return undefined
  if (!/^[a-z0-9]+$/.test(name)) throw new TypeError(`${name} cannot name a freeze`)
  const shadow = join(address.folder, 'engine', 'shadow', name)
  const release = (): Promise<void> => rm(shadow, { recursive: true, force: true })
  try {
    await withEngine(address, (engine) => engine.command(`ALTER TABLE events FREEZE WITH NAME '${name}'`))
    const table = await tableFolder(shadow)
    if (table === undefined) return { folder: shadow, files: [], release }
    const found = await readdir(table, { recursive: true, withFileTypes: true })
    const paths = found
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name).slice(table.length + 1))
    const files = await Promise.all(
      paths.sort().map(async (path) => ({ path: path.replaceAll('\\', '/'), size: (await stat(join(table, path))).size })),
    )
    return { folder: table, files, release }
  } catch (error) {
    await release()
    throw error
  }
}

/** Removes freezes that a killed process left: their links keep merged parts on the disk. */
export async function forgetFreezes(lakeFolder: string): Promise<void> {
  await rm(join(lakeFolder, 'engine', 'shadow'), { recursive: true, force: true })
}

/**
 * Gives the parts below `folder` to a running, empty, embedded lake; they are moved, not copied.
 * @returns how many. @throws KanpekiError `archive_broken` for a name that no part has, `lake_refused`.
 */
export async function attachParts(address: LakeAddress, folder: string): Promise<number> {
  const names = await readdir(folder)
  const strange = names.find((name) => !PART.test(name))
  if (strange !== undefined) throw new KanpekiError('archive_broken', `${strange} is not a part of a lake.`)
  await withEngine(address, async (engine) => {
    const { path } = await engine.one<{ path: string }>(TABLE_FOLDER)
    const detached = join(path, 'detached')
    await mkdir(detached, { recursive: true })
    for (const name of names.sort(byBlock)) {
      await chmod(join(folder, name), 0o755)
      await rename(join(folder, name), join(detached, name))
      await engine.command(attachPart(name))
    }
  })
  return names.length
}

/** Attached parts get new block numbers in the order in which they come: the old order is kept. */
function byBlock(a: string, b: string): number {
  return Number(a.split('_')[1]) - Number(b.split('_')[1])
}

/** `store/XXX/UUID` below the freeze; undefined when there was nothing to freeze. */
async function tableFolder(shadow: string): Promise<string | undefined> {
  try {
    const store = join(shadow, 'store')
    const [first] = await readdir(store)
    const [table] = first === undefined ? [] : await readdir(join(store, first))
    return first === undefined || table === undefined ? undefined : join(store, first, table)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

async function withEngine<R>(address: LakeAddress, work: (engine: Engine) => Promise<R>): Promise<R> {
  const engine = new Engine(clientOf(address), PATIENCE_MS)
  try {
    return await work(engine)
  } finally {
    await engine.close()
  }
}
