import { isIP } from 'node:net'
import { z } from 'zod'
import type { Action } from '../../../kernel/action.ts'
import { agentAction, hostInput } from '../../actions-support/agent-action.ts'
import type { ActionDeps } from '../../actions-support/deps.ts'

const network = z.string().refine(
  (text) => {
    const [address = '', bits, ...more] = text.split('/')
    const family = isIP(address)
    if (family === 0 || more.length > 0 || address.includes('%')) return false
    return bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= (family === 4 ? 32 : 128))
  },
  { error: 'Write 10.1.2.3 or 10.1.0.0/16.' },
)
const input = z.strictObject({
  host: hostInput,
  /** What stays reachable besides this server. */
  allow: z.array(network).max(50).default([]),
  dns: z.boolean().default(false),
})
type Input = z.infer<typeof input>

/** Cuts a host off from everything but this server and what is allowed. */
export function isolateHost(deps: ActionDeps): Action<Input> {
  return agentAction(deps, {
    id: 'isolate-host',
    title: { en: 'Isolate a host', ja: 'ホストのネットワーク隔離' },
    kind: 'isolate',
    input: input as z.ZodType<Input>,
    params: ({ allow, dns }) => ({ allow, dns }),
    targets: (_, host) => [{ kind: 'host', name: host }],
    summary: ({ allow }, host) => ({
      en: `Isolate ${host}${allow.length === 0 ? '' : `, but for ${allow.join(', ')}`}`,
      ja: `${host} をネットワークから隔離します${allow.length === 0 ? '' : `（例外：${allow.join('、')}）`}`,
    }),
  })
}
