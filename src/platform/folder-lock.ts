import { readFileSync, writeFileSync } from 'node:fs'
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

function tryLock(folder: string): FolderLock | undefined {
  const database = new DatabaseSync(join(folder, 'lock'), { timeout: 0 })
  try {
    database.exec('PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE')
  } catch (error) {
    database.close()
    if (error instanceof Error && 'errcode' in error && error.errcode === 5) return undefined
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
