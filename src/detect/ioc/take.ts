import { jsonText } from '../../platform/state/columns.ts'
import type { State } from '../../platform/state/state.ts'
import { changeList, type IocDb } from './queries.ts'
import type { Reading } from './read/reading.ts'
import type { Added, SkippedView, SkippedWhy } from './schema.ts'
import { NOTHING_SKIPPED, removeMissing, removeRevised, type TakeOptions, takeReading } from './store.ts'
import type { IocListsTable, IocTables } from './tables.ts'

/** A transaction holds up the writer: large lists are taken in several. */
const A_TRANSACTION = 10_000
const NAMED = 20

/**
 * Takes a reading into a list, in transactions of a bounded size. Interrupted, the next reading takes the rest.
 * @param whole what the list held and the reading does not is gone.
 */
export async function takeInParts(
  state: State,
  list: IocListsTable,
  reading: Reading,
  { whole, ...options }: TakeOptions & { readonly whole: boolean },
): Promise<Added & { readonly removed: number }> {
  const total = { added: 0, changed: 0, removed: 0 }
  let skipped: SkippedView = NOTHING_SKIPPED
  const { indicators } = reading
  total.removed += await state.transaction<IocTables, number>((trx: IocDb) =>
    removeRevised(trx, list, reading, options.by, options.now),
  )
  for (let at = 0; at === 0 || at < indicators.length; at += A_TRANSACTION) {
    const part = {
      indicators: indicators.slice(at, at + A_TRANSACTION),
      skipped: at === 0 ? reading.skipped : [],
    }
    const taken = await state.transaction<IocTables, Awaited<ReturnType<typeof takeReading>>>((trx: IocDb) =>
      takeReading(trx, list, part, options),
    )
    total.added += taken.added
    total.changed += taken.changed
    skipped = joined(skipped, taken.skipped)
  }
  const still = new Set(indicators.map(({ value }) => value))
  await state.transaction<IocTables, void>(async (trx: IocDb) => {
    if (whole) total.removed += await removeMissing(trx, list, still, options.by, options.now)
    await changeList(trx, list.id, { skipped: jsonText(skipped) })
  })
  return { ...total, skipped }
}

function joined(one: SkippedView, other: SkippedView): SkippedView {
  const counts: Partial<Record<SkippedWhy, number>> = { ...one.counts }
  for (const [why, count] of Object.entries(other.counts) as [SkippedWhy, number][]) counts[why] = (counts[why] ?? 0) + count
  return { counts, first: [...one.first, ...other.first].slice(0, NAMED) }
}
