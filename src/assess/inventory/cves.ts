import type { Kysely } from 'kysely'
import { among } from '../../platform/state/alike.ts'
import type { Feeds } from '../feeds/load.ts'
import { keyOf } from '../osv/names.ts'
import { namesOf } from './finding-names.ts'
import type { AssessTables, CvesTable, FindingsTable } from './tables.ts'

type Db = Kysely<Pick<AssessTables, 'assess_cves' | 'assess_findings'>>
type Named = Pick<FindingsTable, 'scope' | 'package' | 'id' | 'ids' | 'aliases'>

/** Parameters a statement may carry are limited (SQLite 32,766): 3 a row. */
const ROWS_A_STATEMENT = 5000

/** Remembers of which packages findings name which CVEs. */
export async function noteCves(db: Db, findings: readonly Named[]): Promise<void> {
  const rows = new Map<string, CvesTable>()
  for (const row of findings)
    for (const cve of namesOf(row))
      if (cve.startsWith('CVE-'))
        rows.set(`${row.scope}\n${cve}\n${row.package}`, { scope: row.scope, cve, package: row.package })
  const all = [...rows.values()]
  for (let at = 0; at < all.length; at += ROWS_A_STATEMENT)
    await db
      .insertInto('assess_cves')
      .values(all.slice(at, at + ROWS_A_STATEMENT))
      .onConflict((conflict) => conflict.columns(['scope', 'cve', 'package']).doNothing())
      .execute()
}

/** Where a finding names one of these CVEs, by scope. @param db not limited to a scope. */
export async function placesNaming(db: Db, cves: ReadonlySet<string>): Promise<readonly Pick<CvesTable, 'scope' | 'package'>[]> {
  return await db.selectFrom('assess_cves').select(['scope', 'package']).distinct().where(among('cve', cves)).execute()
}

/** Assets that have a finding of a package under the name of one of these CVEs. @param db not limited to the scope. */
export async function assetsNaming(
  db: Db,
  { scope, package: place }: Pick<CvesTable, 'scope' | 'package'>,
  cves: ReadonlySet<string>,
): Promise<readonly string[]> {
  const there = db.selectFrom('assess_findings').where('scope', '=', scope).where('package', '=', place)
  const known = await there.select(['id', 'ids', 'aliases']).distinct().execute()
  const named = known.filter((row) => namesOf(row).some((name) => cves.has(name)))
  if (named.length === 0) return []
  const ids = new Set(named.map(({ id }) => id))
  const rows = await there.select('asset').distinct().where(among('id', ids)).execute()
  return rows.map(({ asset }) => asset)
}

/** CVEs of which KEV, EPSS or they themselves say something else now. */
export function changedCves(before: Feeds, after: Feeds): ReadonlySet<string> {
  return new Set([
    ...differing(before.kev?.byCve, after.kev?.byCve),
    ...differing(before.epss?.byCve, after.epss?.byCve),
    ...differing(before.cves, after.cves),
  ])
}

function* differing<T extends object>(
  before: ReadonlyMap<string, T> = new Map(),
  after: ReadonlyMap<string, T> = new Map(),
): Generator<string> {
  for (const [cve, said] of after) if (!same(before.get(cve), said)) yield cve
  for (const cve of before.keys()) if (!after.has(cve)) yield cve
}

function same(one: object | undefined, other: object): boolean {
  return one === other || (one !== undefined && JSON.stringify(one) === JSON.stringify(other))
}

/** What packages are called of which an advisory, of either time, tells of one of these CVEs. */
export function packagesOf(cves: ReadonlySet<string>, feeds: readonly Pick<Feeds, 'advisories'>[]): ReadonlySet<string> {
  const keys = new Set<string>()
  if (cves.size === 0) return keys
  for (const { advisories } of feeds)
    for (const { id, aliases, upstream, related, affected } of advisories.records()) {
      const names = [id, ...(aliases ?? []), ...(upstream ?? []), ...(related ?? [])]
      if (!names.some((name) => cves.has(name))) continue
      for (const { package: named } of affected ?? []) if (named !== undefined) keys.add(keyOf(named))
    }
  return keys
}
