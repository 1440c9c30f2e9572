import type { Clock } from '../kernel/clock.ts'
import type { State } from '../platform/state/state.ts'
import type { StateTables } from '../platform/state/tables.ts'
import type { Anchoring } from './anchor/anchoring.ts'
import type { Drainer } from './drain.ts'
import type { Ledger } from './ledger.ts'
import { inclusionProof, levelsOnPath, tilesAbove } from './proofs.ts'
import { countByType, DAY_MS, growthSince, pendingCount } from './queries.ts'
import { readEntry } from './reconcile.ts'
import type { CopyView, EntryProofView, EntrySummaryView, LedgerHeadView } from './schema.ts'
import type { ProveTables } from './tables.ts'
import { textOf, toBase64 } from './verify/bytes.ts'
import { type ReadEntry, subjectsOf } from './verify/entry.ts'
import { leafHash } from './verify/merkle.ts'
import type { Cosigning } from './witness/ask.ts'

type Tables = ProveTables & StateTables

const GROWTH_DAYS = 30

export interface HeadDeps {
  readonly ledger: Ledger
  readonly cosigning: Pick<Cosigning, 'states'>
  readonly anchoring: Pick<Anchoring, 'states'>
  readonly state: State
  readonly drainer: Pick<Drainer, 'fault'>
  readonly clock: Clock
}

export async function headView({ ledger, cosigning, anchoring, state, drainer, clock }: HeadDeps): Promise<LedgerHeadView> {
  const db = state.tables<Tables>()
  const { checkpoint, size, logged, outbox } = ledger.head
  const today = Math.floor(clock.now() / DAY_MS)
  const first = today - GROWTH_DAYS + 1
  const growth = await growthSince(db, first)
  const days = Array.from({ length: GROWTH_DAYS }, (_, at) => first + at)
  const { fault } = drainer
  return {
    origin: checkpoint.origin,
    key: ledger.key.text,
    size,
    root: toBase64(checkpoint.root),
    checkpoint: checkpoint.text,
    signed: logged,
    growth: days.map((day) => ({ day: new Date(day * DAY_MS).toISOString().slice(0, 10), entries: growth.get(day) ?? 0 })),
    types: [...(await countByType(db))],
    pending: await pendingCount(db, outbox),
    copies: [
      ...ledger.copies.states.map((state) => ({ ...state, waiting: 0, upToDate: state.size === size })),
      ...cosigning.states.map(({ url, ...state }) => ({
        kind: 'witness' as const,
        place: url,
        ...state,
        waiting: 0,
        upToDate: state.size === size,
      })),
      ...anchoring.states.map(({ url, ...state }) => ({
        kind: 'authority' as const,
        place: url,
        ...state,
        // Stamps are for from time to time: whoever has all that was kept for it is not behind.
        upToDate: state.waiting === 0 && (state.size > 0 || size === 0),
      })),
    ].map(
      ({ kind, place, size: copied, at, failures, reason, waiting, upToDate }): CopyView => ({
        kind,
        place,
        state: reason !== null ? 'failed' : upToDate ? 'current' : 'behind',
        size: copied,
        at: at === null ? null : new Date(at).toISOString(),
        failures,
        waiting,
        reason,
      }),
    ),
    fault: fault === undefined ? null : { code: fault.code, message: fault.message, remedy: fault.remedy ?? null },
  }
}

export function summaryOf(index: number, entry: ReadEntry): EntrySummaryView {
  const { type, scope, outbox, observed, received, logged, body } = entry
  const subjects = subjectsOf(entry).map((subject) => ({ ...subject }))
  return { index, type: type as EntrySummaryView['type'], scope, outbox, observed, received, logged, subjects, body }
}

/** An entry with its proof against the ledger's newest checkpoint. */
export async function proofView(ledger: Ledger, index: number): Promise<EntryProofView> {
  const { checkpoint, size } = ledger.head
  const bytes = (await ledger.entry(index))!
  const proof = await inclusionProof(index, size, ledger.readTile)
  const levels = levelsOnPath(proof)
  return {
    ...summaryOf(index, await readEntry(ledger, index)),
    canonical: textOf(bytes) ?? '',
    leaf: toBase64(leafHash(bytes)),
    size,
    root: toBase64(checkpoint.root),
    proof: proof.map(({ side, hash, from, to }, at) => ({ level: levels[at]!, side, hash: toBase64(hash), from, to })),
    tiles: tilesAbove(index, size).map(({ level, index: tile, path }) => ({ level, index: tile, path })),
    checkpoint: checkpoint.text,
    key: ledger.key.text,
    rotations: [...ledger.rotations],
  }
}
