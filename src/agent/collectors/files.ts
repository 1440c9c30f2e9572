import { lstatSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { realWait } from '../../platform/backoff.ts'
import type { Collector } from '../collector.ts'
import { apkChanges } from '../integrity/apk-changes.ts'
import { dpkgChanges } from '../integrity/dpkg-changes.ts'
import { openMarks } from '../integrity/drift.ts'
import type { Integrity } from '../integrity/integrity.ts'
import { changesBetween, type Mark, readMark, writeMark } from '../integrity/mark.ts'
import { anyOf } from '../integrity/package-change.ts'
import { readMarks } from '../integrity/read-marks.ts'
import { rpmChanges } from '../integrity/rpm-changes.ts'
import { type IntegrityOptions, integrityRules, isIn } from '../integrity/rules.ts'
import { createTeller, type Found } from '../integrity/teller.ts'
import { userNames } from './accounts.ts'
import { watchFolders } from './watch-folders.ts'

export interface FileOptions extends IntegrityOptions {
  readonly fullCheckMs: number
  readonly passwd: string
  /** `/`, but in tests. */
  readonly root: string
  readonly integrity: Integrity
}

/** Editors write, rename and set modes in one go: what happens within this time is one change. */
const SETTLE_MS = 200
const MOST_WARNINGS = 5
/** Paths read before others get their turn. */
const PORTION = 400
/** What is on disk lags behind by no more than this where much drifted, since all of that is written anew; else by one round. */
const SAVE_MS = 1_000
const MUCH = 1_000

/**
 * Watches files and folders: by inotify as it happens, and by reading everything again now and then, which finds what
 * the watch missed. What changed while no agent ran is found at the next start, against what was kept.
 */
export function fileCollector(options: FileOptions): Collector {
  const { fullCheckMs, passwd, root, integrity } = options
  const rules = integrityRules(options)
  const { ignored } = rules
  const nameOf = userNames(passwd)

  return {
    id: 'files',
    async run(context) {
      const { signal, count, folder, warn } = context
      const marks = await openMarks(folder, rules)
      const packages = anyOf([dpkgChanges(root), rpmChanges(root), apkChanges(root)])
      const teller = createTeller({ context, rules, marks, nameOf, packages, integrity })
      const known = (path: string): Mark | undefined => {
        const text = marks.get(path)
        return text === undefined ? undefined : readMark(text)
      }
      const checks = (path: string) => rules.of(path).checks
      const differs = (path: string, before: Mark, after: Mark): boolean => changesBetween(before, after, checks(path)).length > 0
      let touched = new Set<string>()
      /** Folders found gone, or to be others, before their own event came: what lay in them is still to be looked at. */
      const lost = new Set<string>()
      let overflowed = false
      let warned = 0
      const watched = watchFolders({
        touched: (path) => touched.add(path),
        overflowed: () => {
          overflowed = true
          count('files.watchOverflow')
        },
        ignored,
        failed: (path, error) => {
          count('files.watchFailed')
          if (warned < MOST_WARNINGS) warn(`${path} cannot be watched as it happens, only checked: ${error.message}`)
          warned += 1
        },
      })

      /** Every path below, folders watched before they are read: what comes in between is seen by the one or the other. */
      async function* walk(path: string): AsyncGenerator<string> {
        if (ignored(path)) return
        yield path
        let entries: Awaited<ReturnType<typeof readEntries>>
        try {
          watched.add(path)
          entries = await readEntries(path)
        } catch (error) {
          const { code } = error as NodeJS.ErrnoException
          watched.remove(path)
          if (code !== 'ENOTDIR' && code !== 'ENOENT') count('files.unread')
          return
        }
        for (const entry of entries)
          if (entry.isDirectory()) yield* walk(join(path, entry.name))
          else if (!ignored(join(path, entry.name))) yield join(path, entry.name)
      }

      /** Takes what was read as what is known. @returns the paths that differ in something that is compared. */
      const take = (read: ReadonlyMap<string, Mark | undefined>, found: Found, unless?: (path: string) => boolean): string[] => {
        const differing: string[] = []
        for (const [path, after] of read) {
          const before = known(path)
          if (before === undefined && after === undefined) continue
          if (after?.type === 'dir') watched.add(path)
          if (before?.type === 'dir' && after?.type !== 'dir') watched.remove(path)
          if (before?.type === 'dir' && before.ino !== after?.ino) lost.add(path)
          const text = after === undefined ? undefined : writeMark(after)
          if (text === marks.get(path)) continue
          const what = before !== undefined && after !== undefined ? changesBetween(before, after, checks(path)) : undefined
          if (what?.length === 0) marks.set(path, text)
          else if (unless?.(path) !== true) {
            const first = found === 'start' && !marks.wasWatched(path)
            marks.set(path, text)
            if (!first) teller.tell({ path, before, after, changed: what ?? [], found })
            differing.push(path)
          }
        }
        return differing
      }
      /** Takes the times of folders in which something was told to have changed; where nothing was, they are a change. */
      const takeFolders = async (told: readonly string[], besides: ReadonlySet<string>): Promise<void> => {
        const folders = [...new Set(told.map(dirname))].filter((path) => !besides.has(path) && marks.has(path))
        for (const [path, after] of await readMarks(folders, { known, checks, thorough: false, count })) {
          const before = known(path)
          // Whatever else changed of it is still to be told: its times are not to be believed.
          if (before !== undefined && after?.type === 'dir')
            marks.set(path, writeMark({ ...before, mtime: after.mtime, ctime: -1 }))
        }
      }
      const look = async (paths: Iterable<string>, found: Found, also: ReadonlySet<string>): Promise<void> => {
        let some: string[] = []
        const told: string[] = []
        const linked = new Set<number>()
        const read = async (): Promise<void> => {
          const before = new Map(some.map((path) => [path, known(path)]))
          const now = await readMarks(some, { known, checks, thorough: false, count })
          for (const [path, mark] of now) {
            const inode = [mark, before.get(path)].find((one) => one !== undefined && one.type === 'file' && one.links > 1)?.ino
            if (inode !== undefined) linked.add(inode)
          }
          told.push(...take(now, found))
          some = []
          await nextTurn()
        }
        for (const path of paths) {
          some.push(path)
          if (some.length >= PORTION) await read()
        }
        await read()
        if (linked.size > 0) {
          // Another name of the same file is told by no watch of its folder.
          for (const [path, text] of marks.entries())
            if (text[0] === 'f' && linked.has(Number(text.split(' ', 8)[7]))) some.push(path)
          await read()
        }
        await takeFolders(told, also)
      }

      const round = async (): Promise<void> => {
        const now = new Set([...touched, ...lost])
        if (now.size === 0) return
        touched = new Set()
        const paths = new Set<string>()
        const gone = new Set(lost)
        lost.clear()
        for (const path of now) {
          if (ignored(path)) continue
          const before = known(path)
          const folder = folderAt(path)
          const other = before?.type !== 'dir' || before.ino !== folder || gone.has(path)
          if (before?.type === 'dir' && other) gone.add(path)
          if (folder !== undefined && other) {
            watched.remove(path)
            for await (const below of walk(path)) paths.add(below)
          } else paths.add(path)
          const folderOf = dirname(path)
          if (!now.has(folderOf) && marks.has(folderOf)) paths.add(folderOf)
        }
        if (gone.size > 0) for (const path of marks.paths()) if (isBelowAny(path, gone)) paths.add(path)
        // Folders last: by then it is known whether anything in them was told.
        const files: string[] = []
        const folders: string[] = []
        for (const path of paths) (known(path)?.type === 'dir' && !now.has(path) ? folders : files).push(path)
        await look(files, 'watch', now)
        for (const path of gone) lost.delete(path)
        await look(folders, 'watch', now)
      }

      const check = async (found: 'check' | 'start', thorough = true): Promise<void> => {
        const there = new Set<string>()
        let some: string[] = []
        const told: string[] = []
        const folders: string[] = []
        const isLate = (path: string): boolean => found === 'check' && isTouched(path, touched)
        const read = async (): Promise<void> => {
          const began = performance.now()
          const now = await readMarks(some, { known, checks, thorough, count })
          some = []
          // What the watch has just told of, or is about to, it did not miss.
          await nextTurn()
          await nextTurn()
          const fileMarks = new Map<string, Mark | undefined>()
          for (const [path, mark] of now)
            if (mark?.type === 'dir' && known(path)?.type === 'dir') folders.push(path)
            else fileMarks.set(path, mark)
          const differing = take(fileMarks, found, isLate)
          told.push(...differing)
          if (found === 'check') {
            if (differing.length > 0) count('files.missed', differing.length)
            await round()
            // No more than half of a core for as long as it takes.
            await realWait(performance.now() - began, signal)
          }
        }
        for (const start of rules.roots) {
          for await (const path of folderAt(start) === undefined ? [start] : walk(start)) {
            there.add(path)
            some.push(path)
            if (some.length >= PORTION) await read()
            if (signal.aborted) return
          }
        }
        for (const path of marks.paths())
          if (!there.has(path)) {
            some.push(path)
            if (some.length >= PORTION) await read()
          }
        await read()
        await takeFolders(told, new Set())
        const now = await readMarks(folders, { known, checks, thorough, count })
        const differing = take(now, found, isLate)
        if (found === 'check' && differing.length > 0) count('files.missed', differing.length)
        count('files.checks')
        teller.checked(Date.now(), found === 'check' ? told.length + differing.length : 0)
      }

      /** A crash may have come after an event was durable and before its mark was: both went by one write, and are read here. */
      const takeKnown = async (): Promise<void> => {
        const taken: string[] = []
        for (const [path, text] of context.takeKnown?.() ?? []) {
          if (ignored(path) || !rules.roots.some((root) => isIn(path, root)) || !marks.wasWatched(path)) continue
          const before = known(path)
          const after = text === null ? undefined : readMark(text)
          if (before === undefined ? after === undefined : after !== undefined && !differs(path, before, after)) continue
          marks.set(path, text ?? undefined)
          teller.toldBefore({ path, before, after })
          taken.push(path)
        }
        if (taken.length === 0) return
        await takeFolders(taken, new Set())
        await marks.saveDrift()
        await marks.save()
      }
      /** What was told is durable before it is known. */
      const keepTold = async (): Promise<void> => {
        const untold = teller.untold()
        await context.flush?.()
        await marks.save(untold)
      }
      const save = async (): Promise<void> => {
        await marks.saveDrift()
        await keepTold()
      }

      // Watching begins before the first look, so that no change falls between the two.
      for (const start of rules.roots) await watched.root(start)
      const detach = integrity.attach(teller)
      let began = false
      try {
        await takeKnown()
        // Only what was known before can be gone by now.
        if (marks.size() > 0) await packages.learn((path) => marks.has(path))
        await check('start')
        if (signal.aborted) return
        await packages.learn((path) => marks.has(path))
        await save()
        teller.ready()
        began = true
        let checked = performance.now()
        let saved = checked
        while (!signal.aborted) {
          await realWait(SETTLE_MS, signal)
          await round()
          const isMuch = marks.drift.size >= MUCH
          if (!isMuch) await marks.saveDrift()
          await teller.flush()
          if (!isMuch && marks.isChanged()) await keepTold()
          const now = performance.now()
          if (now - checked > fullCheckMs) {
            await check('check')
            checked = performance.now()
          } else if (overflowed) {
            overflowed = false
            await check('check', false)
          }
          if (marks.isChanged() && now - saved > SAVE_MS) {
            await save()
            saved = now
          }
        }
      } finally {
        detach()
        watched.close()
        await teller.flush(true)
        // Half of a beginning would make the other half look like changes.
        if (began) await save()
      }
    },
  }
}

/** The inode of a folder; undefined where there is none. */
function folderAt(path: string): number | undefined {
  try {
    const entry = lstatSync(path, { throwIfNoEntry: false })
    return entry?.isDirectory() === true ? entry.ino : undefined
  } catch {
    return undefined
  }
}

const readEntries = async (path: string) =>
  (await readdir(path, { withFileTypes: true })).toSorted((a, b) => (a.name < b.name ? -1 : 1))

function isBelowAny(path: string, folders: ReadonlySet<string>): boolean {
  for (let at = path.lastIndexOf('/'); at > 0; at = path.lastIndexOf('/', at - 1)) if (folders.has(path.slice(0, at))) return true
  return false
}

const isTouched = (path: string, touched: ReadonlySet<string>): boolean =>
  touched.size > 0 && (touched.has(path) || isBelowAny(path, touched))
