import { flag } from '../../platform/state/columns.ts'
import { namesOf } from './finding-names.ts'
import type { FindingsTable } from './tables.ts'

/** What a scan says of a weakness; what was known of it before is added here. */
export type SeenFinding = Omit<
  FindingsTable,
  'first_seen' | 'last_seen' | 'opened_at' | 'gone_at' | 'gone_by' | 'gone_outbox' | 'regressed'
>

/** What a look changes. */
export interface Reconciled {
  /** Rows to write: seen now, or gone since. */
  readonly rows: readonly FindingsTable[]
  readonly open: number
  readonly found: readonly FindingsTable[]
  readonly regressed: readonly FindingsTable[]
  readonly gone: readonly FindingsTable[]
}

/**
 * New → open → gone → open again (regressed): the same weakness keeps its first sight whatever happens in between, and when
 * advisories call it something else; what goes by its old name is closed then, and was not mended.
 * @param closedBy asked of what is known and was not seen: the proof that it is gone (null: its advisory went, not the
 *   weakness), or undefined where this look proves nothing of it.
 */
export function reconcile(
  seen: Iterable<SeenFinding>,
  known: readonly FindingsTable[],
  closedBy: (row: FindingsTable) => string | null | undefined,
  now: number,
): Reconciled {
  const before = new Map(known.map((row) => [placeOf(row), row]))
  const rows = new Map<string, FindingsTable>()
  const found: FindingsTable[] = []
  const regressed: FindingsTable[] = []
  const all = [...seen]
  const formerOf = formerNames(all, known)
  const former = new Set<FindingsTable>()
  for (const one of all) {
    const place = placeOf(one)
    if (rows.has(place)) continue
    const renamed = before.has(place) ? undefined : formerOf(one)
    if (renamed !== undefined) former.add(renamed)
    const old = before.get(place) ?? renamed
    const back = old !== undefined && old.gone_at !== null
    const row: FindingsTable = {
      ...one,
      first_seen: old?.first_seen ?? now,
      last_seen: now,
      opened_at: back ? now : (old?.opened_at ?? now),
      gone_at: null,
      gone_by: null,
      gone_outbox: null,
      regressed: flag(back || old?.regressed === 1),
    }
    rows.set(place, row)
    if (old === undefined) found.push(row)
    if (back) regressed.push(row)
  }
  const closed = [...former].flatMap((row) => (row.gone_at === null ? [{ ...row, gone_at: now, gone_by: null }] : []))
  const missed = known.filter((row) => row.gone_at === null && !rows.has(placeOf(row)) && !former.has(row))
  const gone = missed.flatMap((row) => {
    const proof = closedBy(row)
    return proof === undefined ? [] : [{ ...row, gone_at: now, gone_by: proof }]
  })
  return { rows: [...rows.values(), ...closed, ...gone], open: rows.size + missed.length - gone.length, found, regressed, gone }
}

/** Finds what was known of a package under another of the names of what is seen now, and is seen by that name no longer. */
function formerNames(
  seen: readonly SeenFinding[],
  known: readonly FindingsTable[],
): (one: SeenFinding) => FindingsTable | undefined {
  if (known.length === 0) return () => undefined
  let left: Map<string, FindingsTable> | undefined
  return (one) => {
    if (left === undefined) {
      const here = new Set(seen.map(placeOf))
      left = new Map(known.flatMap((row) => (here.has(placeOf(row)) ? [] : [[placeOf(row), row] as const])))
    }
    if (left.size === 0) return undefined
    const there = namesOf(one).flatMap((id) => left?.get(placeOf({ id, package: one.package })) ?? [])
    return there.find((row) => row.gone_at === null) ?? there[0]
  }
}

function placeOf({ id, package: name }: Pick<FindingsTable, 'id' | 'package'>): string {
  return `${id}\u0000${name}`
}
