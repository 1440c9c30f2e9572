import type { Stats } from 'node:fs'
import { lstat, readdir, readlink } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import type { JsonObject } from '../../kernel/json.ts'
import { realWait } from '../../platform/backoff.ts'
import type { Collector, CollectorContext } from '../collector.ts'
import { readKept, writeKept } from '../kept.ts'
import { userNames } from './accounts.ts'
import { hashFile } from './file-hash.ts'
import { watchFolders } from './watch-folders.ts'

interface Options {
  readonly watch: readonly string[]
  readonly ignore: readonly string[]
  readonly fullCheckMs: number
  readonly passwd: string
}

/** What is held of a watched file: a change of any of it is one. */
interface Mark {
  readonly type: 'file' | 'dir' | 'symlink' | 'other'
  readonly mode: string
  readonly uid: number
  readonly gid: number
  readonly size: number
  readonly mtime: number
  readonly ctime: number
  readonly ino: number
  readonly hash?: string
  readonly target?: string
}

/** Files beyond this are told by size and times alone, and counted. */
const LARGEST = 100_000_000
/** Editors write, rename and set modes in one go: what happens within this time is one change. */
const SETTLE_MS = 200
const MOST_WARNINGS = 5
/** Files read at once. */
const BATCH = 4

const typeOf = (entry: Stats): Mark['type'] =>
  entry.isFile() ? 'file' : entry.isDirectory() ? 'dir' : entry.isSymbolicLink() ? 'symlink' : 'other'

/**
 * Marks a path; undefined where there is nothing. The hash of `known` is kept where size, times and inode say that the
 * content stayed; with `thorough` it is read anyway, for times can be set back.
 */
async function markOf(
  path: string,
  known: Mark | undefined,
  thorough: boolean,
  count: CollectorContext['count'],
): Promise<Mark | undefined> {
  const entry = await lstat(path).catch(() => undefined)
  if (entry === undefined) return undefined
  const base = {
    type: typeOf(entry),
    mode: (entry.mode & 0o7777).toString(8).padStart(4, '0'),
    uid: entry.uid,
    gid: entry.gid,
    size: entry.isFile() ? entry.size : 0,
    mtime: entry.isDirectory() ? 0 : Math.round(entry.mtimeMs),
    ctime: entry.isDirectory() ? 0 : Math.round(entry.ctimeMs),
    ino: entry.ino,
  }
  if (base.type === 'symlink') return { ...base, target: await readlink(path).catch(() => '') }
  if (base.type !== 'file') return base
  if (entry.size > LARGEST) {
    count('files.tooLarge')
    return base
  }
  const same =
    known !== undefined &&
    known.size === base.size &&
    known.mtime === base.mtime &&
    known.ctime === base.ctime &&
    known.ino === base.ino
  if (same && !thorough && known.hash !== undefined) return { ...base, hash: known.hash }
  try {
    return { ...base, hash: await hashFile(path) }
  } catch {
    count('files.unread')
    return base
  }
}

/** What differs between two marks, in ECS's words. The change time alone is none: it moves with every link and backup. */
function changes(before: Mark, after: Mark): string[] {
  const found: string[] = []
  if (before.type !== after.type) found.push('type')
  if (before.hash !== after.hash || before.target !== after.target || (after.hash === undefined && before.size !== after.size))
    found.push('content')
  if (before.mode !== after.mode) found.push('mode')
  if (before.uid !== after.uid) found.push('owner')
  if (before.gid !== after.gid) found.push('group')
  return found
}

/**
 * Watches files and folders: by inotify as it happens, and by reading everything again now and then, which finds what
 * the watch missed. What changed while no agent ran is found at the next start, against what was kept.
 */
