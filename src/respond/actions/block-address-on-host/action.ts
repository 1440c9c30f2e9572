import { z } from 'zod'
import type { Action } from '../../../kernel/action.ts'
import { addressInput } from '../../actions-support/address.ts'
import { agentAction, hostInput } from '../../actions-support/agent-action.ts'
import type { ActionDeps } from '../../actions-support/deps.ts'

const input = z.strictObject({ host: hostInput, address: addressInput })
type Input = z.infer<typeof input>

/** Keeps an address out at one host, by its agent. */
export function blockAddressOnHost(deps: ActionDeps): Action<Input> {
  return agentAction(deps, {
    id: 'block-address-on-host',
    title: { en: 'Block an address on a host', ja: 'ホスト上でのIPアドレスの遮断' },
    kind: 'block-address',
    input: input as z.ZodType<Input>,
    params: ({ address }) => ({ address }),
    targets: ({ address }) => [{ kind: 'address', name: address }],
    summary: ({ address }, host) => ({ en: `Block ${address} on ${host}`, ja: `${host} で ${address} を遮断します` }),
  })
}
