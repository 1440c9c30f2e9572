import { z } from 'zod'
import type { Action } from '../../../kernel/action.ts'
import { agentAction, hostInput, pathInput } from '../../actions-support/agent-action.ts'
import type { ActionDeps } from '../../actions-support/deps.ts'

const seconds = (most: number) => z.coerce.number().pipe(z.int().min(1).max(most)).optional()
const input = z.strictObject({
  host: hostInput,
  paths: z.array(pathInput).max(50).default([]),
  processes: z.boolean().default(true),
  packetSeconds: seconds(300),
  beforeSeconds: seconds(3600),
  afterSeconds: seconds(300),
})
type Input = z.infer<typeof input>

/** Takes files, processes, traffic and recent events of a host into custody as one artefact. */
export function collectFromHost(deps: ActionDeps): Action<Input> {
  return agentAction(deps, {
    id: 'collect-from-host',
    title: { en: 'Collect evidence from a host', ja: 'ホストからの証拠保全' },
    kind: 'collect',
    input: input as z.ZodType<Input>,
    params: ({ paths, processes, packetSeconds, beforeSeconds, afterSeconds }) => ({
      paths,
      processes,
      ...(packetSeconds === undefined ? {} : { packetSeconds }),
      ...(beforeSeconds === undefined ? {} : { beforeSeconds }),
      ...(afterSeconds === undefined ? {} : { afterSeconds }),
    }),
    targets: () => [{ kind: 'nothing', name: '' }],
    summary: ({ paths, processes }, host) => ({
      en: `Take ${[...paths, ...(processes ? ['processes and connections'] : [])].join(', ')} of ${host} into custody`,
      ja: `${host} の${[...paths, ...(processes ? ['プロセスと通信の一覧'] : [])].join('、')}を証拠として保全します`,
    }),
  })
}
