import { sendTestAttack, TEST_SCENARIOS } from '../app/demo/test-attack.ts'
import { VERSION } from '../app/version.ts'
import { RawReply, type Route, route } from '../platform/http/route.ts'
import type { Live } from './live.ts'
import type { Rooms } from './rooms.ts'
import { demoReplySchema } from './schema.ts'

/** The routes that belong to no room: how the pipeline stands, the test attack, and what changed. */
export function ownRoutes({ services, collecting, declaring, selftest }: Rooms, live: Live): Route[] {
  const { clock, pipeline } = services
  const { manager } = collecting
  return [
    route({
      method: 'GET',
      path: '/api/v1/status',
      permission: 'sources:read',
      summary: 'What waits for the rules, and which rules run',
      handle: async () => {
        const status = await pipeline.ask({ kind: 'status' })
        return {
          version: VERSION,
          lag: { events: status.waitingEvents, catchingUp: status.catchingUp },
          rules: { loaded: status.rules.loaded.length, refused: status.rules.refused },
          correlations: status.correlations,
        }
      },
    }),
    route({
      method: 'POST',
      path: '/api/v1/demo/attack',
      permission: 'sources:write',
      summary: 'Send a test attack through the real ingest path',
      response: demoReplySchema,
      handle: async ({ caller }) => {
        const sent = await sendTestAttack({ pipeline, manager, clock }, caller)
        await selftest.execute(TEST_SCENARIOS)
        await declaring.evaluate()
        return { sent }
      },
    }),
    route({
      method: 'GET',
      path: '/api/v1/live',
      permission: 'alerts:read',
      summary: 'Server-sent events: what changed',
      handle: async ({ signal }) =>
        new RawReply('text/event-stream', live.stream(signal), { 'cache-control': 'no-store', 'x-accel-buffering': 'no' }),
    }),
  ]
}
