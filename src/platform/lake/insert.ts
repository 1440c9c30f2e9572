import { randomBytes } from 'node:crypto'
import { mkdir, open, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { KanpekiError, messageOf } from '../../kernel/error.ts'
import type { Engine } from './engine-calls.ts'
import type { Statement } from './queries.ts'

/**
 * Hands rows in ClickHouse's Native format to the engine as one insert.
 * @param statement the insert that reads its rows from a file, or from what is sent beside it.
 * @param attempt runs it once; it is called again after a failure that may pass.
 */
export type InsertRows = (
  statement: (file?: string) => Statement,
  rows: readonly Uint8Array[],
  attempt: (insert: () => Promise<void>) => Promise<void>,
) => Promise<void>

/** Below the lake's folder: rows on their way. Nothing in it is worth keeping. */
export const SPOOL_FOLDER = 'incoming'

/**
 * The engine shares this machine's files: it reads the rows from one that is gone a moment later, mostly before any of it
 * is written to the disk. Handed over as part of the statement they would be copied and searched several times.
 */
export function insertByFile(engine: Engine, lakeFolder: string): InsertRows {
  const folder = join(lakeFolder, SPOOL_FOLDER)
  const own = randomBytes(6).toString('hex')
  let last = 0
  return async (statement, rows, attempt) => {
    const path = join(folder, `${own}-${++last}.native`)
    try {
      const { sql, params } = statement(path)
      await attempt(async () => {
        // Each time: an engine that starts again empties the folder.
        await writeRows(folder, path, rows)
        await engine.once(sql, params)
      })
    } finally {
      await rm(path, { force: true })
    }
  }
}

export function insertByHttp(engine: Engine): InsertRows {
  return async (statement, rows, attempt) => {
    const { sql, params } = statement()
    const body = Buffer.concat(rows)
    await attempt(() => engine.insert(sql, params, body))
  }
}

async function writeRows(folder: string, path: string, rows: readonly Uint8Array[]): Promise<void> {
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 })
    const file = await open(path, 'w', 0o600)
    try {
      for (let rest = rows; rest.length > 0; ) rest = after(rest, (await file.writev(rest)).bytesWritten)
    } finally {
      await file.close()
    }
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOSPC' || code === 'EDQUOT')
      throw new KanpekiError('disk_full', 'The disk with the lake is full.', {
        cause: error,
        remedy: 'Free some space, or drop old hours; nothing of this write was kept, and the sender will offer it again.',
      })
    throw new KanpekiError('lake_unreachable', `The lake's folder cannot be written to: ${messageOf(error)}.`, { cause: error })
  }
}

/** What is left after a write that may have been cut short. */
function after(rows: readonly Uint8Array[], written: number): readonly Uint8Array[] {
  let left = written
  let at = 0
  while (at < rows.length && left >= rows[at]!.length) left -= rows[at++]!.length
  return at === rows.length ? [] : [rows[at]!.subarray(left), ...rows.slice(at + 1)]
}
