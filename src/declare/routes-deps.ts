import type { Sealer } from '../platform/secrets/sealer.ts'
import type { LedgerHead } from './badge.ts'
import type { BadgeChanged, RunDeps } from './run.ts'
import type { CardProblem } from './schema.ts'
import type { LedgerIndexes } from './view.ts'

export interface DeclareDeps extends RunDeps {
  /** Seals what external figures are asked with. */
  readonly sealer: Sealer
  readonly ledgerIndexes: LedgerIndexes
  readonly ledgerHead: LedgerHead
  /** Card files that were not loaded. */
  readonly problems: () => readonly CardProblem[]
  /** Tells open consoles that badges changed. */
  readonly changed: (changes: readonly BadgeChanged[]) => void
}
