import { z } from 'zod'
import type { Action } from '../../../kernel/action.ts'
import { addressInput } from '../../actions-support/address.ts'
import type { ActionDeps } from '../../actions-support/deps.ts'
import { firewalls } from '../../actions-support/firewalls/open.ts'
import { onEach, undoEach } from '../../actions-support/places.ts'
import { connectionName } from '../../connections/schema.ts'

const input = z.strictObject({ address: addressInput, on: connectionName.optional() })

/** Lets an address in again that was kept out by `block-address`, whoever had it done. */
export function unblockAddress(deps: ActionDeps): Action<z.infer<typeof input>> {
  return {
    id: 'unblock-address',
    title: { en: 'Unblock an address', ja: 'IPアドレスの遮断解除' },
    input,
    repeats: 'repeat',
    async plan({ address, on }, { scope, signal }) {
      const all = await firewalls(deps, scope, on)
      const held: Record<string, string> = {}
      for (const firewall of all) {
        const holder = await firewall.holder(address, signal)
        if (holder !== undefined) held[firewall.name] = holder
      }
      const names = all.map(({ name }) => name)
      return {
        summary: { en: `Unblock ${address} at ${names.join(', ')}`, ja: `${names.join('、')} で ${address} の遮断を解除します` },
        targets: [{ kind: 'address', name: address }],
        reversible: true,
        before: { held },
      }
    },
    async run({ address, on }, { scope, signal, before }) {
      return await onEach(await firewalls(deps, scope, on), async (firewall) => {
        const holder = await firewall.holder(address, signal)
        const earlier = (before?.['held'] as Readonly<Record<string, string>> | undefined)?.[firewall.name]
        if (holder === undefined && earlier === undefined) return { outcome: 'already' }
        await firewall.unblock(address, signal)
        return { outcome: 'done', undo: { address, key: earlier ?? holder ?? '' } }
      })
    },
    async undo(receipt, { scope, signal }) {
      return await undoEach(receipt, async ({ on, address, key }) => {
        const [firewall] = await firewalls(deps, scope, on)
        await firewall!.block(String(address), String(key), signal)
      })
    },
  }
}
