import { createHash } from 'node:crypto'
import { type Drift, type IntegrityReport, MOST_DRIFT } from '../../hosts/schema.ts'
import type { JsonObject } from '../../kernel/json.ts'
import type { CollectorContext } from '../collector.ts'
import { driftView, fileFields, isVerified, previousFields } from './describe.ts'
import type { Drifted, Marks } from './drift.ts'
import type { Integrity, Watching } from './integrity.ts'
import { changesBetween, type Mark, readMark, writeMark } from './mark.ts'
import type { PackageChanges } from './package-change.ts'
import type { Rules } from './rules.ts'

/** How a change came to light: as it happened, by reading everything again, or at the start. */
export type Found = 'watch' | 'check' | 'start'

export interface Told {
  readonly path: string
  readonly before: Mark | undefined
  readonly after: Mark | undefined
  /** What differs, where there was and is something. */
  readonly changed: readonly string[]
  readonly found: Found
}

export interface Teller extends Watching {
  readonly tell: (told: Told) => void
  /** Takes for told what was told before a crash that came before it was kept. */
  readonly toldBefore: (told: Pick<Told, 'path' | 'before' | 'after'>) => void
  /** Sends what waited for who did it, as far as that is known by now or will not be any more; with `all` everything. */
  readonly flush: (all?: boolean) => Promise<void>
  /** What is not told yet, by its path: as it was before. */
  readonly untold: () => ReadonlyMap<string, Mark | undefined>
  readonly ready: () => void
  /** Everything was read; so many changes came to light by that alone. */
  readonly checked: (at: number, missed: number) => void
}

interface TellerDeps {
  readonly context: CollectorContext
  readonly rules: Rules
  readonly marks: Marks
  readonly nameOf: (uid: number) => string | undefined
  readonly packages: PackageChanges
  readonly integrity: Integrity
}

interface Waiting extends Told {
  readonly at: number
  /** By a clock that nobody sets: a change must not wait for who did it until a clock that was set back has caught up. */
  readonly since: number
}

/** A change waits this long for the audit system to say who; the package manager takes longer to write down what it did. */
const AUDIT_MS = 1_200
const PACKAGE_MS = 4_000
/** What happened this long before it was found was found by the watch all the same. */
const SEEN_MS = 10_000

