import { Readable } from 'node:stream'
import { createGunzip } from 'node:zlib'
import { z } from 'zod'
import { KanpekiError, messageOf } from '../../kernel/error.ts'
import { type Route, route } from '../../platform/http/route.ts'
import type { AssessDeps } from './deps.ts'
import { component } from './schema.ts'
import { takeIn } from './take-in.ts'

const body = z.object({ components: z.array(component).max(50_000) })
/** Fifty thousand components, unpacked. */
const MOST_BYTES = 32 * 2 ** 20
/** Beside bills of materials and reports of the same asset. */
export const AGENT_SOURCE = 'agent'

async function unpacked(packed: AsyncIterable<Uint8Array>): Promise<string> {
  const parts: Buffer[] = []
  let size = 0
  const stream = Readable.from(packed).compose(createGunzip())
  for await (const part of stream) {
    size += (part as Buffer).length
    if (size > MOST_BYTES) throw new KanpekiError('too_large', `The list is longer than ${MOST_BYTES / 2 ** 20} MB.`)
    parts.push(part as Buffer)
  }
  return Buffer.concat(parts).toString('utf8')
}

/** What agents say is installed on their own host: the certificate says which one that is, and nothing in the list does. */
export function agentInventoryRoutes({ state, clock, feeds, policy, changed }: AssessDeps): Route[] {
  return [
    route({
      method: 'POST',
      path: '/api/v1/agent-link/inventory',
      permission: 'agent',
      summary:
        "What is installed on the agent's host, in use or not; its body is {components}, packed by gzip (application/octet-stream)",
      readsBody: true,
      handle: async ({ caller, request }) => {
        let given: z.infer<typeof body>
        try {
          given = body.parse(JSON.parse(await unpacked(request)))
        } catch (error) {
          if (error instanceof KanpekiError) throw error
          const reason = error instanceof z.ZodError ? z.prettifyError(error).slice(0, 300) : messageOf(error)
          throw new KanpekiError('bad_request', `This is no list of components packed by gzip: ${reason}.`)
        }
        const judged = await takeIn(
          state,
          {
            scope: caller.scope,
            asset: caller.name,
            source: AGENT_SOURCE,
            format: 'agent',
            components: given.components,
            by: { name: caller.name, account: null },
          },
          feeds,
          clock,
          (await policy.current()).policy,
        )
        changed()
        return { components: given.components.length, open: judged.open }
      },
    }),
  ]
}
