import type { Clock } from '../../kernel/clock.ts'
import { scopedTo } from '../../platform/state/scope.ts'
import type { State } from '../../platform/state/state.ts'
import type { FeedsFolder } from '../inventory/feeds-folder.ts'
import type { Db } from '../inventory/queries.ts'
import type { AssessTables, WeighingsTable } from '../inventory/tables.ts'
import type { PolicyFile } from '../prioritise/policy-file.ts'
import { anyDue, assetsStamp, weighingsAt, weighingsOf } from './queries.ts'
import { scalesOf, stampOf } from './scales.ts'
import { basisOf, type Scales, weighAsset } from './weigh-asset.ts'

/** Keeps what was weighed in the store up to date. */
export interface Weigher {
  /**
   * Weighs what changed in a scope since it was weighed last, for as long as somebody who waits for an answer can bear; the
   * rest goes on behind. @returns how many assets still wait.
   */
  fresh(scope: string): Promise<number>
  /** Weighs all that waits in a scope. @returns how many assets were weighed. */
  weighAll(scope: string): Promise<number>
  stop(): Promise<void>
}

export interface WeigherDeps {
  readonly state: State
  readonly clock: Clock
  readonly feeds: FeedsFolder
  readonly policy: PolicyFile
  readonly failed?: (error: unknown) => void
}

/** How long a reader is kept waiting for weighing, milliseconds. */
const BEAR_MS = 300
/** More texts than this are not remembered as written: writing one again costs little. */
const MOST_TEXTS = 200_000

export function openWeigher({ state, clock, feeds, policy, failed }: WeigherDeps): Weigher {
  /** What everything was weighed by when nothing waited any more, by scope. */
  const settled = new Map<string, string>()
  const behind = new Map<string, Promise<unknown>>()
  const texts = new Set<string>()
  let stopped = false

  const gateOf = async (db: Db): Promise<string> =>
    `${stampOf(await feeds.current(), await policy.current())} ${await assetsStamp(db)}`

  /** @param until a moment of `performance.now()`. @returns weighed and left. */
  const pass = async (scope: string, until: number): Promise<{ readonly done: number; readonly left: number }> => {
    const db = state.scoped<AssessTables>(scope)
    const gate = await gateOf(db)
    if (settled.get(scope) === gate && !(await anyDue(db, clock.now()))) return { done: 0, left: 0 }
    const scales = await scalesOf(db, await feeds.current(), await policy.current(), clock.now())
    const waiting = new Set((await weighingsOf(db)).filter((row) => isWaiting(row, scales)).map(({ folded }) => folded))
    let done = 0
    for (const folded of waiting) {
      if (stopped || performance.now() >= until) return { done, left: waiting.size - done }
      if (texts.size > MOST_TEXTS) texts.clear()
      const weighed = await state.transaction<AssessTables, boolean>(async (trx) => {
        // Nothing is weighed by feeds of before once others are read: who judges by these counts on it.
        if ((await feeds.current()).facts !== scales.feeds.facts) return false
        const db = scopedTo(trx, scope)
        const waits = (await weighingsAt(db, [folded])).some((row) => isWaiting(row, scales))
        if (waits) await weighAsset(db, scope, folded, scales, texts)
        return true
      })
      if (!weighed) return { done, left: waiting.size - done }
      done += 1
    }
    settled.set(scope, gate)
    return { done, left: 0 }
  }
  const rest = (scope: string): Promise<unknown> => {
    const running = behind.get(scope)
    if (running !== undefined) return running
    const work = pass(scope, Number.POSITIVE_INFINITY)
      .catch((error: unknown) => failed?.(error))
      .finally(() => behind.delete(scope))
    behind.set(scope, work)
    return work
  }
  return {
    async fresh(scope) {
      const { left } = await pass(scope, performance.now() + BEAR_MS)
      if (left > 0) void rest(scope)
      return left
    },
    weighAll: async (scope) => (await pass(scope, Number.POSITIVE_INFINITY)).done,
    async stop() {
      stopped = true
      await Promise.all(behind.values())
    },
  }
}

function isWaiting({ folded, basis, until }: WeighingsTable, { stamp, assets, now }: Scales): boolean {
  return basis !== basisOf(stamp, assets.get(folded)) || (until !== null && until <= now)
}
