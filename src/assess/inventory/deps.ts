import type { Clock } from '../../kernel/clock.ts'
import type { State } from '../../platform/state/state.ts'
import type { PolicyFile } from '../prioritise/policy-file.ts'
import type { Weigher } from '../weighing/weigher.ts'
import type { OpenTicket } from '../work/ticket.ts'
import type { FeedsFolder } from './feeds-folder.ts'

export interface AssessDeps {
  readonly state: State
  readonly clock: Clock
  readonly feeds: FeedsFolder
  readonly policy: PolicyFile
  readonly weigher: Weigher
  readonly openTicket: OpenTicket
  /** Of this program, for the documents that it writes. */
  readonly version: string
  /** Evidence was recorded. */
  readonly changed: () => void
}
