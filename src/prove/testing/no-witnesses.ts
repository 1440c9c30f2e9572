import { randomBytes } from 'node:crypto'
import type { Clock } from '../../kernel/clock.ts'
import { createOutgoing } from '../../platform/outgoing/outgoing.ts'
import type { State } from '../../platform/state/state.ts'
import type { Ledger } from '../ledger.ts'
import { openCosigning } from '../witness/ask.ts'
import { createWitness } from '../witness/witness.ts'
import { witnessKeyOf } from '../witness/witness-key.ts'

/** An installation that nobody cosigns or stamps and that cosigns nobody. */
export async function noWitnesses(ledger: Ledger, state: State, clock: Clock) {
  const outgoing = createOutgoing({ allow: [], log: { warn: () => undefined } })
  const key = witnessKeyOf('example.com/soc/witness', randomBytes(32))
  return {
    cosigning: await openCosigning({ ledger, outgoing, places: [] }),
    anchoring: { states: [] },
    witness: createWitness({ state, clock, key, logs: [] }),
  }
}
