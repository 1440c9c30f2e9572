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

interface Parts {
  readonly byId: ReadonlyMap<string, OsvRecord>
  readonly byKey: ReadonlyMap<string, readonly Entry[]>
  readonly ecosystems: ReadonlyMap<string, number>
  readonly withCommits: readonly Entry[]
}

const NOTHING: Parts = { byId: new Map(), byKey: new Map(), ecosystems: new Map(), withCommits: [] }
const parts = new WeakMap<Advisories, Parts>()

/**
 * Indexes records; of two with one id the later `modified` counts. What names a package is told in the order of the ids.
 * @param before an index of nearly the same records (the same objects): only what differs is done anew.
 */
export function indexAdvisories(records: Iterable<OsvRecord>, before?: Advisories): Advisories {
  const byId = new Map<string, OsvRecord>()
  let newest: string | null = null
  for (const record of records) {
    const other = byId.get(record.id)
    if (other === undefined || other.modified < record.modified) byId.set(record.id, record)
  }
  const known = (before === undefined ? undefined : parts.get(before)) ?? NOTHING
  const come: OsvRecord[] = []
  const gone = new Set<OsvRecord>()
  for (const [id, record] of byId) {
    if ((newest === null || record.modified > newest) && isTime(record.modified)) newest = record.modified
    const was = known.byId.get(id)
    if (was === record) continue
    come.push(record)
    if (was !== undefined) gone.add(was)
  }
  for (const [id, was] of known.byId) if (!byId.has(id)) gone.add(was)
  if (before !== undefined && come.length === 0 && gone.size === 0) return before
  return advisoriesOf({ byId, ...indexed(known, gone, come) }, newest)
}

function indexed(known: Parts, gone: ReadonlySet<OsvRecord>, come: readonly OsvRecord[]): Omit<Parts, 'byId'> {
  const byKey = new Map(known.byKey)
  const ecosystems = new Map(known.ecosystems)
  const withCommits = known.withCommits.filter(({ record }) => !gone.has(record))
  const touched = new Map<string, Entry[]>()
  const at = (key: string): Entry[] => {
    let entries = touched.get(key)
    if (entries === undefined) {
      entries = (byKey.get(key) ?? []).filter(({ record }) => !gone.has(record))
      touched.set(key, entries)
    }
    return entries
  }
  const count = (releases: ReadonlySet<string>, by: 1 | -1): void => {
    for (const one of releases) {
      const left = (ecosystems.get(one) ?? 0) + by
      if (left === 0) ecosystems.delete(one)
      else ecosystems.set(one, left)
    }
  }
  for (const record of gone) {
    if (isSilent(record)) continue
    const releases = new Set<string>()
    for (const { package: named } of record.affected ?? []) {
      if (named === undefined) continue
      const { key, release } = lookedUpBy(named)
      at(key)
      releases.add(release)
    }
    count(releases, -1)
  }
  for (const record of come) {
    if (isSilent(record)) continue
    const releases = new Set<string>()
    for (const affected of record.affected ?? []) {
      const entry = { record, affected }
      if (affected.ranges?.some(({ type }) => type === 'GIT')) withCommits.push(entry)
      if (affected.package === undefined) continue
      const { key, release } = lookedUpBy(affected.package)
      at(key).push(entry)
      releases.add(release)
    }
    count(releases, 1)
  }
  for (const [key, entries] of touched)
    if (entries.length === 0) byKey.delete(key)
    else byKey.set(key, entries.length === 1 ? entries : entries.sort(byRecordId))
  return { byKey, ecosystems, withCommits: withCommits.sort(byRecordId) }
}

function advisoriesOf(own: Parts, newest: string | null): Advisories {
  const { byId, byKey, ecosystems, withCommits } = own
  const advisories: Advisories = {
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
  parts.set(advisories, own)
  return advisories
}

function byRecordId(one: Entry, other: Entry): number {
  return one.record.id < other.record.id ? -1 : one.record.id > other.record.id ? 1 : 0
}

/** Withdrawn, or no weakness. */
function isSilent(record: OsvRecord): boolean {
  return record.withdrawn !== undefined || isPlainErratum(record)
}

/** Records stay in memory while feeds are read again and again. */
const lookups = new WeakMap<PackageKey, { readonly key: string; readonly release: string }>()

function lookedUpBy(named: PackageKey): { readonly key: string; readonly release: string } {
  let known = lookups.get(named)
  if (known === undefined) {
    known = { key: keyOf(named), release: releaseOf(named.ecosystem) }
    lookups.set(named, known)
  }
  return known
}

/** What packages are called (`keyOf`) of which something else is said now: records come, change and go. */
export function changedPackages(before: Advisories, after: Advisories): ReadonlySet<string> {
  const keys = new Set<string>()
  if (before === after) return keys
  const add = (record: OsvRecord): void => {
    for (const { package: named } of record.affected ?? []) if (named !== undefined) keys.add(lookedUpBy(named).key)
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
