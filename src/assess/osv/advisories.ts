import { isDeepStrictEqual } from 'node:util'
import { affects, affectsCommit } from './affects.ts'
import { isUbuntuPro, releaseOf } from './distributions.ts'
import { keyOf, type PackageKey } from './names.ts'
import type { OsvAffected, OsvRecord } from './record.ts'

/** Advisories in memory, by package. */
export interface Advisories {
  readonly size: number
  /** Newest `modified` of all, as written; null where there is none: an empty feed proves nothing. */
  readonly newest: string | null
  /** Advisories by ecosystem (`releaseOf`): what is not among them cannot be judged, what has few hardly. */
  readonly ecosystems: ReadonlyMap<string, number>
  readonly record: (id: string) => OsvRecord | undefined
  readonly records: () => Iterable<OsvRecord>
  /** Every package that is named, its ecosystem as `releaseOf` says it, with a version that an advisory calls fixed. */
  readonly packages: () => Iterable<{ readonly ecosystem: string; readonly name: string; readonly fixed: string | undefined }>
  /** What names this package, withdrawn ones left out. */
  readonly of: (key: PackageKey) => readonly Entry[]
  /** What names this commit as the first or last affected. */
  readonly ofCommit: (commit: string) => readonly OsvRecord[]
}

export interface Entry {
  readonly record: OsvRecord
  readonly affected: OsvAffected
}

/** Indexes records; of two with one id the later `modified` counts. */
export function indexAdvisories(records: Iterable<OsvRecord>): Advisories {
  const byId = new Map<string, OsvRecord>()
  for (const record of records) {
    const before = byId.get(record.id)
    if (before === undefined || before.modified < record.modified) byId.set(record.id, record)
  }
  const byKey = new Map<string, Entry[]>()
  const ecosystems = new Map<string, number>()
  const withCommits: Entry[] = []
  let newest: string | null = null
  for (const record of byId.values()) {
    if (isTime(record.modified) && (newest === null || record.modified > newest)) newest = record.modified
    if (record.withdrawn !== undefined || isPlainErratum(record)) continue
    const own = new Set<string>()
    for (const affected of record.affected ?? []) {
      const entry = { record, affected }
      if (affected.ranges?.some(({ type }) => type === 'GIT')) withCommits.push(entry)
      if (affected.package === undefined) continue
      own.add(releaseOf(affected.package.ecosystem))
      const key = keyOf(affected.package)
      const there = byKey.get(key)
      if (there === undefined) byKey.set(key, [entry])
      else there.push(entry)
    }
    for (const one of own) ecosystems.set(one, (ecosystems.get(one) ?? 0) + 1)
  }
  return {
    size: byId.size,
    newest,
    ecosystems,
    record: (id) => byId.get(id),
    records: () => byId.values(),
    packages: () => packagesOf(byKey),
    of: (key) => byKey.get(keyOf(key)) ?? [],
    ofCommit: (commit) => [
      ...new Set(withCommits.filter(({ affected }) => affectsCommit(affected, commit)).map(({ record }) => record)),
    ],
  }
}

/** What packages are called (`keyOf`) of which something else is said now: records come, change and go. */
export function changedPackages(before: Advisories, after: Advisories): ReadonlySet<string> {
  const keys = new Set<string>()
  const add = (record: OsvRecord): void => {
    for (const { package: named } of record.affected ?? []) if (named !== undefined) keys.add(keyOf(named))
  }
  for (const record of after.records()) {
    const old = before.record(record.id)
    if (old === record || (old !== undefined && saysTheSame(old, record))) continue
    add(record)
    if (old !== undefined) add(old)
  }
  for (const record of before.records()) if (after.record(record.id) === undefined) add(record)
  return keys
}

/** Whether two readings of a record differ at most in their time, which some feeds give to all that they hold. */
function saysTheSame(one: OsvRecord, other: OsvRecord): boolean {
  return isDeepStrictEqual({ ...one, modified: '' }, { ...other, modified: '' })
}

/** Bug fixes and enhancements of the Red Hat family are in the same feeds; without a CVE they are no weakness. */
function isPlainErratum({ id, related, upstream, aliases }: OsvRecord): boolean {
  if (!/^(AL|RL|RH|RX|EL)[BE]A-/.test(id)) return false
  return ![...(related ?? []), ...(upstream ?? []), ...(aliases ?? [])].some((name) => name.startsWith('CVE-'))
}

/** Records carry anything for a time. */
function isTime(text: string): boolean {
  return /^[12]\d{3}-\d\d-\d\dT/.test(text) && !Number.isNaN(Date.parse(text))
}

function* packagesOf(byKey: ReadonlyMap<string, readonly Entry[]>) {
  for (const [key, entries] of byKey) {
    const fixes = entries.flatMap(({ affected }) =>
      (affected.ranges ?? []).flatMap(({ events }) => events.flatMap(({ fixed }) => fixed ?? [])),
    )
    yield { ecosystem: key.split('\n')[0]!, name: entries[0]!.affected.package!.name, fixed: fixes[0] }
  }
}

export interface Hit {
  readonly record: OsvRecord
  /** Versions that are not affected any more, by the advisory. */
  readonly fixed: readonly string[]
}

export interface Matched {
  readonly hits: readonly Hit[]
  /** Advisories whose ranges could not be judged, since no order of versions is known for the ecosystem. */
  readonly unjudged: readonly string[]
}

/**
 * Ubuntu's mends for subscribers (`+esm1`) and for everyone are two entries of one record: a version is judged by those of its own
 * kind, by the others where there is none.
 */
function ofTrack(entries: readonly Entry[], version: string): readonly Entry[] {
  const isPro = ({ affected }: Entry): boolean => isUbuntuPro(affected.package!.ecosystem)
  if (!entries.some(isPro)) return entries
  const pro = /esm\d/.test(version)
  const own = new Set(entries.filter((entry) => isPro(entry) === pro).map(({ record }) => record))
  return entries.filter((entry) => isPro(entry) === pro || !own.has(entry.record))
}

/** The advisories that a version of a package is affected by, each once. */
export function matchPackage(advisories: Advisories, key: PackageKey, version: string): Matched {
  const hits = new Map<string, { record: OsvRecord; fixed: Set<string> }>()
  const unjudged = new Set<string>()
  for (const { record, affected } of ofTrack(advisories.of(key), version)) {
    const judged = affects(affected, version)
    if (judged.unordered === true) unjudged.add(record.id)
    if (!judged.affected) continue
    const hit = hits.get(record.id) ?? { record, fixed: new Set<string>() }
    for (const one of judged.fixed ?? []) hit.fixed.add(one)
    hits.set(record.id, hit)
  }
  return {
    hits: [...hits.values()].map(({ record, fixed }) => ({ record, fixed: [...fixed] })),
    unjudged: [...unjudged].filter((id) => !hits.has(id)),
  }
}
