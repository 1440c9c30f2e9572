import type { Detection, Level, RuleInfo } from '../../../kernel/detection.ts'
import type { StoredEvent } from '../../../kernel/event.ts'
import { type Deed, type DeedOf, deedOf } from './deed.ts'
import { conditionsOf, fieldsOf } from './explain.ts'
import { type BehaviourKind, ENTITY_KINDS, HOURS_FEATURE, TRAVEL_FEATURE, VALUE_FEATURES, VOLUME_FEATURES } from './features.ts'
import { faded, isOddHour, type Judged, judgeHour, judgeValue, judgeVolume, scoreOf } from './judge.ts'
import { type BehaviourCosts, type BehaviourLimits, LEAST_SCORE, LIMITS } from './limits.ts'
import { adopt, barOf, learnNovelty, learnVolume, newPool, noteScore, type Pool, spreadOf } from './pool.ts'
import {
  beginDay,
  dropSignals,
  newProfile,
  type Place,
  type Profile,
  type Signal,
  setSignal,
  sight,
  valueBook,
  volumeBook,
} from './profile.ts'
import { BEHAVIOUR_RULES } from './rules.ts'
import { impossible } from './travel.ts'

const DAY_MS = 86_400_000
const HOUR_MS = 3_600_000
/** An alert about an entity is told again within a day only if it became so much odder. */
const ODDER = 1.4
/** … or if an amount has become so many times what was told. */
const FURTHER = 2
/** Signals that weigh less than this by now are dropped. */
const LEAST_SIGNAL = 0.05
/** Of a network that a person used on so many days, a jump is no travel: that is how VPNs look. */
const USUAL_NETWORK_DAYS = 3
const TRAVEL_SCORE = 4.5
const EVENTS_NAMED = 20

export interface BehaviourOptions {
  readonly limits?: BehaviourLimits
  /** Minutes east of UTC of the days and hours that people live by. */
  readonly zoneMinutes?: number
}

export interface BehaviourState {
  readonly profiles: Iterable<Profile>
  readonly pools: Iterable<readonly [key: string, pool: Pool]>
  readonly costs?: BehaviourCosts
  /** The batch up to which it counts; events of earlier ones change nothing. */
  readonly sequence?: number
}

/** All users, or all hosts, of a scope. */
interface Crowd {
  readonly names: Map<string, Profile>
  /** Made when it is needed. */
  pool: Pool | undefined
}

/**
 * Follows what each user and host usually does, as events stream by, and says when one behaves unlike before: new or rare
 * values, unusual amounts and hours, unlike its peers, and impossible travel. Memory is bounded; what a bound costs is
 * counted. Depends on nothing but the events and their order.
 */
export class BehaviourEngine {
  readonly rules: readonly RuleInfo[] = Object.values(BEHAVIOUR_RULES)
  readonly costs: BehaviourCosts
  /** Called before a profile changes by an event: its text may have to be made of how it was. */
  beforeChange: ((profile: Profile) => void) | undefined
  readonly #limits: BehaviourLimits
  readonly #zoneMs: number
  readonly #from: number
  /** The longest unseen first. */
  readonly #profiles = new Set<Profile>()
  /** By scope: asked of every event. */
  readonly #crowds = new Map<string, Readonly<Record<BehaviourKind, Crowd>>>()
  /** Kept from one to the next: from its start, a set's iterator passes over everything that was ever deleted there. */
  #longestUnseen = this.#profiles.values()
  /** By scope and kind. */
  readonly #pools: Map<string, Pool>
  #dirty = new Set<Profile>()
  #gone: Profile[] = []
  /** Whoever was told as changed: where names hardly come again, most are forgotten before, and nobody need know. */
  readonly #told = new Set<Profile>()

  constructor(options: BehaviourOptions = {}, state: BehaviourState = { profiles: [], pools: [] }) {
    this.#limits = options.limits ?? LIMITS
    this.#zoneMs = (options.zoneMinutes ?? 0) * 60_000
    this.costs = state.costs ?? { evicted: 0, forgotten: 0, late: 0 }
    for (const profile of state.profiles) {
      this.#profiles.add(profile)
      this.#crowd(profile.scope, profile.kind).names.set(profile.name, profile)
      this.#told.add(profile)
    }
    this.#pools = new Map(state.pools)
    this.#from = state.sequence ?? 0
  }

