import { join } from 'node:path'
import type { Feeds } from '../assess/feeds/load.ts'
import { type FeedsFolder, openFeedsFolder } from '../assess/inventory/feeds-folder.ts'
import { judgeAgain } from '../assess/inventory/judge-again.ts'
import type { AssessTables } from '../assess/inventory/tables.ts'
import { openPolicyFile, type PolicyFile } from '../assess/prioritise/policy-file.ts'
import { weighedScopes } from '../assess/weighing/queries.ts'
import { openWeigher, type Weigher } from '../assess/weighing/weigher.ts'
import { expireExceptions } from '../assess/work/exceptions.ts'
import type { Clock } from '../kernel/clock.ts'
import { messageOf } from '../kernel/error.ts'
import type { Lake } from '../platform/lake/lake.ts'
import type { Log } from '../platform/log.ts'
import type { State } from '../platform/state/state.ts'
import type { StateTables } from '../platform/state/tables.ts'
import { readAgentUse } from './agent-use.ts'
import { CONTENT } from './places.ts'
import { repeatEvery } from './repeat.ts'

const LOOK_EVERY_MS = 60_000

export interface Assessing {
  readonly policy: PolicyFile
  readonly feeds: FeedsFolder
  readonly weigher: Weigher
  stop(): Promise<void>
}

/** Keeps the feeds of the data folder in memory, and judges what is installed again whenever they change. */
export function startAssessing({
  state,
  lake,
  clock,
  log,
  data,
  changed,
}: {
  readonly state: State
  readonly lake: Pick<Lake, 'search'>
  readonly clock: Clock
  readonly log: Log
  /** The data folder. */
  readonly data: string
  /** Evidence was recorded. */
  readonly changed: () => void
}): Assessing {
  const feeds = openFeedsFolder(join(data, 'feeds'))
  const own = join(data, 'policies', 'vulnerabilities.yaml')
  const policy = openPolicyFile({ own, shipped: join(CONTENT, 'policies', 'vulnerabilities.yaml') })
  const failed = (error: unknown): void => log.error('weighing vulnerabilities failed', { reason: messageOf(error) })
  const weigher = openWeigher({ state, clock, feeds, policy, failed })
  let judgedBy: Feeds | undefined
  const looking = repeatEvery(
    LOOK_EVERY_MS,
    async () => {
      if ((await expireExceptions(state, clock)) > 0) changed()
      if (await feeds.refresh()) {
        const now = await feeds.current()
        const stamp = await feeds.stamp()
        // After a start, nothing is to be judged by the feeds that all was judged by before it.
        if (judgedBy !== undefined || (await lastJudgedBy(state)) !== stamp) {
          const { found } = await judgeAgain({ state, feeds: now, clock, rules: await policy.current(), since: judgedBy })
          await noteJudgedBy(state, stamp)
          changed()
          log.info('feeds changed; what is installed was judged again', { found })
        }
        judgedBy = now
      }
      await readAgentUse({ state, lake, now: clock.now() })
      for (const scope of await weighedScopes(state.tables<AssessTables>())) await weigher.weighAll(scope)
    },
    (error) => log.error('looking at feeds and at what runs failed', { reason: messageOf(error) }),
  )
  return {
    feeds,
    policy,
    weigher,
    async stop() {
      await weigher.stop()
      await looking.stop()
    },
  }
}

const JUDGED_BY = 'assess.judged-by'

async function lastJudgedBy(state: State): Promise<string | undefined> {
  const db = state.tables<StateTables>()
  return (await db.selectFrom('settings').select('value').where('key', '=', JUDGED_BY).executeTakeFirst())?.value
}

/** Remembers by which feeds everything that is installed was judged. */
export async function noteJudgedBy(state: State, stamp: string): Promise<void> {
  await state
    .tables<StateTables>()
    .insertInto('settings')
    .values({ key: JUDGED_BY, value: stamp })
    .onConflict((conflict) => conflict.column('key').doUpdateSet({ value: stamp }))
    .execute()
}
