import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as sleep } from 'node:timers/promises'
import { KanpekiError } from '../kernel/error.ts'

export interface FolderLock {
  release(): void
}

/**
 * Takes a folder for this process. Node has no `flock`; SQLite's exclusive lock is one, and the system lets go of it
 * when the process ends in any way, so that nothing stale ever needs to be removed by hand.
 * @param waitMs how long to wait for another process that is just ending.
 * @throws KanpekiError `data_in_use`.
 */
export async function lockFolder(folder: string, waitMs = 0): Promise<FolderLock> {
  const until = performance.now() + waitMs
  for (;;) {
    const lock = tryLock(folder)
    if (lock !== undefined) return lock
    if (performance.now() >= until)
      throw new KanpekiError('data_in_use', `Another process ${holder(folder)}uses ${folder}.`, {
        remedy: 'Stop it first, or give this one another folder with --data.',
      })
    await sleep(50)
  }
}

/**
 * The process that holds a folder now, as it was numbered where it runs: numbers are given again, after a restart of the
 * machine or in another container, and only the lock says that it is alive. Whoever takes the folder at this very moment
 * finds it taken, so that takers wait a little.
 * @returns undefined if nobody holds it. @throws where the lock cannot be looked at.
 */
export function folderHolder(folder: string): number | undefined {
  const path = join(folder, 'lock')
  if (!existsSync(path)) return undefined
  const database = new DatabaseSync(path, { timeout: 0, readOnly: true })
  try {
    database.exec('SELECT 1 FROM sqlite_master')
    return undefined
  } catch (error) {
    if (!isBusy(error)) throw error
    return Number(readFileSync(join(folder, 'lock.pid'), 'utf8').trim())
  } finally {
    database.close()
  }
}

function isBusy(error: unknown): boolean {
  return error instanceof Error && 'errcode' in error && error.errcode === 5
}

function tryLock(folder: string): FolderLock | undefined {
  const database = new DatabaseSync(join(folder, 'lock'), { timeout: 0 })
  try {
    database.exec('PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE')
  } catch (error) {
    database.close()
    if (isBusy(error)) return undefined
    throw error
  }
  writeFileSync(join(folder, 'lock.pid'), `${process.pid}\n`, { mode: 0o600 })
  return { release: () => database.close() }
}

function holder(folder: string): string {
  try {
    return `(${readFileSync(join(folder, 'lock.pid'), 'utf8').trim()}) `
  } catch {
    return ''
  }
}
