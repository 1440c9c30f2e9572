import type { Kysely } from 'kysely'
import { DEFAULT_SCOPE } from '../kernel/event.ts'
import { jsonText, readJson } from '../platform/state/columns.ts'
import { type ErasedNode, erasedEvents, foldErased, isErased } from './erased-nodes.ts'
import { deleteErased, erasedRow, erasedRows, putErased } from './queries.ts'
import type { ProveTables } from './tables.ts'

export interface ErasedLeaves {
  readonly writer: string
  readonly sequence: number
  /** How many events the batch had. */
  readonly events: number
  /** Hexadecimal. */
  readonly leaves: readonly { readonly index: number; readonly leaf: string }[]
}

/** Keeps what stands for events that are about to be erased; noting an event again changes nothing. Commits with the caller. */
export async function noteErased<T>(trx: Kysely<T>, batch: ErasedLeaves): Promise<void> {
  const db = trx as unknown as Kysely<ProveTables>
  const { writer, sequence, events } = batch
  const before = await erasedNodes(db, writer, sequence)
  const fresh = batch.leaves.filter(({ index }) => !isErased(before, index))
  if (fresh.length === 0) return
  const nodes = foldErased(events, [...before, ...fresh.map(({ index, leaf }) => ({ level: 0, index, hash: leaf }))])
  const row = { writer, sequence, scope: DEFAULT_SCOPE, events: erasedEvents(events, nodes), nodes: jsonText(nodes) }
  await putErased(db as never, row)
}

export async function erasedNodes<T>(handle: Kysely<T>, writer: string, sequence: number): Promise<readonly ErasedNode[]> {
  const row = await erasedRow(handle as never, writer, sequence)
  return row === undefined ? [] : readJson<ErasedNode[]>(row.nodes)
}

/** How many events were erased, by sequence number. */
export async function erasedCounts<T>(
  handle: Kysely<T>,
  writer: string,
  first: number,
  last: number,
): Promise<ReadonlyMap<number, number>> {
  const rows = await erasedRows(handle as never, writer, first, last)
  return new Map(rows.map(({ sequence, events }) => [sequence, events]))
}

/** For batches of which nothing is left. */
export async function forgetErased<T>(trx: Kysely<T>, writer: string, first: number, last: number): Promise<void> {
  await deleteErased(trx as never, writer, first, last)
}
