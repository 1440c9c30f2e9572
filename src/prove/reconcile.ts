import type { Clock } from '../kernel/clock.ts'
import { KanpekiError } from '../kernel/error.ts'
import { canonicalJson, type JsonObject } from '../kernel/json.ts'
import { type OutboxEntry, pruneOutbox, readOutbox, recordEvidence } from '../platform/state/outbox.ts'
import type { State } from '../platform/state/state.ts'
import type { StateTables } from '../platform/state/tables.ts'
import { insertDeeds, missingDeeds } from './audit/queries.ts'
import { entryOf } from './entry-of.ts'
import type { Ledger } from './ledger.ts'
import { insertEntries, lastIndexed, lastRecorded, raiseRecorded } from './queries.ts'
import type { ProveTables } from './tables.ts'
import { parseEntry, type ReadEntry, subjectsOf } from './verify/entry.ts'

type Tables = ProveTables & StateTables
type Log = (message: string, detail?: Record<string, unknown>) => void

const ENTRIES_A_TRANSACTION = 1000

/** Adds entries to the index and forgets them in the outbox, in one transaction. `first` is the first one's leaf. */
export async function indexEntries(state: State, entries: readonly ReadEntry[], first: number): Promise<void> {
  const indexed = entries.map((entry, at) => ({ index: first + at, entry, subjects: subjectsOf(entry) }))
  await state.transaction<Tables, void>(async (trx) => {
    await insertEntries(trx, indexed)
    await pruneOutbox(trx, entries[entries.length - 1]!.outbox)
  })
}

/** Indexes what the ledger has from the leaf `first` on. */
export async function indexFrom(ledger: Ledger, state: State, first: number): Promise<void> {
  const { size } = ledger.head
  for (let from = first; from < size; from += ENTRIES_A_TRANSACTION) {
    const entries: ReadEntry[] = []
    for (let at = from; at < Math.min(from + ENTRIES_A_TRANSACTION, size); at++) entries.push(await readEntry(ledger, at))
    await indexEntries(state, entries, from)
  }
}

/** How many entries the index knows, for `openLedger`. */
export async function indexedEntries(state: State): Promise<number> {
  const last = await lastIndexed(state.tables<Tables>())
  return last === undefined ? 0 : last.idx + 1
}

/**
 * Brings state store and ledger to agree after a crash or a restore, before anything else records evidence.
 * @throws KanpekiError `ledger_rolled_back` if the index knows entries that the ledger does not have.
 */
export async function reconcile(ledger: Ledger, state: State, clock: Clock, log: Log): Promise<void> {
  const last = await lastIndexed(state.tables<Tables>())
  const { size, outbox } = ledger.head
  if (last !== undefined && last.idx >= size) {
    throw new KanpekiError('ledger_rolled_back', `The ledger has ${size} entries; entry ${last.idx} was indexed before.`, {
      place: { file: 'ledger/checkpoint' },
      remedy: 'Restore the newest ledger folder. Going on from here would sign a second history.',
    })
  }
  if (outbox > 0) await settleOutbox(ledger, state, outbox, clock, log)
  await indexFrom(ledger, state, last === undefined ? 0 : last.idx + 1)
  await indexDeeds(ledger, state)
}

/** Finds what was done in entries that a version before the audit's index logged. */
async function indexDeeds(ledger: Ledger, state: State): Promise<void> {
  for (;;) {
    const indexes = await missingDeeds(state.tables<Tables>(), ENTRIES_A_TRANSACTION)
    if (indexes.length === 0) return
    const entries = await Promise.all(indexes.map(async (index) => ({ index, entry: await readEntry(ledger, index) })))
    await state.transaction<Tables, void>((trx) => insertDeeds(trx, entries))
  }
}

/** @throws KanpekiError `ledger_damaged`. */
export async function readEntry(ledger: Ledger, at: number): Promise<ReadEntry> {
  const bytes = await ledger.entry(at)
  const entry = bytes === undefined ? 'it is not there' : parseEntry(bytes)
  if (typeof entry !== 'string') return entry
  throw new KanpekiError('ledger_damaged', `Entry ${at} of the ledger cannot be read: ${entry}.`, {
    remedy: 'Run kanpeki verify.',
  })
}

/**
 * Outbox rows up to the ledger's last sequence are in the ledger already, unless the state store was restored from an
 * older backup and something was recorded since under a number that the ledger has given away: that is recorded again.
 */
async function settleOutbox(ledger: Ledger, state: State, logged: number, clock: Clock, log: Log): Promise<void> {
  await state.transaction<Tables, void>(async (trx) => {
    const given = await lastRecorded(trx)
    const rows = (await readOutbox(trx, 0, Number.MAX_SAFE_INTEGER)).filter((row) => row.seq <= logged)
    if (given >= logged && rows.length === 0) return
    const again: OutboxEntry[] = []
    for (const row of rows) if (!(await isLogged(ledger, row))) again.push(row)
    await pruneOutbox(trx, logged)
    if (given < logged) {
      log('the state store is older than the ledger and goes on from it', { state: given, ledger: logged })
      await raiseRecorded(trx, logged)
    }
    await recordEvidence(trx, again, clock)
  })
}

async function isLogged(ledger: Ledger, row: OutboxEntry): Promise<boolean> {
  const entry = await findByOutbox(ledger, row.seq)
  if (entry === undefined) return false
  const again = entryOf(row, entry.logged, () => undefined)
  return again.text === canonicalJson(entry as unknown as JsonObject)
}

/** Outbox sequences grow with the index, so that halving finds one. */
async function findByOutbox(ledger: Ledger, outbox: number): Promise<ReadEntry | undefined> {
  let low = 0
  let high = ledger.head.size
  while (low < high) {
    const middle = Math.floor((low + high) / 2)
    const entry = await readEntry(ledger, middle)
    if (entry.outbox === outbox) return entry
    if (entry.outbox < outbox) low = middle + 1
    else high = middle
  }
  return undefined
}
