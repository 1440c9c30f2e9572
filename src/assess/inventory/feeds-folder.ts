import { createHash } from 'node:crypto'
import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { FeedCache, type Feeds, loadFeeds } from '../feeds/load.ts'

/** The feeds of a folder in memory, read again when a file of it changed. */
export interface FeedsFolder {
  current(): Promise<Feeds>
  /** Reads again if something changed. @returns whether it did. */
  refresh(): Promise<boolean>
  /** Another one whenever a file of the folder is. */
  stamp(): Promise<string>
}

export function openFeedsFolder(folder: string): FeedsFolder {
  const cache = new FeedCache()
  let read: Promise<Feeds> | undefined
  let before: string | undefined
  return {
    stamp: async () =>
      createHash('sha256')
        .update(await signatureOf(folder))
        .digest('base64url'),
    current: () => (read ??= loadAll(folder, cache)),
    async refresh() {
      const now = await signatureOf(folder)
      if (now === before) return false
      const first = before === undefined
      // Whoever asks meanwhile gets the feeds of before at once.
      const next = loadAll(folder, cache)
      read ??= next
      await next
      read = next
      before = now
      // Nothing was judged by the feeds before the first reading.
      return !first || now !== ''
    },
  }
}

async function loadAll(folder: string, cache: FeedCache): Promise<Feeds> {
  return await loadFeeds((await signatureOf(folder)) === '' ? [] : [folder], cache)
}

/** Names, sizes and times of the files; empty where there is none. */
async function signatureOf(folder: string): Promise<string> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => [])
  const files = entries
    .filter((entry) => entry.isFile() && !entry.name.startsWith('.'))
    .map((entry) => join(entry.parentPath, entry.name))
  const facts = await Promise.all(
    files.sort().map(async (file) => {
      const { size, mtimeMs } = await stat(file)
      return `${file} ${size} ${mtimeMs}`
    }),
  )
  return facts.join('\n')
}
