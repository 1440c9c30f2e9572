import type { Sealer } from '../platform/secrets/sealer.ts'
import type { LedgerHead } from './badge.ts'
import type { CredentialSigner } from './credential/secure.ts'
import type { BadgeChanged } from './record.ts'
import type { RunDeps } from './run.ts'
import type { CardProblem } from './schema.ts'
import type { LedgerIndexes } from './view.ts'

export interface DeclareDeps extends RunDeps {
  /** Seals what external figures are asked with. */
  readonly sealer: Sealer
  readonly ledgerIndexes: LedgerIndexes
  readonly ledgerHead: LedgerHead
  /** Signs credentials of badges; the ledger's key. */
  readonly signer: CredentialSigner
  /** Where people reach this installation, without a path. */
  readonly origin: () => string
  /** Who declares, as the public page says; empty for nobody in particular. */
  readonly organisation: string
  /** Card files that were not loaded. */
  readonly problems: () => readonly CardProblem[]
  /** A figure from outside was taken: cards that name it are to be judged soon. */
  readonly figuresCame: () => void
  /** Tells open consoles that badges changed. */
  readonly changed: (changes: readonly BadgeChanged[]) => void
}
