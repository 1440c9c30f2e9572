import { z } from 'zod'
import type { Action } from '../../../kernel/action.ts'
import { agentAction, hostInput } from '../../actions-support/agent-action.ts'
import type { ActionDeps } from '../../actions-support/deps.ts'

const input = z.strictObject({
  host: hostInput,
  pid: z.coerce.number().pipe(z.int().min(2).max(4_194_304)),
  /** As the event said it, so that no other process of the same number is ended. */
  started: z.iso
    .datetime({ offset: true })
    .transform((text) => Date.parse(text))
    .optional(),
  name: z.string().min(1).max(255).optional(),
})
type Input = z.infer<typeof input>

/** Ends a process on a host. */
export function killProcess(deps: ActionDeps): Action<Input> {
  return agentAction(deps, {
    id: 'kill-process',
    title: { en: 'End a process', ja: 'プロセスの強制終了' },
    kind: 'kill',
    input: input as z.ZodType<Input>,
    params: ({ pid, started, name }) => ({
      pid,
      ...(started === undefined ? {} : { started }),
      ...(name === undefined ? {} : { name }),
    }),
    targets: ({ pid, name }, host) => [{ kind: 'process', name: `${host}: ${name ?? pid}` }],
    summary: ({ pid, name }, host) => ({
      en: `End process ${pid}${name === undefined ? '' : ` (${name})`} on ${host}`,
      ja: `${host} のプロセス ${pid}${name === undefined ? '' : `（${name}）`}を強制終了します`,
    }),
  })
}