  get entities(): number {
    return this.#profiles.size
  }

  get pools(): ReadonlyMap<string, Pool> {
    return this.#pools
  }

  /** What was taken as changes and could not be written counts as changed again. */
  touch(changed: readonly Pick<Profile, 'scope' | 'kind' | 'name'>[], gone: readonly Profile[]): void {
    for (const { scope, kind, name } of changed) {
      const profile = this.#crowd(scope, kind).names.get(name)
      if (profile !== undefined) this.#dirty.add(profile)
    }
    this.#gone.push(...gone)
  }

  /** Profiles that changed since this was last asked, and those that were forgotten since they were told of. */
  takeChanges(): { readonly changed: readonly Profile[]; readonly gone: readonly Profile[] } {
    const changed = [...this.#dirty]
    for (const profile of changed) this.#told.add(profile)
    const gone = this.#gone
    this.#dirty = new Set()
    this.#gone = []
    return { changed, gone }
  }

  /**
   * Forgets somebody, in every scope where none is given: whoever is called so is learned anew from now on, and is no value of
   * others any more.
   */
  forget(scope: string | undefined, isMeant: (name: string) => boolean): void {
    const within = (one: string): boolean => scope === undefined || one === scope
    for (const profile of this.#profiles) {
      if (!within(profile.scope)) continue
      if (isMeant(profile.name)) {
        this.#drop(profile)
        this.#gone.push(profile)
      } else if (forgetValues(profile, isMeant)) this.#dirty.add(profile)
    }
    for (const [key, pool] of this.#pools) {
      if (!within(key.split('\0', 1)[0]!)) continue
      for (const values of pool.adopted.values()) for (const value of values.keys()) if (isMeant(value)) values.delete(value)
      for (const entity of pool.tops.keys()) if (isMeant(entity.slice(entity.indexOf(' ') + 1))) pool.tops.delete(entity)
    }
  }

  /** With `emit` false it is learned from and nothing is told. */
  run(events: readonly StoredEvent[], emit: boolean): Detection[] {
    return events.flatMap((event) => {
      const deed = event.sequence <= this.#from ? undefined : deedOf(event)
      return deed === undefined ? [] : this.take([deed], event.sequence, emit)
    })
  }

  /** The same for what was taken from the events of one batch, in their order. */
  take(deeds: readonly Deed[], sequence: number, emit: boolean): Detection[] {
    // What the state knows already is read back for others' sake.
    if (sequence <= this.#from) return []
    const detections: Detection[] = []
    for (const deed of deeds) for (const one of deed.of) this.#learn(deed, one, emit ? detections : undefined)
    return detections
  }

  #learn(
    deed: Deed,
    { kind, name, peers, criticality, values, amounts, place }: DeedOf,
    detections: Detection[] | undefined,
  ): void {
    const { scope, observed: at } = deed
    const local = at + this.#zoneMs
    const day = Math.floor(local / DAY_MS)
    const pool = this.#pool(scope, kind)
    const profile = this.#profile(scope, kind, name, day, at)
    this.beforeChange?.(profile)
    if (peers !== '') profile.peers = peers
    if (criticality !== undefined) profile.criticality = criticality
    this.#dirty.add(profile)
    if (day > profile.day) this.#endDay(profile, pool, day)
    profile.lastSeen = Math.max(profile.lastSeen, at)
    const late = day < profile.day
    if (late) this.costs.late++
    let odder = false
    const found = (feature: string, weight: number, judged: Judged | undefined): void => {
      if (judged !== undefined && !late && keepSignal(profile, feature, judged.surprise * weight, judged, at, deed.id))
        odder = true
    }
    for (const [place, value] of values) {
      const feature = VALUE_FEATURES[place]!
      const book = valueBook(profile, feature.id)
      const first = book.known.size === 0
      const sighting = sight(book, value, profile.day, this.#limits, this.costs)
      if (sighting === 'today') continue
      if (sighting === 'new') {
        const others = adopt(pool, feature.id, value, profile.day, first, this.#limits, this.costs)
        found(feature.id, feature.weight, judgeValue(profile, feature.id, value, book, sighting, others, pool))
      } else {
        const others = { ...spreadOf(pool, feature.id, value), lately: 0 }
        found(feature.id, feature.weight, judgeValue(profile, feature.id, value, book, sighting, others, pool))
      }
      if (feature.reach !== undefined && !late) {
        const { id, weight, least } = feature.reach
        found(id, weight, this.#add(profile, pool, id, 1, least, 'count'))
      }
    }
    if (late) return
    for (const [place, amount] of amounts) {
      const feature = VOLUME_FEATURES[place]!
      found(feature.id, feature.weight, this.#add(profile, pool, feature.id, amount, feature.least, feature.unit))
    }
    const hour = Math.floor(local / HOUR_MS) % 24
    if (((profile.hoursToday >>> hour) & 1) === 0) {
      profile.hoursToday |= 1 << hour
      const judged = judgeHour(profile, hour)
      found(HOURS_FEATURE[kind].id, HOURS_FEATURE[kind].weight, judged)
      if (isOddHour(judged)) profile.oddHoursToday |= 1 << hour
    }
    const { reach } = HOURS_FEATURE[kind]
    if (reach !== undefined && ((profile.oddHoursToday >>> hour) & 1) === 1)
      found(reach.id, reach.weight, this.#add(profile, pool, reach.id, 1, reach.least, 'count'))
    if (place !== undefined) found(TRAVEL_FEATURE, 1, travelled(profile, place))
    // One bar for all of a scope: it is one person's day that alerts fill.
    if (odder) this.#tell(profile, this.#pool(scope, ENTITY_KINDS[0]), deed, detections)
  }

  /** Adds to a day's total, and judges it each time it grew by a fourth. */
  #add(
    profile: Profile,
    pool: Pool,
    feature: string,
    amount: number,
    least: number,
    unit: 'count' | 'bytes',
  ): Judged | undefined {
    const book = volumeBook(profile, feature)
    book.today += amount
    if (book.today < least || book.today < book.next) return undefined
    book.next = book.today * 1.25
    return judgeVolume(profile, book, least, unit, pool.volumes.get(`${profile.peers}\0${feature}`))
  }

  #tell(profile: Profile, pool: Pool, deed: Deed, detections: Detection[] | undefined): void {
    const at = deed.observed
    const score = scoreOf(profile, at)
    noteScore(pool, profile.day, `${profile.kind} ${profile.name}`, score)
    profile.peak = Math.max(profile.peak, score)
    const bar = Math.max(LEAST_SCORE, barOf(pool))
    if (score < bar) return
    const { alerted } = profile
    const times = timesUsual(profile)
    if (alerted !== undefined && score < alerted.score * ODDER * faded((at - alerted.at) / 2) && times < alerted.times * FURTHER)
      return
    profile.alerted = { at, score, times }
    detections?.push(detectionOf(profile, deed, score, bar))
  }

  #endDay(profile: Profile, pool: Pool, day: number): void {
    for (const [feature, { newToday }] of profile.values) learnNovelty(pool, feature, newToday)
    beginDay(profile, day, (feature, total) => learnVolume(pool, profile.peers, feature, total))
    dropSignals(profile, ({ score, at }) => score * faded(profile.lastSeen - at) < LEAST_SIGNAL)
  }

  #pool(scope: string, kind: BehaviourKind): Pool {
    const crowd = this.#crowd(scope, kind)
    if (crowd.pool !== undefined) return crowd.pool
    const key = poolKey(scope, kind)
    const pool = this.#pools.get(key) ?? newPool()
    this.#pools.set(key, pool)
    crowd.pool = pool
    return pool
  }

  #profile(scope: string, kind: BehaviourKind, name: string, day: number, at: number): Profile {
    const { names } = this.#crowd(scope, kind)
    const known = names.get(name)
    if (known !== undefined) {
      // To the end, so that the longest unseen stays first; once a day is often enough.
      if (day > known.day) {
        this.#profiles.delete(known)
        this.#profiles.add(known)
      }
      return known
    }
    if (this.#profiles.size >= this.#limits.entities) {
      const profile = this.#nextUnseen()
      if (this.#told.has(profile)) this.#gone.push(profile)
      this.#drop(profile)
      this.costs.evicted++
    }
    const made = newProfile(scope, kind, name, day, at)
    this.#profiles.add(made)
    names.set(name, made)
    return made
  }

  #crowd(scope: string, kind: BehaviourKind): Crowd {
    let crowds = this.#crowds.get(scope)
    if (crowds === undefined) {
      crowds = { user: { names: new Map(), pool: undefined }, host: { names: new Map(), pool: undefined } }
      this.#crowds.set(scope, crowds)
    }
    return crowds[kind]
  }

  #drop(profile: Profile): void {
    this.#profiles.delete(profile)
    this.#crowd(profile.scope, profile.kind).names.delete(profile.name)
    this.#dirty.delete(profile)
    this.#told.delete(profile)
  }

