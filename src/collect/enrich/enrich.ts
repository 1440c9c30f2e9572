import { isIP } from 'node:net'
import { isJsonObject, type JsonObject, type JsonValue } from '../../kernel/json.ts'
import type { Geo } from './geo.ts'

/** A thing of the inventory, as events are told of it. */
export interface AssetFacts {
  readonly id: string
  readonly scope: string
  readonly names: readonly string[]
  readonly labels: Readonly<Record<string, string>>
  readonly criticality: string
  readonly owner: string | null
}

/** A person by the address that directories know; names alone say nothing, since every system has its `admin`. */
export interface PersonFacts {
  readonly email: string
  readonly name: string
}

/** Adds to a document what we know of those it names. What the sender said of them stays. */
export type Enricher = (doc: JsonObject, scope: string) => void

type Growing = Record<string, JsonValue>

const ENDPOINTS = ['source', 'destination', 'client', 'server'] as const
/** Labels of the inventory itself; an asset's own labels stand beside them. */
const LABELS = { id: 'asset_id', criticality: 'asset_criticality', owner: 'asset_owner' } as const

/** @returns undefined where nothing is known of anything: then nobody has to ask. */
export function createEnricher(known: {
  readonly geo: Geo | undefined
  readonly assets: readonly AssetFacts[]
  readonly people: readonly PersonFacts[]
}): Enricher | undefined {
  const { geo } = known
  const assets = byName(known.assets)
  const people = new Map(known.people.map((person) => [person.email.toLowerCase(), person]))
  if (geo === undefined && assets.size === 0 && people.size === 0) return undefined
  return (doc, scope) => {
    if (geo !== undefined) for (const name of ENDPOINTS) locate(doc[name], geo)
    const mine = assets.get(scope)
    if (mine !== undefined) identifyHost(doc as Growing, mine)
    if (people.size > 0) identifyUser(doc['user'], people)
  }
}

function locate(endpoint: JsonValue | undefined, geo: Geo): void {
  if (!isJsonObject(endpoint)) return
  const ip = endpoint['ip']
  if (typeof ip !== 'string' || (endpoint['geo'] !== undefined && endpoint['as'] !== undefined)) return
  const place = geo.placeOf(ip)
  if (place === undefined) return
  const draft = endpoint as Growing
  if (place.geo !== undefined) draft['geo'] ??= place.geo
  if (place.as !== undefined) draft['as'] ??= place.as
}

/** Scope → name → asset. A name that two assets of a scope claim says nothing. */
function byName(assets: readonly AssetFacts[]): ReadonlyMap<string, ReadonlyMap<string, AssetFacts>> {
  const all = new Map<string, Map<string, AssetFacts>>()
  const contested = new Set<string>()
  for (const asset of assets) {
    const mine = all.get(asset.scope) ?? new Map<string, AssetFacts>()
    all.set(asset.scope, mine)
    for (const name of asset.names) {
      const key = name.toLowerCase()
      const other = mine.get(key)
      if (other !== undefined && other.id !== asset.id) contested.add(`${asset.scope}\0${key}`)
      mine.set(key, asset)
    }
  }
  for (const one of contested) {
    const cut = one.indexOf('\0')
    all.get(one.slice(0, cut))!.delete(one.slice(cut + 1))
  }
  return all
}

function identifyHost(doc: Growing, assets: ReadonlyMap<string, AssetFacts>): void {
  const { host, cloud } = doc
  const instance = isJsonObject(cloud) ? cloud['instance'] : undefined
  const asset =
    (isJsonObject(host)
      ? (find(assets, host['id']) ?? find(assets, host['name']) ?? find(assets, host['hostname']) ?? find(assets, host['ip']))
      : undefined) ?? (isJsonObject(instance) ? find(assets, instance['id']) : undefined)
  if (asset === undefined) return
  if (isJsonObject(host) && host['name'] === undefined) {
    const name = asset.names.find((one) => isIP(one) === 0)
    if (name !== undefined) (host as Growing)['name'] = name
  }
  const sent = doc['labels']
  const labels: Growing = isJsonObject(sent) ? (sent as Growing) : {}
  if (sent !== undefined && labels !== sent) doc['labels_original'] = sent
  for (const [key, value] of Object.entries(asset.labels)) {
    const name = key.replaceAll('.', '_')
    if (!Object.hasOwn(labels, name))
      Object.defineProperty(labels, name, { value, enumerable: true, writable: true, configurable: true })
  }
  // These are ours: a sender cannot say how much its host matters.
  labels[LABELS.id] = asset.id
  labels[LABELS.criticality] = asset.criticality
  if (asset.owner === null) delete labels[LABELS.owner]
  else labels[LABELS.owner] = asset.owner
  doc['labels'] = labels
}

function find(assets: ReadonlyMap<string, AssetFacts>, value: JsonValue | undefined): AssetFacts | undefined {
  if (typeof value === 'string') return assets.get(value) ?? assets.get(value.toLowerCase())
  if (!Array.isArray(value)) return undefined
  for (const one of value as readonly JsonValue[]) {
    const asset = typeof one === 'string' ? find(assets, one) : undefined
    if (asset !== undefined) return asset
  }
  return undefined
}

function identifyUser(user: JsonValue | undefined, people: ReadonlyMap<string, PersonFacts>): void {
  if (!isJsonObject(user)) return
  const { email, name } = user
  const address = typeof email === 'string' ? email : typeof name === 'string' && name.includes('@') ? name : undefined
  const person = address === undefined ? undefined : people.get(address.toLowerCase())
  if (person === undefined) return
  const draft = user as Growing
  draft['email'] ??= person.email
  if (person.name !== '') draft['full_name'] ??= person.name
}
