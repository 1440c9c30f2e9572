import { KanpekiError } from '../../../kernel/error.ts'
import type { Outgoing } from '../../../platform/outgoing/outgoing.ts'
import type { ConnectionOf } from '../../connections/schema.ts'
import { callJson, textAt, under } from '../call.ts'
import type { Directory } from './directory.ts'

const TYPE = 'application/scim+json'

/** Closes accounts by `active` of SCIM 2.0 (RFC 7643 §4.1.1, RFC 7644 §3.5.2). */
export function scim(
  outgoing: Outgoing,
  { name, settings, secrets }: Pick<ConnectionOf<'scim'>, 'name' | 'settings' | 'secrets'>,
): Directory {
  const headers = { authorization: `Bearer ${secrets.token}`, accept: TYPE }
  const activate = async (id: string, active: boolean, signal: AbortSignal): Promise<void> => {
    await callJson(outgoing, under(settings.url, ['Users', id]), {
      method: 'PATCH',
      headers,
      type: TYPE,
      body: {
        schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'],
        Operations: [{ op: 'replace', path: 'active', value: active }],
      },
      signal,
    })
  }
  return {
    name,
    async look(account, signal) {
      // A JSON string is what RFC 7644 §3.4.2.2 takes as a value, so that a quotation mark ends nothing.
      const filter = `userName eq ${JSON.stringify(account)}`
      const { json } = await callJson(outgoing, under(settings.url, ['Users'], { filter, count: '2' }), {
        method: 'GET',
        headers,
        signal,
      })
      const resources = (json as { Resources?: unknown } | undefined)?.Resources
      const users: readonly unknown[] = Array.isArray(resources) ? resources : []
      if (users.length > 1) throw new KanpekiError('account_ambiguous', `${name} has several accounts of this name.`)
      const id = textAt(users[0], 'id')
      // A server that leaves out the filter would answer with anybody.
      if (id === undefined || textAt(users[0], 'userName')?.toLowerCase() !== account.toLowerCase()) return undefined
      return { closed: (users[0] as { active?: unknown }).active === false, id, value: {} }
    },
    close: ({ id }, _account, signal) => activate(id, false, signal),
    reopen: ({ id }, _account, signal) => activate(id, true, signal),
  }
}
