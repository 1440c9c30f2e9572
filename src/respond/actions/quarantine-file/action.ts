import { z } from 'zod'
import type { Action } from '../../../kernel/action.ts'
import { agentAction, hostInput, pathInput } from '../../actions-support/agent-action.ts'
import type { ActionDeps } from '../../actions-support/deps.ts'

const input = z.strictObject({
  host: hostInput,
  path: pathInput,
  /** Only a file of this content is moved. */
  sha256: z
    .string()
    .regex(/^[0-9a-fA-F]{64}$/)
    .transform((text) => text.toLowerCase())
    .optional(),
})
type Input = z.infer<typeof input>

/** Moves a file to where nothing runs it. */
export function quarantineFile(deps: ActionDeps): Action<Input> {
  return agentAction(deps, {
    id: 'quarantine-file',
    title: { en: 'Quarantine a file', ja: 'ファイルの隔離' },
    kind: 'quarantine',
    input: input as z.ZodType<Input>,
    params: ({ path, sha256 }) => ({ path, ...(sha256 === undefined ? {} : { sha256 }) }),
    targets: ({ path }, host) => [{ kind: 'file', name: `${host}: ${path}` }],
    summary: ({ path }, host) => ({ en: `Quarantine ${path} on ${host}`, ja: `${host} のファイル ${path} を隔離します` }),
  })
}
