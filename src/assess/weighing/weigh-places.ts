import type { Kysely } from 'kysely'
import { scopedTo } from '../../platform/state/scope.ts'
import { findingsAtPlaces } from '../inventory/queries.ts'
import type { AssessTables, FindingsTable, TallyTable, WeighedTable } from '../inventory/tables.ts'
import { weigh } from '../inventory/view.ts'
import { knownOf } from './known.ts'
import { addTally, dropWeighed, markChanged, saveTexts, saveWeighed, weighedAtPlaces, weighingsAt } from './queries.ts'
import { basesThatHold, keyOf, rowOf, type Scales, same, tallyOf, textsOf } from './weigh-asset.ts'

/**
 * Weighs what is known of some packages on some assets, and nothing else of these assets. An asset that waits to be weighed
 * for another reason goes on waiting.
 * @param trx the transaction in which these findings were written.
 * @param changed of one scope.
 */
export async function weighPlaces(
  trx: Kysely<AssessTables>,
  scope: string,
  changed: readonly Pick<FindingsTable, 'scope' | 'asset' | 'package'>[],
  scales: Scales,
): Promise<void> {
  const db = scopedTo(trx, scope)
  const { now, feeds, policy } = scales
  const weighings = Map.groupBy(
    await weighingsAt(db, [...new Set(changed.map(({ asset }) => asset.toLowerCase()))]),
    (row) => row.folded,
  )
  const current = new Map<string, boolean>()
  const holds = basesThatHold(scales)
  const isCurrent = (folded: string): boolean => {
    const known = current.get(folded)
    if (known !== undefined) return known
    const rows = weighings.get(folded) ?? []
    const ready = rows.length > 0 && rows.every((row) => holds(folded, row.basis) && (row.until === null || row.until > now))
    current.set(folded, ready)
    return ready
  }
  const spelled = (one: { readonly asset: string }): boolean =>
    weighings.get(one.asset.toLowerCase())?.some(({ asset }) => asset === one.asset) === true
  const [ready, waiting] = [true, false].map((ready) =>
    changed.filter((one) => (isCurrent(one.asset.toLowerCase()) && spelled(one)) === ready),
  )
  await markChanged(trx, waiting!)
  // Marked just now, by another spelling of the same asset.
  const left = new Set(waiting!.map(({ asset }) => asset.toLowerCase()))
  const places = ready!
    .filter(({ asset }) => !left.has(asset.toLowerCase()))
    .flatMap(({ asset, package: place }) =>
      weighings.get(asset.toLowerCase())!.map((row) => ({ asset: row.asset, package: place })),
    )
  if (places.length === 0) return
  const assets = [...new Set(places.map(({ asset }) => asset))]
  const { known } = await knownOf(db, await findingsAtPlaces(db, places), assets, scales)
  const weighed = weigh(known, feeds, policy, now)
  const rows = new Map(weighed.map((one) => [keyOf(one.cause.row), rowOf(scope, one)]))
  const before = new Map((await weighedAtPlaces(db, places)).map((row) => [keyOf(row), row]))
  const other = [...rows].flatMap(([key, row]) => (same(before.get(key), row) ? [] : [row]))
  const gone = [...before].flatMap(([key, row]) => (rows.has(key) ? [] : [row]))
  await saveWeighed(trx, other)
  await dropWeighed(db, gone)
  await addTally(trx, scope, differences(scope, [...gone, ...other.flatMap((row) => before.get(keyOf(row)) ?? [])], other))
  await saveTexts(trx, textsOf(scope, weighed, new Set()))
}

/** What is to be added to the tallies of each asset, which may be less than nothing. */
function differences(scope: string, less: readonly WeighedTable[], more: readonly WeighedTable[]): readonly TallyTable[] {
  const lines = new Map<string, TallyTable>()
  for (const [sign, rows] of [
    [-1, less],
    [1, more],
  ] as const)
    for (const [folded, some] of Map.groupBy(rows, ({ asset }) => asset.toLowerCase()))
      for (const line of tallyOf(scope, folded, some)) {
        const { causes, ...alike } = line
        const key = JSON.stringify(alike)
        lines.set(key, { ...line, causes: (lines.get(key)?.causes ?? 0) + sign * causes })
      }
  return [...lines.values()].filter(({ causes }) => causes !== 0)
}
