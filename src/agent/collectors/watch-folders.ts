import { type FSWatcher, readFileSync, watch } from 'node:fs'
import { lstat, readdir } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'

export interface FolderWatch {
  /** Watches a root: a folder with all below it, or one file. Resolves once everything there is watched. */
  readonly root: (path: string) => Promise<void>
  /** Watches one folder, if it is not yet. */
  readonly add: (folder: string) => void
  /** The folder is gone. */
  readonly remove: (folder: string) => void
  readonly close: () => void
}

interface WatchOptions {
  readonly touched: (path: string) => void
  /** A folder that cannot be watched as it happens. */
  readonly failed: (folder: string, error: NodeJS.ErrnoException) => void
  readonly ignored: (path: string) => boolean
  /** So much came at once that the kernel may have kept no more: anything may have changed. */
  readonly overflowed?: () => void
}

/** What the kernel keeps for one reader; beyond that it drops, and Node does not say so. */
function mostQueued(): number {
  try {
    return Number(readFileSync('/proc/sys/fs/inotify/max_queued_events', 'utf8'))
  } catch {
    return 16_384
  }
}

/**
 * One inotify watch a folder. (Node's own `recursive` takes one a file on Linux, and reads a folder again, while everything
 * waits, at each event in it: a folder of some thousand files that change stops the process.)
 */
export function watchFolders({ touched, failed, ignored, overflowed }: WatchOptions): FolderWatch {
  const most = mostQueued() * 0.9
  let inTurn = 0
  /** All that waited is read in one turn of the loop. */
  const counted = (): void => {
    if (inTurn === 0)
      setImmediate(() => {
        if (inTurn >= most) overflowed?.()
        inTurn = 0
      })
    inTurn += 1
  }
  const watchers = new Map<string, FSWatcher>()
  const roots = new Set<string>()
  let closed = false

  function add(folder: string, only?: string): void {
    if (closed || watchers.has(folder)) return
    try {
      const watcher = watch(folder, (_event, name) => {
        counted()
        if (only !== undefined && name !== only) return
        // What happens to the folder itself comes under its own name.
        if (name === null || (roots.has(folder) && name === basename(folder))) touched(folder)
        if (name !== null) touched(join(folder, name))
      })
      watcher.on('error', (error) => {
        remove(folder)
        failed(folder, error)
      })
      watchers.set(folder, watcher)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') failed(folder, error as NodeJS.ErrnoException)
    }
  }
  function remove(folder: string): void {
    watchers.get(folder)?.close()
    watchers.delete(folder)
  }
  async function below(folder: string): Promise<void> {
    if (ignored(folder)) return
    // Watched before it is read: what comes in between is seen by the one or the other.
    add(folder)
    for (const entry of await readdir(folder, { withFileTypes: true }).catch(() => []))
      if (entry.isDirectory()) await below(join(folder, entry.name))
  }

  return {
    async root(path) {
      const found = await lstat(path).catch(() => undefined)
      if (found?.isDirectory() === true) {
        roots.add(path)
        await below(path)
      } else if (found !== undefined && !watchers.has(dirname(path))) add(dirname(path), basename(path))
    },
    add,
    remove,
    close() {
      closed = true
      for (const watcher of watchers.values()) watcher.close()
      watchers.clear()
    },
  }
}
