import { z } from 'zod'
import type { Action } from '../../../kernel/action.ts'
import { addressInput } from '../../actions-support/address.ts'
import type { ActionDeps } from '../../actions-support/deps.ts'
import { firewalls } from '../../actions-support/firewalls/open.ts'
import { onEach, undoEach } from '../../actions-support/places.ts'
import { connectionName } from '../../connections/schema.ts'

const input = z.strictObject({ address: addressInput, on: connectionName.optional() })

/** Keeps an address out at a firewall, or at all of them. */
export function blockAddress(deps: ActionDeps): Action<z.infer<typeof input>> {
  return {
    id: 'block-address',
    title: { en: 'Block an address', ja: 'IPアドレスの遮断' },
    input,
    repeats: 'repeat',
    async plan({ address, on }, { scope }) {
      const names = (await firewalls(deps, scope, on)).map(({ name }) => name)
      return {
        summary: {
          en: `Block ${address} at ${names.join(', ')}`,
          ja: `${address} を ${names.join('、')} で遮断します`,
        },
        targets: [{ kind: 'address', name: address }],
        reversible: true,
      }
    },
    async run({ address, on }, { scope, key, signal }) {
      return await onEach(await firewalls(deps, scope, on), async (firewall) => {
        const holder = await firewall.holder(address, signal)
        // An earlier try of this very step put it there: it is ours to take back.
        if (holder !== undefined && holder !== key) return { outcome: 'already' }
        await firewall.block(address, key, signal)
        return { outcome: 'done', undo: { address } }
      })
    },
    async undo(receipt, { scope, signal }) {
      return await undoEach(receipt, async ({ on, address }) => {
        const [firewall] = await firewalls(deps, scope, on)
        await firewall!.unblock(String(address), signal)
      })
    },
  }
}
