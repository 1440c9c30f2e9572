import { z } from 'zod'
import { refuseUnconfirmed } from '../access/confirm.ts'
import type { Clock } from '../kernel/clock.ts'
import { KanpekiError } from '../kernel/error.ts'
import { DEFAULT_SCOPE } from '../kernel/event.ts'
import { type Caller, type Route, route } from '../platform/http/route.ts'
import { recordEvidence } from '../platform/state/outbox.ts'
import type { State } from '../platform/state/state.ts'
import type { StateTables } from '../platform/state/tables.ts'
import type { Drainer } from '../prove/drain.ts'
import type { Ledger } from '../prove/ledger.ts'
import { ROTATION_ACTION } from '../prove/verify/rotation.ts'

export interface RotateLedgerKeyDeps {
  readonly ledger: Ledger
  readonly state: State
  readonly drainer: Pick<Drainer, 'drain'>
  readonly clock: Clock
}

const rotatedSchema = z.object({
  /** The key that signed until now, and the one that signs from now on. */
  from: z.string(),
  to: z.string(),
  /** Of the entry that announces it. */
  index: z.number().int().nonnegative(),
})
type Rotated = z.infer<typeof rotatedSchema>

/** Changes the key that signs the ledger. */
export function rotateLedgerKeyRoute(deps: RotateLedgerKeyDeps): Route {
  return route({
    method: 'POST',
    path: '/api/v1/ledger/rotate-key',
    permission: 'installation',
    summary: 'Sign the ledger with a new key from now on',
    response: rotatedSchema,
    handle: ({ caller }) => {
      refuseUnconfirmed(caller, deps.clock.now())
      return rotateLedgerKey(deps, caller)
    },
  })
}

/**
 * Announces a new key in the ledger and signs with it from that entry's checkpoint on.
 * @throws KanpekiError `conflict` if the announcement was logged and the key did not change, and what draining throws.
 */
async function rotateLedgerKey({ ledger, state, drainer, clock }: RotateLedgerKeyDeps, by: Caller): Promise<Rotated> {
  const from = ledger.key
  const note = await ledger.prepareRotation()
  const now = clock.now()
  const body = { action: ROTATION_ACTION, by: { id: by.id, name: by.name }, target: from.name, from: from.id, note }
  await state.transaction<StateTables, void>(async (trx) => {
    await recordEvidence(trx, [{ type: 'admin', scope: DEFAULT_SCOPE, observed: now, received: now, body }], clock)
  })
  await drainer.drain()
  const rotation = ledger.rotations.findLast((one) => one.note === note)
  if (rotation === undefined || ledger.key.text === from.text)
    throw new KanpekiError('conflict', 'The new key was announced and did not come into use.', {
      remedy: 'Somebody else may have changed it at the same time. Look at GET /ledger/key and try again.',
    })
  return { from: from.text, to: ledger.key.text, index: rotation.index }
}
