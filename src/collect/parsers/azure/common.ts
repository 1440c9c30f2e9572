import type { JsonObject } from '../../../kernel/json.ts'
import { endpoint } from '../../normalise/address.ts'
import { type Draft, put, putObject, related } from '../../normalise/draft.ts'
import { pickText } from '../../normalise/pick.ts'

/** `name@domain` with its parts; a name that is no address stays a name. */
export function userOf(name: string | undefined, id: string | undefined, fullName: string | undefined): Draft {
  const user: Draft = {}
  put(user, 'name', name)
  const at = name?.indexOf('@') ?? -1
  if (at > 0) {
    user['email'] = name!
    user['domain'] = name!.slice(at + 1)
  }
  put(user, 'id', id)
  put(user, 'full_name', fullName)
  return user
}

/** `203.0.113.9`, also with a port behind it, as some of Azure's services write it. */
export function addSource(doc: Draft, address: string | undefined): void {
  const match = address === undefined ? null : /^((?:\d{1,3}\.){3}\d{1,3}|\[[0-9a-fA-F:.]{2,45}\]):(\d{1,5})$/.exec(address)
  const source = match === null ? endpoint(address, undefined) : endpoint(match[1]!.replace(/^\[|\]$/g, ''), Number(match[2]))
  put(doc, 'source', source)
}

export function addTenant(doc: Draft, record: JsonObject): void {
  const tenant = pickText(record, 'tenantId', 'AADTenantId', 'TenantId', 'properties.resourceTenantId')
  if (tenant !== undefined) doc['cloud'] = { ...(doc['cloud'] as Draft), account: { id: tenant } }
}

export function relate(doc: Draft, ...names: readonly (string | undefined)[]): void {
  const relation: Draft = {}
  put(relation, 'user', related(...names))
  put(relation, 'ip', related((doc['source'] as Draft | undefined)?.['ip'] as string | undefined))
  putObject(doc, 'related', relation)
}

export function sentence(...parts: readonly (string | undefined)[]): string {
  return parts.filter((part) => part !== undefined && part !== '').join(' ')
}
