import { type Clock, systemClock } from '../kernel/clock.ts'
import { KanpekiError, messageOf } from '../kernel/error.ts'
import type { LedgerEntry } from '../kernel/evidence.ts'
import { canonicalJson, type JsonObject } from '../kernel/json.ts'
import { type OutboxEntry, pruneOutbox, readOutbox, recordEvidence } from '../platform/state/outbox.ts'
import type { State } from '../platform/state/state.ts'
import type { StateTables } from '../platform/state/tables.ts'
import { nativeSha256 } from './batch-root.ts'
import { encodeEntry, type Ledger } from './ledger.ts'
import { insertEntries, lastIndexed, lastRecorded, raiseRecorded } from './queries.ts'
import type { ProveTables } from './tables.ts'
import { toHex, utf8 } from './verify/bytes.ts'
import { MAX_ENTRY_BYTES, parseEntry, type ReadEntry, subjectsOf } from './verify/entry.ts'

type Tables = ProveTables & StateTables

/** Entries under one signature at most: 1,000 of the largest fill 65 MB. */
const ENTRIES_A_CHECKPOINT = 1000

/** Moves evidence from the state store's outbox into the ledger, each once, in order. */
export interface Drainer {
  /** Moves what waits, and returns how many entries that was. Calls queue up. */
  drain(): Promise<number>
  /** Drains now and from then on, at once when poked and otherwise every `interval` milliseconds. */
  start(interval: number): void
  /** Something was recorded. */
  poke(): void
  /** Why the last attempt failed, until one succeeds. */
  readonly fault: KanpekiError | undefined
  /** Drains a last time and stops; throws what that last attempt threw. */
  stop(): Promise<void>
}

export interface DrainOptions {
  readonly ledger: Ledger
  readonly state: State
  readonly clock?: Clock
  readonly log?: (message: string, detail?: Record<string, unknown>) => void
}

/**
 * Brings state store and ledger to agree after a crash or a restore, before anything else records evidence: indexes what
 * was logged last, forgets outbox rows that the ledger has, and lets a state store that is older than the ledger go on.
 * @throws KanpekiError `ledger_rolled_back` if the index knows entries that the ledger does not have.
 */
export async function openDrainer(options: DrainOptions): Promise<Drainer> {
  const { ledger, state } = options
  const clock = options.clock ?? systemClock
  const log = options.log ?? (() => undefined)
  await reconcile(ledger, state, clock, log)

  let fault: KanpekiError | undefined
  let running: Promise<number> = Promise.resolve(0)
  let timer: NodeJS.Timeout | undefined
  let poked = false

  const drainOnce = async (): Promise<number> => {
    let moved = 0
    for (;;) {
      const rows = await readOutbox(state.tables<Tables>(), ledger.head.outbox, ENTRIES_A_CHECKPOINT)
      if (rows.length === 0) return moved
      const logged = new Date(clock.now()).toISOString()
      const entries = rows.map((row) => entryOf(row, logged, log))
      const first = ledger.head.size
      await ledger.append(entries)
      await index(state, entries, first, true)
      moved += rows.length
    }
  }
  const drain = (): Promise<number> => {
    const next = running
      .catch(() => 0)
      .then(drainOnce)
      .then(
        (moved) => {
          fault = undefined
          return moved
        },
        (error: unknown) => {
          fault = error instanceof KanpekiError ? error : new KanpekiError('ledger_stopped', messageOf(error), { cause: error })
          throw fault
        },
      )
    running = next
    return next
  }
  const drainQuietly = () => {
    poked = false
    drain().catch((error: unknown) => log('the ledger did not grow', { error: messageOf(error) }))
  }

  return {
    drain,
    get fault() {
      return fault
    },
    start(interval) {
      timer = setInterval(drainQuietly, interval)
      drainQuietly()
    },
    poke() {
      if (poked || timer === undefined) return
      poked = true
      setImmediate(drainQuietly)
    },
    async stop() {
      clearInterval(timer)
      timer = undefined
      await drain()
    },
  }
}

async function index(state: State, entries: readonly ReadEntry[], first: number, prune: boolean): Promise<void> {
  const indexed = entries.map((entry, at) => ({ index: first + at, entry, subjects: subjectsOf(entry) }))
  await state.transaction<Tables, void>(async (trx) => {
    await insertEntries(trx, indexed)
    if (prune) await pruneOutbox(trx, entries[entries.length - 1]!.outbox)
  })
}

/** A body that no entry can hold is replaced by its hash: one large record must neither stop the log nor leave a gap. */
function entryOf(row: OutboxEntry, logged: string, log: DrainOptions['log'] & {}): LedgerEntry {
  const { type, scope, seq, body } = row
  const times = { observed: new Date(row.observed).toISOString(), received: new Date(row.received).toISOString(), logged }
  const entry: LedgerEntry = { v: 1, type, scope, outbox: seq, ...times, body }
  if (encodeEntry(entry).length <= MAX_ENTRY_BYTES) return entry
  const text = canonicalJson(body)
  const bytes = Buffer.byteLength(text)
  log('evidence too large for an entry was logged by its hash', { type, seq, bytes })
  const subjects = Object.fromEntries(
    subjectsOf({ type, body })
      .filter(({ kind }) => kind !== 'batch' && kind !== 'segment')
      .map(({ kind, id }) => [body[kind] === id ? kind : 'id', id]),
  )
  return { ...entry, body: { ...subjects, oversize: { bytes, sha256: toHex(nativeSha256(utf8(text))) } } }
}

async function reconcile(ledger: Ledger, state: State, clock: Clock, log: DrainOptions['log'] & {}): Promise<void> {
  const last = await lastIndexed(state.tables<Tables>())
  const { size, outbox } = ledger.head
  if (last !== undefined && last.idx >= size) {
    throw new KanpekiError('ledger_rolled_back', `The ledger has ${size} entries; entry ${last.idx} was indexed before.`, {
      place: { file: 'ledger/checkpoint' },
      remedy: 'Restore the newest ledger folder. Going on from here would sign a second history.',
    })
  }
  if (outbox > 0) await settleOutbox(ledger, state, outbox, clock, log)
  for (let from = last === undefined ? 0 : last.idx + 1; from < size; from += ENTRIES_A_CHECKPOINT) {
    const entries = await readEntries(ledger, from, Math.min(from + ENTRIES_A_CHECKPOINT, size))
    await index(state, entries, from, false)
  }
}

async function readEntries(ledger: Ledger, from: number, to: number): Promise<ReadEntry[]> {
  const entries: ReadEntry[] = []
  for (let at = from; at < to; at++) entries.push(await readEntry(ledger, at))
  return entries
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
async function settleOutbox(
  ledger: Ledger,
  state: State,
  logged: number,
  clock: Clock,
  log: DrainOptions['log'] & {},
): Promise<void> {
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
  return canonicalJson(again as unknown as JsonObject) === canonicalJson(entry as unknown as JsonObject)
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