  #nextUnseen(): Profile {
    const { value } = this.#longestUnseen.next()
    if (value !== undefined) return value
    this.#longestUnseen = this.#profiles.values()
    return this.#longestUnseen.next().value!
  }
}

function poolKey(scope: string, kind: BehaviourKind): string {
  return `${scope}\0${kind}`
}

/** @returns whether there was any. */
function forgetValues(profile: Profile, isMeant: (value: string) => boolean): boolean {
  let any = false
  for (const { known } of profile.values.values())
    for (const value of known.keys()) if (isMeant(value)) any = known.delete(value) || any
  const told = ({ detail }: Signal): readonly string[] =>
    detail.type === 'new' ? [detail.value, ...detail.usual] : detail.type === 'rare' ? [detail.value] : []
  return dropSignals(profile, (signal) => told(signal).some(isMeant)) || any
}

/** Keeps the oddest there is of a feature. @returns whether the entity became odder by it. */
function keepSignal(profile: Profile, feature: string, score: number, { detail }: Judged, at: number, eventId: string): boolean {
  const before = profile.signals.get(feature)
  if (before !== undefined && before.score * faded(at - before.at) >= score) return false
  setSignal(profile, { feature, score: Math.round(score * 1000) / 1000, at, eventId, detail })
  return true
}

