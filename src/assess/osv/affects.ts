import type { VersionScheme } from '../version/scheme.ts'
import { schemeOfEcosystem, schemeOfType } from '../version/schemes.ts'
import type { OsvAffected, OsvEvent, OsvRange } from './record.ts'

/**
 * `unordered`: the ecosystem's order of versions is not known, so that a range cannot be judged; only listed versions count.
 */
export type Judgement = { readonly affected: boolean; readonly unordered?: true; readonly fixed?: readonly string[] }

const NOT: Judgement = { affected: false }

/** Whether a version is affected, by the evaluation algorithm of the OSV schema; `fixed` are the versions that would help. */
export function affects(entry: OsvAffected, version: string): Judgement {
  const ecosystem = entry.package?.ecosystem ?? ''
  const scheme = schemeOfEcosystem(ecosystem)
  const ranges = (entry.ranges ?? []).filter(({ type }) => type !== 'GIT')
  const listed = (entry.versions ?? []).some((one) => one === version || scheme?.compare(one, version) === 0)
  let unordered = false
  const fixed = new Set<string>()
  let hit = listed
  for (const range of ranges) {
    const order = range.type === 'SEMVER' ? schemeOfType('semver') : scheme
    if (order === undefined) {
      unordered = true
      continue
    }
    const helps = fixIn(range, version, order)
    if (helps !== undefined) hit = true
    if (helps?.fixed !== undefined) fixed.add(helps.fixed)
    // A version that is only listed is helped by any later fix.
    if (listed && helps === undefined)
      for (const { fixed: later } of range.events) if (later !== undefined && order.compare(version, later) < 0) fixed.add(later)
  }
  if (hit) return { affected: true, fixed: [...fixed] }
  return unordered ? { affected: false, unordered: true } : NOT
}

/** Whether a range holds a commit that an event names; the history between commits is not known here. */
export function affectsCommit(entry: OsvAffected, commit: string): boolean {
  return (entry.ranges ?? []).some(
    ({ type, events }) =>
      type === 'GIT' && events.some(({ introduced, last_affected: last }) => introduced === commit || last === commit),
  )
}

/** The first fix after the version where the range holds it; undefined where it does not. */
function fixIn({ events }: OsvRange, version: string, order: VersionScheme): { readonly fixed?: string } | undefined {
  const sorted = events.toSorted((a, b) => compareEvents(a, b, order))
  let vulnerable = false
  let end: string | undefined
  for (const event of sorted) {
    if (event.introduced !== undefined) {
      if (event.introduced === '0' || order.compare(version, event.introduced) >= 0) vulnerable = true
    } else if (event.fixed !== undefined) {
      if (order.compare(version, event.fixed) >= 0) vulnerable = false
      else end ??= event.fixed
    } else if (event.last_affected !== undefined) {
      if (order.compare(version, event.last_affected) > 0) vulnerable = false
    }
  }
  const limits = events.flatMap(({ limit }) => limit ?? [])
  if (limits.length > 0 && !limits.some((limit) => limit === '*' || order.compare(version, limit) < 0)) return undefined
  if (!vulnerable) return undefined
  return end === undefined ? {} : { fixed: end }
}

function versionOf({ introduced, fixed, last_affected: last, limit }: OsvEvent): string {
  return introduced ?? fixed ?? last ?? limit ?? '0'
}

function compareEvents(a: OsvEvent, b: OsvEvent, order: VersionScheme): number {
  const [one, other] = [versionOf(a), versionOf(b)]
  if (one === '0' || other === '0') return Number(one !== '0') - Number(other !== '0')
  return order.compare(one, other)
}