/** Tells of changes as events, and keeps what drifted from the baseline. */
export function createTeller({ context, rules, marks, nameOf, packages, integrity }: TellerDeps): Teller {
  const { emit } = context
  const { audited } = integrity
  let waiting: Waiting[] = []
  let began = false
  let checkedAt: number | null = null
  let missed = 0
  let counted: { readonly unverified: number } | undefined

  const drift = (told: Pick<Told, 'path' | 'before' | 'after'>, at: number, by: JsonObject): void => {
    const { path, before, after } = told
    const known = marks.drift.get(path)
    const was = known === undefined ? (before === undefined ? null : writeMark(before)) : known.before
    const is = after === undefined ? null : writeMark(after)
    const back =
      was === null ? is === null : is !== null && changesBetween(readMark(was), readMark(is), rules.of(path).checks).length === 0
    if (back) marks.drift.delete(path)
    else {
      const drifted: Drifted = { before: was, now: is, first: known?.first ?? at, last: at, frozen: rules.of(path).frozen, by }
      marks.drift.set(path, drifted)
    }
    marks.drifted()
    counted = undefined
  }

  /** Who did it, as far as it is known; undefined while it may still come to be. */
  const whoDid = async (told: Waiting, all: boolean): Promise<JsonObject | undefined> => {
    const { path, before, after, found, at, since } = told
    const happened = after === undefined || after.ctime === -1 ? undefined : after.ctime
    const from = happened ?? at - (found === 'watch' ? SEEN_MS : Math.max(SEEN_MS, at - (checkedAt ?? at)))
    const did = before === undefined ? 'made' : after === undefined ? 'unmade' : 'changed'
    const act = audited.find(path, (after ?? before)!.ino, from - 2_000, did)
    const age = performance.now() - since
    if (act === undefined && audited.live() && age < AUDIT_MS && !all) return undefined
    const type = (after ?? before)!.type
    const pack = await packages.find({ path, type, gone: after === undefined, from, to: happened ?? at })
    if (pack === undefined && !all && age < PACKAGE_MS && (await packages.busy())) return undefined
    return {
      ...(act?.process === undefined ? {} : { process: act.process }),
      ...(act?.user === undefined ? {} : { user: act.user }),
      ...(pack === undefined ? {} : { package: { name: pack.name, version: pack.version, type: pack.type, reference: pack.by } }),
    }
  }

  const send = ({ path, before, after, changed, found, at }: Waiting, by: JsonObject): void => {
    const what = before === undefined ? 'creation' : after === undefined ? 'deletion' : 'change'
    const { frozen } = rules.of(path)
    const unverified = !isVerified({ frozen, by })
    const previous = before === undefined || after === undefined ? {} : previousFields(before, changed)
    const event = {
      '@timestamp': new Date(at).toISOString(),
      event: { kind: 'event', category: ['file'], type: [what], action: `file-${what}` },
      file: fileFields(path, (after ?? before)!, nameOf),
      ...by,
      kanpeki_agent: {
        file: {
          found,
          ...(changed.length === 0 ? {} : { changed: [...changed] }),
          ...(Object.keys(previous).length === 0 ? {} : { previous }),
          ...(changed.includes('acl') ? { acl: { before: before?.acl ?? '', now: after?.acl ?? '' } } : {}),
          ...(frozen ? { frozen } : {}),
          ...(unverified ? { unverified } : {}),
        },
      },
    }
    emit(event, [path, after === undefined ? null : writeMark(after)])
  }

  const views = (): Drift[] =>
    [...marks.drift]
      .toSorted(([, a], [, b]) => b.last - a.last)
      .slice(0, MOST_DRIFT)
      .flatMap(([path, drifted]) => driftView(path, drifted, rules.of(path)) ?? [])

  const stateNow = (): string => {
    const hash = createHash('sha256').update(`${marks.accepted()?.digest ?? ''}\n${rules.hash}\n`)
    for (const path of [...marks.drift.keys()].toSorted()) hash.update(`${path}\0${marks.drift.get(path)!.now}\n`)
    return hash.digest('hex')
  }
  const unverifiedNow = (): number => {
    counted ??= { unverified: [...marks.drift.values()].filter((one) => !isVerified(one)).length }
    return counted.unverified
  }

  return {
    tell(told) {
      const at = Date.now()
      drift(told, at, marks.drift.get(told.path)?.by ?? {})
      waiting.push({ ...told, at, since: performance.now() })
    },
    toldBefore(told) {
      drift(told, Date.now(), marks.drift.get(told.path)?.by ?? {})
    },
    async flush(all = false) {
      if (waiting.length === 0) return
      const still: typeof waiting = []
      const some = waiting
      waiting = []
      for (const told of some) {
        const by = await whoDid(told, all)
        if (by === undefined) still.push(told)
        else {
          send(told, by)
          const drifted = marks.drift.get(told.path)
          if (drifted !== undefined) marks.drift.set(told.path, { ...drifted, by })
        }
      }
      waiting = [...still, ...waiting]
      counted = undefined
      marks.drifted()
      if (began) integrity.changed()
    },
    untold() {
      const untold = new Map<string, Mark | undefined>()
      for (const { path, before } of waiting) if (!untold.has(path)) untold.set(path, before)
      return untold
    },
    ready() {
      began = true
      integrity.changed()
    },
    checked(at, more) {
      checkedAt = at
      missed += more
    },
    report(): IntegrityReport | undefined {
      if (!began) return undefined
      const accepted = marks.accepted()
      const broken = marks.broken()
      return {
        state: stateNow(),
        baseline:
          accepted === undefined || broken ? null : { command: accepted.command, digest: accepted.digest, at: accepted.at },
        broken,
        paths: marks.size(),
        frozen: rules.frozen,
        changed: marks.drift.size,
        unverified: unverifiedNow(),
        changes: views(),
        checked: checkedAt,
        missed,
      }
    },
    async accept(command) {
      const changes = marks.drift.size
      const { digest } = await marks.accept(command, Date.now())
      counted = undefined
      return { digest, paths: marks.size(), changes }
    },
  }
}
