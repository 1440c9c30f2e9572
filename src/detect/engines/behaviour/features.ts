import { isJsonObject, type JsonObject, type JsonValue } from '../../../kernel/json.ts'

export const ENTITY_KINDS = ['user', 'host'] as const
export type BehaviourKind = (typeof ENTITY_KINDS)[number]

/** A value that an entity had to do with: is it new to it, or long not seen? */
export interface ValueFeature {
  readonly id: string
  readonly kind: BehaviourKind
  readonly weight: number
  readonly read: (event: Seen) => string | undefined
  /** Counts how many different ones a day as well. */
  readonly reach?: { readonly id: string; readonly weight: number; readonly least: number }
}

/** An amount that adds up over a day. */
export interface VolumeFeature {
  readonly id: string
  readonly kind: BehaviourKind
  readonly weight: number
  readonly unit: 'count' | 'bytes'
  /** So much above the usual most is nothing yet. */
  readonly least: number
  readonly read: (event: Seen) => number
}

/** What features look at, read once an event. */
export interface Seen {
  readonly doc: JsonObject
  readonly categories: readonly string[]
  readonly types: readonly string[]
  readonly action: string | undefined
  readonly failed: boolean
  /** What was started, if anything was. */
  readonly program: string | undefined
  readonly source: JsonObject | undefined
  readonly destination: JsonObject | undefined
}

export function seenOf(doc: JsonObject): Seen {
  const event = objectAt(doc, 'event')
  const categories = textsOf(event?.['category'])
  const types = textsOf(event?.['type'])
  return {
    doc,
    categories,
    types,
    program: categories.includes('process') && !types.includes('end') ? programIn(doc) : undefined,
    action: textOf(event?.['action']),
    failed: event?.['outcome'] === 'failure',
    source: objectAt(doc, 'source'),
    destination: objectAt(doc, 'destination'),
  }
}

const MEGABYTE = 1_000_000

export const VALUE_FEATURES: readonly ValueFeature[] = [
  { id: 'user-network', kind: 'user', weight: 1, read: (event) => (signedIn(event) ? networkOf(event.source) : undefined) },
  { id: 'user-country', kind: 'user', weight: 1.2, read: (event) => (signedIn(event) ? countryOf(event.source) : undefined) },
  {
    id: 'user-host',
    kind: 'user',
    weight: 0.8,
    read: (event) => (signedIn(event) ? nameAt(event.doc, 'host') : undefined),
    reach: { id: 'user-hosts', weight: 1, least: 3 },
  },
  { id: 'user-process', kind: 'user', weight: 0.8, read: startedProcess },
  { id: 'user-action', kind: 'user', weight: 0.8, read: managementAction, reach: { id: 'user-actions', weight: 0.8, least: 4 } },
  { id: 'host-process', kind: 'host', weight: 0.9, read: startedProcess },
  { id: 'host-parent', kind: 'host', weight: 0.7, read: startedBy },
  {
    id: 'host-destination',
    kind: 'host',
    weight: 0.6,
    read: (event) => (event.categories.includes('network') ? destinationOf(event) : undefined),
    reach: { id: 'host-destinations', weight: 0.8, least: 10 },
  },
  { id: 'host-user', kind: 'host', weight: 0.8, read: (event) => (signedIn(event) ? nameAt(event.doc, 'user') : undefined) },
]

export const VOLUME_FEATURES: readonly VolumeFeature[] = [
  count('user-signins', 'user', 0.6, 10, signedIn),
  count('user-failures', 'user', 0.9, 5, (event) => event.failed && event.categories.includes('authentication')),
  count('user-files', 'user', 0.9, 50, (event) => event.categories.includes('file')),
  count('user-changes', 'user', 0.8, 5, (event) => managementAction(event) !== undefined),
  { id: 'user-bytes', kind: 'user', weight: 1, unit: 'bytes', least: 20 * MEGABYTE, read: bytesFetched },
  count('user-events', 'user', 0.4, 100, () => true),
  { id: 'host-bytes', kind: 'host', weight: 1, unit: 'bytes', least: 50 * MEGABYTE, read: bytesSent },
  count('host-dns', 'host', 0.8, 50, (event) => objectAt(event.doc, 'dns') !== undefined),
  count('host-failures', 'host', 0.9, 10, (event) => event.failed && event.categories.includes('authentication')),
  count('host-processes', 'host', 0.5, 100, (event) => startedProcess(event) !== undefined),
  count('host-events', 'host', 0.3, 500, () => true),
]

interface HoursFeature {
  readonly id: string
  readonly weight: number
  readonly reach?: { readonly id: string; readonly weight: number; readonly least: number }
}

/** `reach`: how much is done at hours at which the entity is hardly ever active. */
export const HOURS_FEATURE: Readonly<Record<BehaviourKind, HoursFeature>> = {
  user: { id: 'user-hours', weight: 0.9, reach: { id: 'user-odd-hours', weight: 0.9, least: 5 } },
  host: { id: 'host-hours', weight: 0.3 },
}
export const TRAVEL_FEATURE = 'user-travel'

function count(id: string, kind: BehaviourKind, weight: number, least: number, test: (event: Seen) => boolean): VolumeFeature {
  return { id, kind, weight, unit: 'count', least, read: (event) => (test(event) ? 1 : 0) }
}

export function signedIn({ categories, types, failed }: Seen): boolean {
  return !failed && categories.includes('authentication') && !types.includes('end')
}

