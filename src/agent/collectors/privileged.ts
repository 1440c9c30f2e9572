import { lstat, readdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { Collector } from '../collector.ts'
import { type Difference, difference, readKept, writeKept } from '../kept.ts'
import { userNames } from './accounts.ts'
import { createTouches } from './touches.ts'
import { watchFolders } from './watch-folders.ts'

const SUID = 0o4000
const SGID = 0o2000
/** What is copied, owned and then given its bit in one go is told once. */
const SETTLE_MS = 100

interface Options {
  readonly folders: readonly string[]
  /** Between two looks at all of them, which find what the watch missed. */
  readonly everyMs: number
  readonly passwd: string
}

/** Mode and owner of a program that runs as its owner or group; undefined for any other. */
async function markOf(path: string): Promise<string | undefined> {
  const entry = await lstat(path).catch(() => undefined)
  if (entry?.isFile() !== true || (entry.mode & (SUID | SGID)) === 0) return undefined
  return `${(entry.mode & 0o7777).toString(8)} ${entry.uid}:${entry.gid}`
}

async function readAll(folders: readonly string[]): Promise<Map<string, string>> {
  const found = new Map<string, string>()
  for (const folder of folders) {
    for (const name of await readdir(folder).catch(() => [])) {
      const mark = await markOf(join(folder, name))
      if (mark !== undefined) found.set(join(folder, name), mark)
    }
  }
  return found
}

/**
 * Programs that run as their owner or group (SUID, SGID) in the folders where programs and temporary files lie: as their bit is
 * set, and compared over restarts. Folders below those are not watched.
 */
export function privilegedCollector({ folders, everyMs, passwd }: Options): Collector {
  const nameOf = userNames(passwd)
  return {
    id: 'privileged',
    async run({ emit, count, signal, folder }) {
      const file = join(folder, 'privileged.json')
      const kept = await readKept(file)
      let known = kept ?? new Map<string, string>()
      const touches = createTouches<null>(signal)
      const watched = watchFolders({
        touched: (path) => touches.add(path, null),
        failed: () => count('privileged.watchFailed'),
        ignored: () => false,
      })
      const tell = ({ name: path, before, after }: Difference): void => {
        const [mode = '', owner = ''] = (after ?? before ?? '').split(' ')
        const [uid = '', gid = ''] = owner.split(':')
        const [type, word] =
          before === undefined ? ['creation', 'appeared'] : after === undefined ? ['deletion', 'gone'] : ['change', 'changed']
        const name = nameOf(Number(uid))
        emit({
          event: { kind: 'event', category: ['file'], type: [type], action: `privileged-program-${word}` },
          file: { path, directory: dirname(path), mode, uid, gid, ...(name === undefined ? {} : { owner: name }) },
        })
      }
      const compare = async (now: Map<string, string>): Promise<void> => {
        const changes = difference(known, now)
        known = now
        if (changes.length > 0 || kept === undefined) await writeKept(file, now)
        for (const change of changes) tell(change)
      }

      for (const one of folders) watched.add(one)
      try {
        const first = await readAll(folders)
        if (kept === undefined) {
          known = first
          await writeKept(file, first)
        } else await compare(first)
        for (let looked = performance.now(); !signal.aborted; ) {
          const touched = await touches.next(SETTLE_MS, everyMs)
          if (performance.now() - looked > everyMs) {
            looked = performance.now()
            await compare(await readAll(folders))
          } else if (touched.size > 0) {
            const now = new Map(known)
            for (const path of touched.keys()) {
              const mark = await markOf(path)
              if (mark === undefined) now.delete(path)
              else now.set(path, mark)
            }
            await compare(now)
          }
        }
      } finally {
        watched.close()
      }
    },
  }
}
