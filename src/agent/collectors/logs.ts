import { lstat, readdir } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import type { Collector } from '../collector.ts'
import { filesBelow } from './files-below.ts'
import { createTouches } from './touches.ts'
import { watchFolders } from './watch-folders.ts'

interface Seen {
  readonly ino: number
  readonly size: number
}

/** Rotation copies, renames and empties in one go. */
const SETTLE_MS = 300
const LONG_MS = 3_600_000
const MOST = 20_000
/** Copies that rotation made before, and those that the journal lets go by itself. */
const ARCHIVE = /(?:\.(?:gz|xz|bz2|zst|lz4|old|\d{1,4})|[-.]\d{8}(?:-\d+)?|@[0-9a-f]{32}-.*\.journal|\.journal~)$/

/** Whether a name is that of a rotated copy. */
export const isArchive = (name: string): boolean => ARCHIVE.test(name)

/**
 * Logs that lose what they held: emptied, shortened or removed. Rotation does the same and leaves a copy beside it, of the same
 * file or of its size: that is no loss, and counted.
 */
export function logCollector(folders: readonly string[]): Collector {
  return {
    id: 'logs',
    async run({ emit, count, signal }) {
      const seen = new Map<string, Seen>()
      const touches = createTouches<null>(signal)
      const watched = watchFolders({
        touched: (path) => touches.add(path, null),
        failed: () => count('logs.watchFailed'),
        ignored: () => false,
      })
      const stand = async (path: string): Promise<Seen | undefined> => {
        const entry = await lstat(path).catch(() => undefined)
        return entry?.isFile() === true ? { ino: entry.ino, size: entry.size } : undefined
      }
      /** Others of the same folder whose names begin with this one's. */
      const beside = async (path: string): Promise<Seen[]> => {
        const name = basename(path)
        const stem = name.replace(/\.[^.]*$/, '')
        const found: Seen[] = []
        for (const other of await readdir(dirname(path)).catch(() => []))
          if (other !== name && (other.startsWith(name) || other.startsWith(stem))) {
            const one = await stand(join(dirname(path), other))
            if (one !== undefined) found.push(one)
          }
        return found
      }
      const tell = (path: string, type: 'change' | 'deletion', before: Seen, size: number): void => {
        emit({
          event: {
            kind: 'event',
            category: ['file'],
            type: [type],
            action: type === 'change' ? 'log-emptied' : 'log-removed',
          },
          file: { path, name: basename(path), directory: dirname(path), size, inode: String(before.ino) },
          kanpeki_agent: { log: { previous_size: before.size, archive: isArchive(basename(path)) } },
        })
      }
      const look = async (path: string): Promise<void> => {
        const before = seen.get(path)
        const now = await stand(path)
        if (now === undefined) seen.delete(path)
        else if (seen.size < MOST || before !== undefined) seen.set(path, now)
        if (before === undefined || before.size === 0) return
        if (now !== undefined && now.ino === before.ino && now.size >= before.size) return
        const others = await beside(path)
        // Renamed, or copied before it was emptied: nothing is lost.
        if (others.some(({ ino, size }) => ino === before.ino || (now?.ino === before.ino && size >= before.size)))
          return count('logs.rotated')
        if (now === undefined) tell(path, 'deletion', before, before.size)
        // Another file in its place (rename over it) has lost the old one all the same, if it holds less.
        else if (now.size < before.size) tell(path, 'change', before, now.size)
      }

      try {
        for (const folder of folders) {
          await watched.root(folder)
          for await (const path of filesBelow(folder)) {
            const now = await stand(path)
            if (now !== undefined && seen.size < MOST) seen.set(path, now)
            else count('logs.tooMany')
          }
        }
        while (!signal.aborted) {
          for (const path of (await touches.next(SETTLE_MS, LONG_MS)).keys()) {
            const entry = await lstat(path).catch(() => undefined)
            if (entry?.isDirectory() === true) {
              watched.add(path)
              for await (const below of filesBelow(path)) await look(below)
            } else await look(path)
          }
        }
      } finally {
        watched.close()
      }
    },
  }
}
