import { KanpekiError } from '../../../kernel/error.ts'
import type { Outgoing } from '../../../platform/outgoing/outgoing.ts'
import type { ConnectionOf } from '../../connections/schema.ts'
import { under } from '../call.ts'
import type { Firewall } from './firewall.ts'

/**
 * Any firewall behind a small HTTP interface: `PUT`, `GET` and `DELETE` of `URL/ADDRESS`, with a bearer token. `PUT` carries
 * `{"address","key"}` and may be repeated; `GET` answers 404 where the address is not kept out.
 */
export function httpFirewall(
  outgoing: Outgoing,
  { name, settings, secrets }: Pick<ConnectionOf<'http-firewall'>, 'name' | 'settings' | 'secrets'>,
): Firewall {
  const call = async (method: string, address: string, signal: AbortSignal, body?: object): Promise<Response> => {
    const url = under(settings.url, [address])
    const reply = await outgoing.fetch(url, {
      method,
      headers: {
        authorization: `Bearer ${secrets.token}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      redirect: 'manual',
      signal,
      maxBytes: 64 * 1024,
    })
    if (!reply.ok && reply.status !== 404) throw new KanpekiError('firewall_failed', `${url.host} answered ${reply.status}.`)
    return reply
  }
  return {
    name,
    async holder(address, signal) {
      const reply = await call('GET', address, signal)
      if (reply.status === 404) return undefined
      const said = (await reply.json().catch(() => undefined)) as { key?: unknown } | null | undefined
      return typeof said?.key === 'string' ? said.key : ''
    },
    async block(address, key, signal) {
      const reply = await call('PUT', address, signal, { address, key })
      if (reply.status === 404) throw new KanpekiError('firewall_failed', 'The firewall knows no such list.')
    },
    async unblock(address, signal) {
      await call('DELETE', address, signal)
    },
  }
}
