import { z } from 'zod'
import type { Action } from '../../../kernel/action.ts'
import { agentAction, hostInput } from '../../actions-support/agent-action.ts'
import type { ActionDeps } from '../../actions-support/deps.ts'

const input = z.strictObject({
  host: hostInput,
  account: z.string().regex(/^[a-z_][a-z0-9_-]{0,31}$/, { error: 'This is no name of a local account.' }),
})
type Input = z.infer<typeof input>

/** Closes a local account of one host, by its agent. */
export function disableAccountOnHost(deps: ActionDeps): Action<Input> {
  return agentAction(deps, {
    id: 'disable-account-on-host',
    title: { en: 'Disable a local account on a host', ja: 'ホスト上のローカルアカウントの無効化' },
    kind: 'disable-account',
    input: input as z.ZodType<Input>,
    params: ({ account }) => ({ account }),
    targets: ({ account }, host) => [{ kind: 'account', name: `${host}: ${account}`, also: [account] }],
    summary: ({ account }, host) => ({
      en: `Disable the local account ${account} on ${host}`,
      ja: `${host} のローカルアカウント ${account} を無効にします`,
    }),
  })
}
