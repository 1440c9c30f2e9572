import { SELFTEST_SCOPE, type StoredEvent } from '../../../kernel/event.ts'
import type { JsonObject } from '../../../kernel/json.ts'
import {
  type BehaviourKind,
  ENTITY_KINDS,
  nameAt,
  objectAt,
  peersOf,
  type Seen,
  seenOf,
  signedIn,
  VALUE_FEATURES,
  VOLUME_FEATURES,
} from './features.ts'
import type { Place } from './profile.ts'
import { placeOf } from './travel.ts'

/** What one entity did in an event. */
export interface DeedOf {
  readonly kind: BehaviourKind
  readonly name: string
  /** Empty where the event does not say. */
  readonly peers: string
  readonly criticality: string | undefined
  /** Places in VALUE_FEATURES with their values. */
  readonly values: readonly (readonly [feature: number, value: string])[]
  /** Places in VOLUME_FEATURES with their amounts. */
  readonly amounts: readonly (readonly [feature: number, amount: number])[]
  /** Where somebody signed in from. */
  readonly place: Place | undefined
}

/** What an event says of whom; all that is needed of it once its document is gone. Times are milliseconds UTC. */
export interface Deed {
  readonly id: string
  readonly scope: string
  readonly observed: number
  readonly received: number
  readonly of: readonly DeedOf[]
}

const BY_KIND = {
  user: { values: placesOf('user', VALUE_FEATURES), amounts: placesOf('user', VOLUME_FEATURES) },
  host: { values: placesOf('host', VALUE_FEATURES), amounts: placesOf('host', VOLUME_FEATURES) },
} as const

function placesOf(kind: BehaviourKind, features: readonly { readonly kind: BehaviourKind }[]): readonly number[] {
  return features.flatMap((feature, at) => (feature.kind === kind ? [at] : []))
}

const NO_VALUES: DeedOf['values'] = []

/** Senders whose clock is ahead by more than this are believed no longer. */
const MOST_AHEAD_MS = 3_600_000

/** Undefined for events that name neither a user nor a host, for what no parser read, and for rehearsals. */
export function deedOf(event: Pick<StoredEvent, 'id' | 'scope' | 'parser' | 'observed' | 'received' | 'doc'>): Deed | undefined {
  const { id, scope, parser, received, doc } = event
  if (scope === SELFTEST_SCOPE || parser === 'unknown') return undefined
  const observed = event.observed > received + MOST_AHEAD_MS ? received : event.observed
  let seen: Seen | undefined
  let of: DeedOf[] | undefined
  for (const kind of ENTITY_KINDS) {
    const name = nameAt(doc, kind)
    if (name === undefined) continue
    seen ??= seenOf(doc)
    of ??= []
    of.push(deedBy(kind, name, seen, observed))
  }
  return of === undefined ? undefined : { id, scope, observed, received, of }
}

function deedBy(kind: BehaviourKind, name: string, seen: Seen, observed: number): DeedOf {
  const { doc } = seen
  let values: [number, string][] | undefined
  for (const at of BY_KIND[kind].values) {
    const value = VALUE_FEATURES[at]!.read(seen)
    if (value === undefined) continue
    values ??= []
    values.push([at, value])
  }
  const amounts: [number, number][] = []
  for (const at of BY_KIND[kind].amounts) {
    const amount = VOLUME_FEATURES[at]!.read(seen)
    if (amount > 0) amounts.push([at, amount])
  }
  return {
    kind,
    name,
    peers: peersOf(doc, kind),
    criticality: kind === 'host' ? criticalityOf(doc) : undefined,
    values: values ?? NO_VALUES,
    amounts,
    place: kind === 'user' && signedIn(seen) ? placeOf(seen.source, observed) : undefined,
  }
}

function criticalityOf(doc: JsonObject): string | undefined {
  const said = objectAt(doc, 'labels')?.['asset_criticality']
  return typeof said === 'string' ? said : undefined
}
