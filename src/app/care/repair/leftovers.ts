import { lstat, readdir, rm } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { type DataDir, runningServer } from '../../../platform/data-dir.ts'
import { SPOOL_FOLDER } from '../../../platform/lake/insert.ts'

export interface Leftover {
  readonly path: string
  readonly bytes: number
}

/** Below the data folder: what a process that was killed was writing or handing on. Nothing in them is needed by anybody. */
const FOLDERS = [`lake/${SPOOL_FOLDER}`, 'lake/exports', 'lake/engine/shadow', 'ledger/.unfinished']
/** Where files are written beside their name first; people's own folders are not among them. */
const WRITTEN_BESIDE = ['.', 'keys', 'ledger', 'lake', 'lake/sealed', 'backups']
const BESIDE = /\.(tmp|part)$/

/** Call with the folder's lock in hand, or with no server on it: a running one has such files too. */
export async function leftovers(dir: DataDir): Promise<readonly Leftover[]> {
  const paths: string[] = []
  for (const folder of FOLDERS) for (const name of await namesIn(join(dir.root, folder))) paths.push(join(dir.root, folder, name))
  for (const folder of WRITTEN_BESIDE) {
    const deep = folder === 'lake/sealed'
    for (const name of await namesIn(join(dir.root, folder), deep))
      if (BESIDE.test(name)) paths.push(join(dir.root, folder, name))
  }
  for (const name of await namesIn(join(dir.root, 'backups')))
    if (name.startsWith('.making-')) paths.push(join(dir.root, 'backups', name))
  const restoring = `${basename(dir.root)}.restoring-`
  for (const name of await namesIn(dirname(dir.root)))
    if (name.startsWith(restoring) && !isAlive(Number(name.slice(restoring.length)))) paths.push(join(dirname(dir.root), name))
  if (runningServer(dir) === undefined && (await lstat(dir.running).catch(() => undefined)) !== undefined) paths.push(dir.running)
  return await Promise.all(paths.map(async (path) => ({ path, bytes: await sizeOf(path) })))
}

export async function removeLeftovers(found: readonly Leftover[]): Promise<void> {
  for (const { path } of found) await rm(path, { recursive: true, force: true })
}

async function sizeOf(path: string): Promise<number> {
  const own = await lstat(path)
  if (!own.isDirectory()) return own.size
  let sum = 0
  for (const name of await namesIn(path)) sum += await sizeOf(join(path, name))
  return sum
}

function namesIn(folder: string, recursive = false): Promise<readonly string[]> {
  return readdir(folder, { recursive }).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return []
    throw error
  })
}

function isAlive(pid: number): boolean {
  try {
    return Number.isSafeInteger(pid) && pid > 0 && process.kill(pid, 0)
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}
