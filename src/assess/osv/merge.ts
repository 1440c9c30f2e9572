import type { Hit } from './advisories.ts'

/** One vulnerability of one package, whatever number of databases tell of it. */
export interface MergedHit {
  /** What it is called: the CVE where there is one, otherwise the first of `ids`. */
  readonly id: string
  /** Every advisory that tells of it, sorted. */
  readonly ids: readonly string[]
  /** Further names of it that no advisory at hand is called by. */
  readonly aliases: readonly string[]
  readonly hits: readonly Hit[]
  readonly fixed: readonly string[]
}

/** Joins advisories that call each other, or the same third, an alias: an alias is never counted twice. */
export function mergeAliases(hits: readonly Hit[]): readonly MergedHit[] {
  const parent = new Map<string, string>()
  const rootOf = (id: string): string => {
    let at = id
    while (parent.get(at) !== undefined && parent.get(at) !== at) at = parent.get(at)!
    parent.set(id, at)
    return at
  }
  for (const { record } of hits) for (const alias of record.aliases ?? []) parent.set(rootOf(alias), rootOf(record.id))
  return [...Map.groupBy(hits, ({ record }) => rootOf(record.id)).values()].map((group) => {
    const ids = group.map(({ record }) => record.id).sort()
    const names = new Set([...ids, ...group.flatMap(({ record }) => record.aliases ?? [])])
    const cve = [...names].filter((name) => name.startsWith('CVE-')).sort()[0]
    return {
      id: cve ?? ids[0]!,
      ids,
      aliases: [...names].filter((name) => !ids.includes(name)).sort(),
      hits: group,
      fixed: [...new Set(group.flatMap(({ fixed }) => fixed))],
    }
  })
}