function startedProcess({ program }: Seen): string | undefined {
  return program
}

function programIn(doc: JsonObject): string | undefined {
  const process = objectAt(doc, 'process')
  return cleaned(textOf(process?.['name']) ?? textOf(process?.['executable']))
}

function startedBy(event: Seen): string | undefined {
  const child = startedProcess(event)
  if (child === undefined) return undefined
  const process = objectAt(event.doc, 'process')
  const parent = process === undefined ? undefined : objectAt(process, 'parent')
  const name = cleaned(textOf(parent?.['name']))
  return name === undefined ? undefined : `${name} → ${child}`
}

/** Calls of cloud and directory interfaces that manage something. */
function managementAction({ categories, doc, action }: Seen): string | undefined {
  if (action === undefined) return undefined
  if (!categories.includes('api') && !categories.includes('iam') && !categories.includes('configuration')) return undefined
  const provider = textOf(objectAt(doc, 'event')?.['provider'])
  return cleaned(provider === undefined ? action : `${provider}:${action}`)
}

function countryOf(end: JsonObject | undefined): string | undefined {
  const geo = end === undefined ? undefined : objectAt(end, 'geo')
  return cleaned(textOf(geo?.['country_iso_code']))
}

/** The operator's network where a database knows it, else the /24 or /48. */
export function networkOf(end: JsonObject | undefined): string | undefined {
  if (end === undefined) return undefined
  const as = objectAt(end, 'as')
  const number = as?.['number']
  if (typeof number === 'number') return `AS${number}`
  const ip = textOf(end['ip'])
  if (ip === undefined || ip === '::1' || ip.startsWith('127.')) return undefined
  if (ip.includes(':')) return `${ip.split(':').slice(0, 3).join(':')}::/48`
  return `${ip.slice(0, ip.lastIndexOf('.'))}.0/24`
}

function destinationOf({ destination, doc }: Seen): string | undefined {
  const dns = objectAt(doc, 'dns')
  const question = dns === undefined ? undefined : objectAt(dns, 'question')
  const domain = textOf(question?.['registered_domain']) ?? textOf(destination?.['registered_domain'])
  return cleaned(domain ?? networkOf(destination))
}

function bytesSent({ categories, source }: Seen): number {
  return categories.includes('network') ? amount(source?.['bytes']) : 0
}

function bytesFetched({ doc, categories, source }: Seen): number {
  const http = objectAt(doc, 'http')
  const response = http === undefined ? undefined : objectAt(http, 'response')
  const body = response === undefined ? undefined : objectAt(response, 'body')
  const fetched = amount(body?.['bytes']) || amount(response?.['bytes'])
  return fetched > 0 ? fetched : categories.includes('network') ? amount(source?.['bytes']) : 0
}

function amount(value: JsonValue | undefined): number {
  return typeof value === 'number' && Number.isFinite(value) && value > 0 ? value : 0
}

const LONGEST_VALUE = 128
const NO_TEXTS: readonly string[] = []

function cleaned(text: string | undefined): string | undefined {
  if (text === undefined || text === '' || text === '-') return undefined
  return (text.length > LONGEST_VALUE ? text.slice(0, LONGEST_VALUE) : text).toLowerCase()
}

/** Accounts of the system itself, of which every host has one. */
const NOBODY: ReadonlySet<string> = new Set([
  'system',
  'local service',
  'network service',
  'anonymous logon',
  'localsystem',
  'nobody',
  'defaultaccount',
])
/** Those of the desktop's sessions. */
const SESSION = /^(?:dwm|umfd)-\d+$/
const DOLLAR = 0x24

/** As it is followed; undefined for nobody, and for accounts of machines. Asked of every event: no memo is faster, and many names make one slow. */
export function nameAt(doc: JsonObject, kind: BehaviourKind): string | undefined {
  const name = cleaned(textOf(objectAt(doc, kind)?.['name']))
  if (name === undefined || kind !== 'user') return name
  if (name.charCodeAt(name.length - 1) === DOLLAR || NOBODY.has(name)) return undefined
  return (name.startsWith('dwm-') || name.startsWith('umfd-')) && SESSION.test(name) ? undefined : name
}

/** Whom an entity is compared with: its team or role where events say so, else all of its kind. */
export function peersOf(doc: JsonObject, kind: BehaviourKind): string {
  if (kind === 'user') {
    const user = objectAt(doc, 'user')
    const group = user === undefined ? undefined : objectAt(user, 'group')
    return cleaned(textOf(group?.['name']) ?? textsOf(user?.['roles'])[0]) ?? ''
  }
  const labels = objectAt(doc, 'labels')
  const host = objectAt(doc, 'host')
  const os = host === undefined ? undefined : objectAt(host, 'os')
  return cleaned(textOf(labels?.['role']) ?? textOf(labels?.['team']) ?? textOf(os?.['type'])) ?? ''
}

export function objectAt(object: JsonObject, name: string): JsonObject | undefined {
  const value = object[name]
  return isJsonObject(value) ? value : undefined
}

function textOf(value: JsonValue | undefined): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined
}

function textsOf(value: JsonValue | undefined): readonly string[] {
  if (typeof value === 'string') return [value]
  if (!Array.isArray(value)) return NO_TEXTS
  return value.every((one) => typeof one === 'string') ? (value as readonly string[]) : NO_TEXTS
}
