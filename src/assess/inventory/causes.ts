import { readJson } from '../../platform/state/columns.ts'
import { gravestExploit } from '../feeds/cve.ts'
import type { Feeds } from '../feeds/load.ts'
import type { Subject } from '../prioritise/policy.ts'
import { riskOf, type Surroundings } from '../prioritise/risk.ts'
import type { UsedFinding } from '../weighing/use.ts'
import { type RatedHere, rateHere } from '../work/ratings.ts'
import { namesOf } from './finding-names.ts'
import type { AssetFacts } from './queries.ts'
import type { FindingsTable } from './tables.ts'

/** One weakness of one asset, whichever scanners report it. */
export interface Cause {
  /** What most is known of. */
  readonly row: UsedFinding
  /** As each source has it. */
  readonly rows: readonly UsedFinding[]
  /** Every name that any of them gives it. */
  readonly names: readonly string[]
  readonly fixed: readonly string[]
  /** It is there as long as one source still sees it. */
  readonly gone: number | null
  readonly firstSeen: number
  readonly opened: number
  readonly lastSeen: number
}

/** Joins what several sources report of the same place under names that hang together: an alias is never counted twice. */
export function causesOf(rows: readonly UsedFinding[]): readonly Cause[] {
  const places = Map.groupBy(rows, ({ scope, asset, package: name }) => `${scope}\u0000${asset.toLowerCase()}\u0000${name}`)
  return [...places.values()].flatMap((place) => (place.length === 1 ? [causeOf(place)] : joined(place).map(causeOf)))
}

function joined(rows: readonly UsedFinding[]): readonly UsedFinding[][] {
  const groups: { names: Set<string>; rows: UsedFinding[] }[] = []
  for (const row of rows) {
    const names = new Set(namesOf(row))
    const touching = groups.filter((group) => !group.names.isDisjointFrom(names))
    const [first, ...others] = touching
    if (first === undefined) {
      groups.push({ names, rows: [row] })
      continue
    }
    first.rows.push(row)
    for (const name of names) first.names.add(name)
    for (const other of others) {
      first.rows.push(...other.rows)
      for (const name of other.names) first.names.add(name)
      groups.splice(groups.indexOf(other), 1)
    }
  }
  return groups.map((group) => group.rows)
}

function causeOf(rows: readonly UsedFinding[]): Cause {
  const open = rows.filter((row) => row.gone_at === null)
  const [row] = (open.length === 0 ? rows : open).toSorted(
    (a, b) =>
      Number(b.id.startsWith('CVE-')) - Number(a.id.startsWith('CVE-')) ||
      (b.score ?? -1) - (a.score ?? -1) ||
      // In whatever order rows are read, the same one stands for a cause.
      (keyOf(a) < keyOf(b) ? -1 : 1),
  )
  return {
    row: row!,
    rows,
    names: [...new Set(rows.flatMap(namesOf))],
    fixed: [...new Set(rows.flatMap((one) => readJson<string[]>(one.fixed)))],
    gone: open.length === 0 ? Math.max(...rows.map((one) => one.gone_at!)) : null,
    firstSeen: Math.min(...rows.map((one) => one.first_seen)),
    opened: Math.min(...(open.length === 0 ? rows : open).map((one) => one.opened_at ?? one.first_seen)),
    lastSeen: Math.max(...rows.map((one) => one.last_seen)),
  }
}

function keyOf({ id, asset, source }: FindingsTable): string {
  return `${id}\n${asset}\n${source}`
}

/** Assets by every name they have, in small letters. */
export function assetsByName(assets: readonly AssetFacts[]): ReadonlyMap<string, AssetFacts> {
  return new Map(assets.flatMap((asset) => readJson<string[]>(asset.names).map((name) => [name.toLowerCase(), asset] as const)))
}

export function surroundingsOf(asset: AssetFacts | undefined, rows: readonly FindingsTable[]): Surroundings {
  const used = rows.map((row) => row.in_use).filter((one) => one !== null)
  return {
    exposure: asset === undefined ? null : (readJson<Record<string, string>>(asset.labels)['exposure'] ?? null),
    criticality: asset?.criticality ?? null,
    inUse: used.length === 0 ? null : used.includes(1),
  }
}

/** A cause as policies ask about it, weighed by what KEV and EPSS say today, whoever reported it, and as it is rated here. */
export function subjectOf(
  cause: Cause,
  asset: AssetFacts | undefined,
  { kev, epss, cves: known }: Pick<Feeds, 'kev' | 'epss' | 'cves'>,
  rated: RatedHere,
): Subject {
  const { row, rows, names } = cause
  const cves = names.filter((name) => name.startsWith('CVE-'))
  const listed = cves.map((cve) => kev?.byCve.get(cve)?.added).filter((one) => one !== undefined)
  const likely = cves.map((cve) => epss?.byCve.get(cve)?.score).filter((one) => one !== undefined)
  const weakness = {
    ...rateHere(row, rated),
    exploited: rows.map((one) => one.exploited).find((one) => one !== null) ?? listed[0] ?? null,
    epss: likely.length === 0 ? row.epss : Math.max(...likely),
    exploit: gravestExploit(cves.flatMap((cve) => known.get(cve)?.exploit ?? [])),
  }
  const around = surroundingsOf(asset, rows)
  return {
    kind: row.kind,
    names,
    package: row.package,
    weakness,
    fixable: cause.fixed.length > 0,
    around,
    risk: riskOf(weakness, around),
  }
}