/** How many times the most that is usual the furthest amount is. */
function timesUsual({ signals }: Profile): number {
  let most = 0
  for (const { detail } of signals.values())
    if (detail.type === 'volume') most = Math.max(most, detail.now / Math.max(1, detail.high))
  return most
}

function travelled(profile: Profile, to: Place): Judged | undefined {
  const from = profile.place
  if (from === undefined || to.at >= from.at) profile.place = to
  const detail = from === undefined ? undefined : impossible(from, to)
  if (detail === undefined) return undefined
  const networks = profile.values.get('user-network')?.known
  const usual = (network: string): boolean => (networks?.get(network)?.[1] ?? 0) >= USUAL_NETWORK_DAYS
  return usual(from!.network) && usual(to.network) ? undefined : { surprise: TRAVEL_SCORE, detail }
}

function detectionOf(profile: Profile, { id, scope, observed, received }: Deed, score: number, bar: number): Detection {
  const signals = [...profile.signals.values()]
    .filter((signal) => signal.score * faded(observed - signal.at) >= LEAST_SIGNAL)
    .sort((a, b) => b.score * faded(observed - b.at) - a.score * faded(observed - a.at))
  const travel = signals.find(({ feature }) => feature === TRAVEL_FEATURE)
  const rule = travel?.eventId === id ? BEHAVIOUR_RULES.travel : BEHAVIOUR_RULES[profile.kind]
  const eventIds = [...new Set(signals.toSorted((a, b) => a.at - b.at).map(({ eventId }) => eventId))].slice(-EVENTS_NAMED)
  return {
    rule: { ...rule, level: levelOf(score, bar) },
    eventIds: eventIds.includes(id) ? eventIds : [...eventIds, id],
    eventCount: eventIds.length,
    fields: fieldsOf(profile, signals, score, bar, observed),
    conditions: conditionsOf(signals),
    group: { [profile.kind === 'user' ? 'user.name' : 'host.name']: profile.name },
    observed,
    received,
    scope,
  }
}

function levelOf(score: number, bar: number): Level {
  return score >= 2 * bar ? 'high' : score >= 1.3 * bar ? 'medium' : 'low'
}
