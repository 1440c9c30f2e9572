import { openQuarter } from '../access/reviews/open.ts'
import type { AccessDeps } from '../access/routes-deps.ts'
import { messageOf } from '../kernel/error.ts'
import type { Log } from '../platform/log.ts'
import { type Repeating, repeatEvery } from './repeat.ts'

const LOOK_EVERY_MS = 3_600_000

/** Opens the access review of each quarter, at the start and from then on. */
export function startReviewing(deps: Pick<AccessDeps, 'record' | 'clock'>, log: Log): Repeating {
  const open = async (): Promise<void> => {
    const opened = await openQuarter(deps)
    if (opened > 0) log.info("opened the quarter's access review", { scopes: opened })
  }
  return repeatEvery(LOOK_EVERY_MS, open, (error) =>
    log.error('opening the access review failed and is tried again', { reason: messageOf(error) }),
  )
}
