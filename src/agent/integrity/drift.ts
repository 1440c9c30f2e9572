import { createHash } from 'node:crypto'
import { appendFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { JsonObject } from '../../kernel/json.ts'
import { writeFileAtomically } from '../../platform/atomic-file.ts'
import { readIfThere } from '../../platform/read-if-there.ts'
import { readKept, writeKept } from '../kept.ts'
import { comparedOf, type Mark, readMark, writeMark } from './mark.ts'
import { readMarksFile, writeMarks } from './mark-file.ts'
import { isIn, type Rules } from './rules.ts'

/** A path that is not as it was when the baseline was taken. */
export interface Drifted {
  /** Marks, as `writeMark` writes them; null where there was, or is, nothing. */
  readonly before: string | null
  readonly now: string | null
  /** When it first and last changed, as far as known: milliseconds UTC. */
  readonly first: number
  readonly last: number
  readonly frozen: boolean
  /** `process`, `user`, `package` in ECS, where they are known. */
  readonly by: JsonObject
}

/** A baseline that a person accepted. */
export interface Accepted {
  /** The command that it was accepted with. */
  readonly command: string
  readonly digest: string
  readonly at: number
  /** Under which rules. */
  readonly rules: string
}

/** What is known of the watched paths, and how it differs from the baseline; kept on disk. */
export interface Marks {
  readonly get: (path: string) => string | undefined
  readonly has: (path: string) => boolean
  readonly set: (path: string, mark: string | undefined) => void
  readonly paths: () => IterableIterator<string>
  readonly entries: () => IterableIterator<[string, string]>
  readonly size: () => number
  /** Whether a path was watched before: what is found first elsewhere is the beginning, and no change. */
  readonly wasWatched: (path: string) => boolean
  readonly drift: Map<string, Drifted>
  readonly accepted: () => Accepted | undefined
  /** The kept baseline is not the one that was accepted. */
  readonly broken: () => boolean
  /** Takes what is now as the baseline. */
  readonly accept: (command: string, at: number) => Promise<Accepted>
  /** The drift from now on is to be written. */
  readonly drifted: () => void
  /** Whether anything changed since it was written. */
  readonly isChanged: () => boolean
  /** Writes what drifted. Before the marks: without it they would make another baseline. */
  readonly saveDrift: () => Promise<void>
  /**
   * Writes what changed since; all of it where that has become long.
   * @param except paths of which this is not to be known yet, with their marks before.
   */
  readonly save: (except?: ReadonlyMap<string, Mark | undefined>) => Promise<void>
}

const LONGEST_JOURNAL = 16_000_000

/** What a baseline is named by: every path with what is compared of it, in the order of the paths. */
export function baselineDigest(baseline: ReadonlyMap<string, string>, { of }: Rules): string {
  const hash = createHash('sha256')
  for (const path of [...baseline.keys()].toSorted()) {
    const compared = comparedOf(readMark(baseline.get(path)!), of(path).checks)
    hash.update(`${path}\0${compared}\n`)
  }
  return hash.digest('hex')
}

/**
 * Reads what was kept: all marks as of some time, and a journal of what changed since. The baseline is those marks with
 * everything that drifted put back, so that it takes no room of its own.
 */
export async function openMarks(folder: string, rules: Rules): Promise<Marks> {
  const file = join(folder, 'files.marks')
  const journal = join(folder, 'files.log')
  const driftFile = join(folder, 'drift.json')
  const acceptedFile = join(folder, 'baseline.json')
  const rootsFile = join(folder, 'files.roots')
  const rootsText = await readIfThere(rootsFile)
  const before = rootsText === undefined ? [] : (JSON.parse(rootsText) as string[])
  const marks = new Map<string, string>()
  const kept = rootsText === undefined ? undefined : await readMarksFile(file, marks)
  let length = (kept === undefined ? undefined : await readMarksFile(journal, marks)) ?? 0
  const drift = new Map(
    [...((kept === undefined ? undefined : await readKept(driftFile)) ?? [])].map(([path, text]) => [
      path,
      JSON.parse(text) as Drifted,
    ]),
  )
  const watchedNow = (path: string): boolean => rules.roots.some((root) => isIn(path, root)) && !rules.ignored(path)
  for (const held of [marks, drift]) for (const path of [...held.keys()]) if (!watchedNow(path)) held.delete(path)
  const text = await readIfThere(acceptedFile)
  let accepted = text === undefined ? undefined : (JSON.parse(text) as Accepted)
  // What else is watched now nobody has accepted.
  if (accepted?.rules !== rules.hash) accepted = undefined
  const baselineNow = (): Map<string, string> => {
    const baseline = new Map(marks)
    for (const [path, { before }] of drift) {
      if (before === null) baseline.delete(path)
      else baseline.set(path, before)
    }
    return baseline
  }
  const saveDrift = async (): Promise<void> =>
    await writeKept(driftFile, new Map([...drift].map(([path, one]) => [path, JSON.stringify(one)])))
  let broken = accepted !== undefined && baselineDigest(baselineNow(), rules) !== accepted.digest
  const pending = new Map<string, string | null>()
  let driftDirty = false
  let whole = kept === undefined || JSON.stringify(before) !== JSON.stringify(rules.roots)
  return {
    get: (path) => marks.get(path),
    has: (path) => marks.has(path),
    set(path, mark) {
      if (mark === undefined) marks.delete(path)
      else marks.set(path, mark)
      if (!whole) pending.set(path, mark ?? null)
    },
    paths: () => marks.keys(),
    entries: () => marks.entries(),
    size: () => marks.size,
    wasWatched: (path) => kept !== undefined && before.some((root) => isIn(path, root)),
    drift,
    accepted: () => accepted,
    broken: () => broken,
    async accept(command, at) {
      drift.clear()
      accepted = { command, digest: baselineDigest(marks, rules), at, rules: rules.hash }
      broken = false
      await saveDrift()
      await writeMarks(file, marks)
      await rm(journal, { force: true })
      pending.clear()
      length = 0
      await writeFileAtomically(acceptedFile, JSON.stringify(accepted))
      return accepted
    },
    drifted() {
      driftDirty = true
    },
    isChanged: () => whole || driftDirty || pending.size > 0,
    async saveDrift() {
      if (!driftDirty) return
      driftDirty = false
      await saveDrift()
    },
    async save(except = new Map()) {
      const lines: string[] = []
      for (const [path, mark] of pending) {
        if (except.has(path)) continue
        lines.push(JSON.stringify([path, mark]))
        pending.delete(path)
      }
      const added = lines.reduce((sum, line) => sum + line.length + 1, 0)
      if (whole || length + added > LONGEST_JOURNAL) {
        await writeMarks(file, asBefore(marks, except))
        await rm(journal, { force: true })
        await writeFileAtomically(rootsFile, JSON.stringify(rules.roots))
        length = 0
        whole = false
      } else if (lines.length > 0) {
        await appendFile(journal, `${lines.join('\n')}\n`, { mode: 0o600 })
        length += added
      }
    },
  }
}

/** The marks, with those of some paths as they were before. */
function* asBefore(
  marks: ReadonlyMap<string, string>,
  before: ReadonlyMap<string, Mark | undefined>,
): Generator<readonly [string, string]> {
  for (const entry of marks) if (!before.has(entry[0])) yield entry
  for (const [path, mark] of before) if (mark !== undefined) yield [path, writeMark(mark)]
}
