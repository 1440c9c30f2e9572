import type { StatusOf } from '../../collect/view.ts'
import type { Measure } from '../../kernel/measure.ts'
import { ledgerPlaces } from '../../prove/queries.ts'
import type { ProveTables } from '../../prove/tables.ts'
import type { Services } from '../services.ts'
import type { MailingDeps } from './mailing.ts'

export interface Neighbours {
  readonly measures: () => readonly Measure[]
  readonly statusOf: StatusOf
  /** Where the server is reached, for links where nobody said how people outside reach it. */
  readonly ownUrl: () => string
}

/** What the review needs of the house. */
export function weeklyDeps(
  { state, ledger, clock, config, sealer, outgoing, log }: Services,
  { measures, statusOf, ownUrl }: Neighbours,
): MailingDeps {
  return {
    state,
    ledger,
    clock,
    measures,
    statusOf,
    sealer,
    outgoing,
    log,
    ledgerIndexes: (outbox) => ledgerPlaces(state.tables<ProveTables>(), outbox),
    zoneMinutes: config.values.zone,
    origin: () => (config.values['public-url'] ?? ownUrl()).replace(/\/$/, ''),
  }
}
