import { createHash } from 'node:crypto'
import type { Clock } from '../kernel/clock.ts'
import { DEFAULT_SCOPE } from '../kernel/event.ts'
import { type Caller, type Route, route } from '../platform/http/route.ts'
import { recordEvidence } from '../platform/state/outbox.ts'
import type { State } from '../platform/state/state.ts'
import type { RotatingKey } from './command-key.ts'
import { rotatedKeySchema } from './schema.ts'
import type { HostTables } from './tables.ts'

export interface KeyRoutesDeps {
  readonly state: State
  readonly clock: Clock
  readonly key: RotatingKey
  readonly confirm: (caller: Caller, now: number) => void
  readonly changed: () => void
  /** Agents are told at once. */
  readonly wake: () => void
}

const fingerprint = (key: string): string => createHash('sha256').update(key, 'base64').digest('hex')

/** The key by which agents know the server's commands. */
export function keyRoutes({ state, clock, key, confirm, changed, wake }: KeyRoutesDeps): Route[] {
  return [
    route({
      method: 'POST',
      path: '/api/v1/agent-key/rotate',
      permission: 'installation',
      summary: 'Sign what agents are told with a new key from now on; agents follow, for the old one names it',
      response: rotatedKeySchema,
      handle: async ({ caller }) => {
        const now = clock.now()
        confirm(caller, now)
        const rotated = await state.transaction<HostTables, { from: string; to: string }>(async (trx) => {
          const { from, to } = await key.rotate()
          const by = { id: caller.id, name: caller.name }
          const body = { action: 'agent.key-rotate', by, from: fingerprint(from), to: fingerprint(to) }
          await recordEvidence(trx, [{ type: 'admin', scope: DEFAULT_SCOPE, observed: now, received: now, body }], clock)
          return { from, to }
        })
        changed()
        wake()
        return rotated
      },
    }),
  ]
}
