import type { Hit } from './advisories.ts'
import type { OsvRecord } from './record.ts'

/** One vulnerability of one package, whatever number of databases tell of it. */
export interface MergedHit {
  /** What it is called: the CVE where there is one, otherwise the first of `ids`. */
  readonly id: string
  /** Every advisory that tells of it, sorted. */
  readonly ids: readonly string[]
  /** Further names of it that no advisory at hand is called by. */
  readonly aliases: readonly string[]
  readonly hits: readonly Hit[]
  /** What mends this and others together: not a name of it, or whatever is said of one would be said of all. */
  readonly bundles: readonly Hit[]
  /** By advisories and bundles. */
  readonly fixed: readonly string[]
}

/** The CVEs that a distribution's record tells of: it names them as what lies upstream, not as its own name. */
const cvesMended = ({ upstream }: OsvRecord): readonly string[] => [
  ...new Set((upstream ?? []).filter((name) => name.startsWith('CVE-'))),
]

/** The other names of a record; a distribution's record of one CVE (`DEBIAN-CVE-…`, `UBUNTU-CVE-…`, `CGA-…`) is about that one. */
function namesOf(record: OsvRecord): readonly string[] {
  const cves = cvesMended(record)
  return [...new Set([...(record.aliases ?? []), ...(cves.length === 1 ? cves : [])])]
}

/** Advisories of several CVEs (`DSA-…`, `USN-…`) of which each is told by a record of its own that concerns the package too. */
function bundlesToldOneByOne(hits: readonly Hit[]): readonly Hit[] {
  const told = new Set(hits.flatMap(({ record }) => (cvesMended(record).length > 1 ? [] : [record.id, ...namesOf(record)])))
  return hits.filter(({ record }) => {
    const cves = cvesMended(record)
    return cves.length > 1 && cves.every((cve) => told.has(cve))
  })
}

/**
 * Joins advisories that call each other, or the same third, an alias: an alias is never counted twice. What a distribution's
 * advisory mends together counts by its CVEs where records of them are at hand, and as one where they are not.
 */
export function mergeAliases(hits: readonly Hit[]): readonly MergedHit[] {
  const parent = new Map<string, string>()
  const rootOf = (id: string): string => {
    let at = id
    while (parent.get(at) !== undefined && parent.get(at) !== at) at = parent.get(at)!
    parent.set(id, at)
    return at
  }
  const bundles = new Set(bundlesToldOneByOne(hits))
  const single = hits.filter((hit) => !bundles.has(hit))
  for (const { record } of single) for (const alias of namesOf(record)) parent.set(rootOf(alias), rootOf(record.id))
  const bundlesOf = new Map<string, Set<Hit>>()
  for (const bundle of bundles)
    for (const root of new Set(cvesMended(bundle.record).map(rootOf)))
      bundlesOf.set(root, (bundlesOf.get(root) ?? new Set()).add(bundle))
  return [...Map.groupBy(single, ({ record }) => rootOf(record.id))].map(([root, group]) => {
    const ids = [...new Set(group.map(({ record }) => record.id))].sort()
    const names = new Set([...ids, ...group.flatMap(({ record }) => namesOf(record))])
    const mending = [...(bundlesOf.get(root) ?? [])]
    const cve = [...names].filter((name) => name.startsWith('CVE-')).sort()[0]
    return {
      id: cve ?? ids[0]!,
      ids,
      aliases: [...names].filter((name) => !ids.includes(name)).sort(),
      hits: group,
      bundles: mending,
      // The package is mended by the bundle as well as by the fix that its own record names.
      fixed: [...new Set([...group, ...mending].flatMap(({ fixed }) => fixed))],
    }
  })
}
