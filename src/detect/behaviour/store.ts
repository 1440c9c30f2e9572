import { setImmediate as yieldTurn } from 'node:timers/promises'
import type { Insertable, Kysely } from 'kysely'
import type { Detection, RuleInfo } from '../../kernel/detection.ts'
import { DEFAULT_SCOPE, type StoredEvent } from '../../kernel/event.ts'
import type { Deed } from '../engines/behaviour/deed.ts'
import { BehaviourEngine, type BehaviourOptions } from '../engines/behaviour/engine.ts'
import type { BehaviourKind } from '../engines/behaviour/features.ts'
import { scoreOf } from '../engines/behaviour/judge.ts'
import { type Pool, poolText, restorePool } from '../engines/behaviour/pool.ts'
import { type Profile, profileText, restoreProfile } from '../engines/behaviour/profile.ts'
import { deleteProfiles, readPools, readProfiles, readState, writePool, writeProfiles, writeState } from './queries.ts'
import type { BehaviourPoolsTable, BehaviourTable, BehaviourTables } from './tables.ts'

/** What is learned is written this often, at the end of a batch; after a crash the batches since are read again. */
const KEEP_EVERY_MS = 5 * 60_000
const KEEP_SOON_MS = 5_000
const TEXTS_A_TURN = 50

type Transaction = (work: (trx: Kysely<BehaviourTables>) => Promise<void>) => Promise<void>

export interface Behaviour {
  readonly rules: readonly RuleInfo[]
  /** The lake's batch up to which nothing has to be seen again after a restart. */
  readonly checkpoint: number
  /** What was taken from the events of a batch, in their order. */
  take(deeds: readonly Deed[], sequence: number): Detection[]
  /** Events that are read back. With `emit` false it is learned from and nothing is told. */
  run(events: readonly StoredEvent[], emit: boolean): Detection[]
  /** A batch has been seen as a whole, and what was found is committed: what is known by now may be kept. */
  saw(sequence: number): void
  /** Writes what was put aside, or should be by now, in one transaction. @returns whether there was anything. */
  flush(transaction: Transaction): Promise<boolean>
  /** Puts everything aside that changed since, also if that was a moment ago. @returns false within a batch, where it cannot. */
  keep(): boolean
  /** Somebody who must be forgotten: gone from memory at once, and from the store when this is written next. */
  forget(scope: string | undefined, isMeant: (name: string) => boolean): void
}

/** As it is written: how everything was at one moment, between two batches. */
interface Kept {
  readonly sequence: number
  /** Of those that changed since, and of as many more as there was time for. */
  readonly rows: Insertable<BehaviourTable>[]
  /** Their texts are still to be made; nothing has changed in them. */
  readonly unchanged: Set<Profile>
  readonly gone: readonly Profile[]
  readonly pools: readonly Insertable<BehaviourPoolsTable>[]
  readonly costs: { readonly evicted: number; readonly forgotten: number; readonly late: number }
  readonly entities: number
}

/**
 * The behaviour engine with its memory in the state store.
 * @param fresh where to begin if nothing was ever learned here: a lake is not read back for it.
 */
export async function openBehaviour(
  db: Kysely<BehaviourTables>,
  writer: string,
  fresh: number,
  options: BehaviourOptions = {},
  now: () => number = () => performance.now(),
): Promise<Behaviour> {
  const before = await readState(db, writer)
  const profiles: Profile[] = []
  for await (const text of readProfiles(db)) profiles.push(restoreProfile(text))
  const pools = (await readPools(db)).map(({ scope, kind, pool }) => [`${scope}\0${kind}`, restorePool(pool)] as const)
  const checkpoint = before?.sequence ?? fresh
  const engine = new BehaviourEngine(options, {
    profiles,
    pools,
    sequence: checkpoint,
    ...(before === undefined ? {} : { costs: { evicted: before.evicted, forgotten: before.forgotten, late: before.late } }),
  })
  let sequence = checkpoint
  let kept: Kept | undefined
  let keepAt = now() + KEEP_EVERY_MS
  /** Within a batch, or behind one whose findings are not kept: nothing of this moment may be kept. */
  let within = false

  engine.beforeChange = (profile) => {
    if (kept?.unchanged.delete(profile) === true) kept.rows.push(rowOf(profile))
  }

  /** Thousands of texts at once would hold up the events behind them: each is made when its profile changes, or when there is time. */
  async function makeTexts({ unchanged, rows }: Kept): Promise<void> {
    for (const profile of unchanged) {
      unchanged.delete(profile)
      rows.push(rowOf(profile))
      if (rows.length % TEXTS_A_TURN === 0) await yieldTurn()
    }
  }

  function put(): void {
    if (within) return
    keepAt = now() + KEEP_EVERY_MS
    const { changed, gone } = engine.takeChanges()
    if (changed.length === 0 && gone.length === 0) return
    kept = {
      sequence,
      rows: [],
      unchanged: new Set(changed),
      gone,
      pools: [...engine.pools].map(([key, pool]) => poolRow(key, pool)),
      costs: { ...engine.costs },
      entities: engine.entities,
    }
  }

  return {
    rules: engine.rules,
    checkpoint,
    take(deeds, sequence) {
      within = true
      const detections = engine.take(deeds, sequence, true)
      // Whoever is alerted looks at what is usual next.
      if (detections.length > 0) keepAt = Math.min(keepAt, now() + KEEP_SOON_MS)
      return detections
    },
    run(events, emit) {
      within = true
      return engine.run(events, emit)
    },
    saw(seen) {
      within = false
      sequence = Math.max(sequence, seen)
      // What is put aside is written first, or its rows would be lost.
      if (kept === undefined && now() >= keepAt) put()
    },
    keep() {
      if (within) return false
      if (kept === undefined) put()
      return true
    },
    async flush(transaction) {
      if (kept === undefined && now() >= keepAt) put()
      const ready = kept
      if (ready === undefined) return false
      await makeTexts(ready)
      if (kept !== ready) return false
      await transaction((trx) => write(trx, writer, ready))
      // Somebody may have been forgotten meanwhile.
      if (kept === ready) kept = undefined
      return true
    },
    forget(scope, isMeant) {
      engine.forget(scope, isMeant)
      // What was put aside before still knows: its rows are put aside again as they are now.
      if (kept !== undefined) engine.touch([...kept.rows, ...kept.unchanged], kept.gone)
      kept = undefined
      keepAt = 0
    },
  }
}

function rowOf(profile: Profile): Insertable<BehaviourTable> {
  const at = [...profile.signals.values()].reduce((last, signal) => Math.max(last, signal.at), 0)
  return {
    scope: profile.scope,
    kind: profile.kind,
    name: profile.name,
    last_seen: profile.lastSeen,
    score: scoreOf(profile, at),
    score_at: at,
    profile: profileText(profile),
  }
}

function poolRow(key: string, pool: Pool): Insertable<BehaviourPoolsTable> {
  const [scope = '', kind = ''] = key.split('\0')
  return { scope, kind: kind as BehaviourKind, pool: poolText(pool) }
}

async function write(trx: Kysely<BehaviourTables>, writer: string, kept: Kept): Promise<void> {
  await deleteProfiles(trx, kept.gone)
  await writeProfiles(trx, kept.rows)
  for (const pool of kept.pools) await writePool(trx, pool)
  const { sequence, entities, costs } = kept
  await writeState(trx, { writer, scope: DEFAULT_SCOPE, sequence, entities, ...costs })
}
