import { join } from 'node:path'
import { type FeedsFolder, openFeedsFolder } from '../assess/inventory/feeds-folder.ts'
import { judgeAgain } from '../assess/inventory/take-in.ts'
import { openPolicyFile, type PolicyFile } from '../assess/prioritise/policy-file.ts'
import { expireExceptions } from '../assess/work/exceptions.ts'
import type { Clock } from '../kernel/clock.ts'
import { messageOf } from '../kernel/error.ts'
import type { Log } from '../platform/log.ts'
import type { State } from '../platform/state/state.ts'
import { CONTENT } from './places.ts'
import { repeatEvery } from './repeat.ts'

const LOOK_EVERY_MS = 60_000

export interface Assessing {
  readonly policy: PolicyFile
  readonly feeds: FeedsFolder
  stop(): Promise<void>
}

/** Keeps the feeds of the data folder in memory, and judges what is installed again whenever they change. */
export function startAssessing({
  state,
  clock,
  log,
  data,
  changed,
}: {
  readonly state: State
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
  const looking = repeatEvery(
    LOOK_EVERY_MS,
    async () => {
      if ((await expireExceptions(state, clock)) > 0) changed()
      if (!(await feeds.refresh())) return
      const found = await judgeAgain(state, await feeds.current(), clock, (await policy.current()).policy)
      changed()
      log.info('feeds changed; what is installed was judged again', { found })
    },
    (error) => log.error('reading the feeds failed', { reason: messageOf(error) }),
  )
  return { feeds, policy, stop: () => looking.stop() }
}
