import { randomBytes } from 'node:crypto'
import { mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises'
import { dirname, join, posix } from 'node:path'

export interface NewFile {
  readonly path: string
  readonly bytes: Uint8Array
}

/** What the ledger asks of a disk, or of anything that keeps small files for good. Paths use forward slashes. */
export interface LedgerFiles {
  /** Undefined if there is none. */
  read(path: string): Promise<Uint8Array | undefined>
  /** Replaces each file as a whole, in any order. MUST NOT resolve before all bytes and all names are durable. */
  write(files: readonly NewFile[]): Promise<void>
  /** Removes a file or a folder with all in it; no error if there is none. Need not be durable. */
  remove(path: string): Promise<void>
  /** Files below a folder at any depth; empty if there is none. */
  list(folder: string): Promise<readonly string[]>
}

/** The owner's alone: entries say who signed in and what was found, and the key is among these files. */
const FILE_MODE = 0o600
const FOLDER_MODE = 0o700

/** Where half-written files are until they get their name: nothing that reads the log looks there. */
const UNFINISHED = '.unfinished'

/** Files below a folder of a local disk: written beside, fsynced, renamed, and the folder fsynced. */
export function diskFiles(root: string): LedgerFiles {
  const durableFolders = new Set<string>()

  /** Makes a folder and every missing one above it, durably. */
  const ensureFolder = async (folder: string): Promise<void> => {
    if (durableFolders.has(folder)) return
    const first = await mkdir(folder, { recursive: true, mode: FOLDER_MODE })
    if (first !== undefined) {
      for (let made = folder; made.length >= first.length; made = dirname(made)) await syncFolder(dirname(made))
    }
    durableFolders.add(folder)
  }

  const writeOne = async ({ path, bytes }: NewFile): Promise<void> => {
    const target = join(root, path)
    const temporary = join(root, UNFINISHED, randomBytes(8).toString('hex'))
    try {
      const file = await open(temporary, 'wx', FILE_MODE)
      try {
        await file.writeFile(bytes)
        await file.sync()
      } finally {
        await file.close()
      }
      await rename(temporary, target)
    } catch (error) {
      await rm(temporary, { force: true })
      throw error
    }
  }

  return {
    async read(path) {
      try {
        return await readFile(join(root, path))
      } catch (error) {
        if (isAbsent(error)) return undefined
        throw error
      }
    },
    async write(files) {
      await ensureFolder(join(root, UNFINISHED))
      const folders = new Set(files.map(({ path }) => dirname(join(root, path))))
      for (const folder of folders) await ensureFolder(folder)
      await Promise.all(files.map(writeOne))
      await Promise.all([...folders].map(syncFolder))
    },
    async remove(path) {
      const target = join(root, path)
      durableFolders.delete(target)
      await rm(target, { recursive: true, force: true })
    },
    list: (folder) => listFiles(root, folder),
  }
}

/** Removes what an interrupted write left; call it before the first write only. */
export async function removeUnfinished(files: LedgerFiles): Promise<void> {
  await files.remove(UNFINISHED)
}

async function listFiles(root: string, folder: string): Promise<readonly string[]> {
  try {
    const found = await readdir(join(root, folder), { recursive: true, withFileTypes: true })
    return found
      .filter((entry) => entry.isFile())
      .map((entry) => posix.join(folder, entry.parentPath.slice(join(root, folder).length).replaceAll('\\', '/'), entry.name))
      .sort()
  } catch (error) {
    if (isAbsent(error)) return []
    throw error
  }
}

async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

function isAbsent(error: unknown): boolean {
  return (
    error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR' || error.code === 'EISDIR')
  )
}
