import type { WaitingApprovals } from '../../kernel/duties.ts'
import type { AccessDeps } from '../routes-deps.ts'

/** What dividing the installation into scopes asks of the rest. */
export interface PartDeps extends AccessDeps {
  /** Lets the pipeline know which hosts are whose; resolves when the next event follows it. */
  readonly assetsChanged: () => Promise<void>
  /** What waits for approval, of each room that has such things. */
  readonly waiting: readonly WaitingApprovals[]
}