export function fileCollector({ watch: roots, ignore, fullCheckMs, passwd }: Options): Collector {
  const nameOf = userNames(passwd)
  const ignored = (path: string): boolean => ignore.some((prefix) => path === prefix || path.startsWith(`${prefix}/`))

  const describe = (path: string, mark: Mark): JsonObject => ({
    path,
    name: basename(path),
    directory: dirname(path),
    type: mark.type === 'other' ? 'file' : mark.type,
    mode: mark.mode,
    uid: String(mark.uid),
    gid: String(mark.gid),
    ...(nameOf(mark.uid) === undefined ? {} : { owner: nameOf(mark.uid)! }),
    ...(mark.type === 'file' ? { size: mark.size, mtime: new Date(mark.mtime).toISOString() } : {}),
    ...(mark.hash === undefined ? {} : { hash: { sha256: mark.hash } }),
    ...(mark.target === undefined ? {} : { target_path: mark.target }),
  })

  function tell(
    path: string,
    before: Mark | undefined,
    after: Mark | undefined,
    found: 'watch' | 'check' | 'start',
    { emit }: CollectorContext,
  ): void {
    const what = before === undefined ? 'creation' : after === undefined ? 'deletion' : 'change'
    const differing = before !== undefined && after !== undefined ? changes(before, after) : []
    if (what === 'change' && differing.length === 0) return
    emit({
      event: { kind: 'event', category: ['file'], type: [what], action: `file-${what}` },
      file: describe(path, (after ?? before)!),
      kanpeki_agent: {
        file: {
          found,
          ...(differing.length === 0 ? {} : { changed: differing }),
          ...(before?.hash === undefined || before.hash === after?.hash ? {} : { previous: { hash: { sha256: before.hash } } }),
        },
      },
    })
  }

  async function* walk(path: string): AsyncGenerator<string> {
    if (ignored(path)) return
    const entry = await lstat(path).catch(() => undefined)
    if (entry === undefined) return
    yield path
    if (!entry.isDirectory()) return
    for (const name of (await readdir(path).catch(() => [])).toSorted()) yield* walk(join(path, name))
  }

  return {
    id: 'files',
    async run(context) {
      const { signal, count, folder, warn } = context
      const file = join(folder, 'files.json')
      const kept = await readKept(file)
      const marks = new Map([...(kept ?? [])].map(([path, mark]) => [path, JSON.parse(mark) as Mark]))
      const save = async (): Promise<void> =>
        await writeKept(file, new Map([...marks].map(([path, mark]) => [path, JSON.stringify(mark)])))
      let touched = new Set<string>()
      let dirty = false
      let warned = 0
      const watched = watchFolders({
        touched: (path) => touched.add(path),
        ignored,
        failed: (path, error) => {
          count('files.watchFailed')
          if (warned < MOST_WARNINGS) warn(`${path} cannot be watched as it happens, only checked: ${error.message}`)
          warned += 1
        },
      })

      const look = async (path: string, found: 'watch' | 'check' | 'start', thorough: boolean): Promise<void> => {
        const before = marks.get(path)
        const after = ignored(path) ? undefined : await markOf(path, before, thorough, count)
        if (before === undefined && after === undefined) return
        if (after?.type === 'dir') watched.add(path)
        if (before?.type === 'dir' && after?.type !== 'dir') watched.remove(path)
        if (after === undefined) marks.delete(path)
        else marks.set(path, after)
        if (kept !== undefined || found !== 'start') tell(path, before, after, found, context)
        dirty = true
      }
      const check = async (found: 'check' | 'start'): Promise<void> => {
        const there = new Set<string>()
        let batch: string[] = []
        const flush = async (): Promise<void> => {
          await Promise.all(batch.map((path) => look(path, found, true)))
          batch = []
        }
        for (const root of roots)
          for await (const path of walk(root)) {
            there.add(path)
            batch.push(path)
            if (batch.length >= BATCH) await flush()
            if (signal.aborted) return
          }
        await flush()
        for (const path of [...marks.keys()]) if (!there.has(path)) await look(path, found, true)
        count('files.checks')
        await save()
        dirty = false
      }

      // Watching begins before the first look, so that no change falls between the two.
      for (const root of roots) await watched.root(root)
      try {
        await check('start')
        let checked = performance.now()
        while (!signal.aborted) {
          await realWait(SETTLE_MS, signal)
          const now = touched
          touched = new Set()
          for (const path of now) {
            for await (const below of walk(path)) await look(below, 'watch', false)
            const before = marks.get(path)
            if (before === undefined) continue
            const still = await lstat(path).catch(() => undefined)
            if (still !== undefined) continue
            if (before.type === 'dir')
              for (const known of [...marks.keys()]) if (known.startsWith(`${path}/`)) await look(known, 'watch', false)
            await look(path, 'watch', false)
          }
          if (performance.now() - checked > fullCheckMs) {
            await check('check')
            checked = performance.now()
          } else if (dirty && now.size === 0) {
            await save()
            dirty = false
          }
        }
      } finally {
        watched.close()
        if (dirty) await save()
      }
    },
  }
}
