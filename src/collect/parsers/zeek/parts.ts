import type { JsonObject, JsonValue } from '../../../kernel/json.ts'
import { endpoint } from '../../normalise/address.ts'
import { type Draft, put, putObject, related } from '../../normalise/draft.ts'
import { pickInteger, pickText } from '../../normalise/pick.ts'

/** What all logs of connections share: the two ends, the transport, the service. */
export function fillCommon(doc: Draft, row: JsonObject): void {
  const source = endpoint(pickText(row, 'id.orig_h'), pickInteger(row, 'id.orig_p'))
  const destination = endpoint(pickText(row, 'id.resp_h'), pickInteger(row, 'id.resp_p'))
  put(doc, 'source', source)
  put(doc, 'destination', destination)
  const network: Draft = {}
  put(network, 'transport', pickText(row, 'proto'))
  put(network, 'community_id', pickText(row, 'community_id'))
  const address = source?.['ip'] as string | undefined
  if (address !== undefined) network['type'] = address.includes(':') ? 'ipv6' : 'ipv4'
  putObject(doc, 'network', network)
  relate(doc, 'ip', address, destination?.['ip'] as string | undefined)
}

export function relate(doc: Draft, kind: 'ip' | 'user' | 'hosts' | 'hash', ...values: readonly (string | undefined)[]): void {
  const list = related(...values)
  if (list === undefined) return
  const relation = { ...(doc['related'] as Draft | undefined) }
  relation[kind] = [...new Set([...((relation[kind] as readonly string[] | undefined) ?? []), ...(list as readonly string[])])]
  doc['related'] = relation
}

export function classify(doc: Draft, category: readonly string[], type: readonly string[], outcome?: string): void {
  const event = doc['event'] as Draft
  event['category'] = [...category]
  event['type'] = [...type]
  put(event, 'outcome', outcome)
}

export function protocol(doc: Draft, name: string): void {
  doc['network'] = { ...(doc['network'] as Draft | undefined), protocol: name }
}

export function user(doc: Draft, name: string | undefined): void {
  if (name === undefined) return
  doc['user'] = { name }
  relate(doc, 'user', name)
}

export function body(part: Draft, bytes: number | undefined): void {
  if (bytes !== undefined) part['body'] = { bytes }
}

export function first(list: readonly JsonValue[]): string | undefined {
  const value = list[0]
  return typeof value === 'string' ? value : undefined
}

export function side(doc: Draft, name: 'source' | 'destination', member: string, value: string | number | undefined): void {
  if (value !== undefined && doc[name] !== undefined) doc[name] = { ...(doc[name] as Draft), [member]: value }
}
