import type { BehaviourKind } from './features.ts'
import { type BehaviourCosts, type BehaviourLimits, DAYS_KEPT } from './limits.ts'

/** Weight of what was learned before, on each active day: after some forty days a habit that ended is forgotten. */
const FADE = 1 - 1 / 40

export interface Place {
  readonly at: number
  readonly lat: number
  readonly lon: number
  readonly name: string
  readonly network: string
}

/** What an entity has to do with, by one feature. Days are counted from 1970 in the installation's zone. */
export interface ValueBook {
  /** value → last day, days on which it was seen. The longest unseen come first. */
  readonly known: Map<string, [lastDay: number, days: number]>
  /** New values a day, faded: the expected count is this over `profile.weight`. */
  fresh: number
  /** New values and different values of the current day. */
  newToday: number
  today: number
}

export interface VolumeBook {
  /** Totals of active days, oldest first, and which day each was. */
  readonly totals: number[]
  readonly days: number[]
  today: number
  /** The total at which it is judged again. */
  next: number
}

/** One thing that is odd about an entity, as it stood when it was oddest. */
export interface Signal {
  readonly feature: string
  /** Weighted surprise, −log10 of a probability. */
  readonly score: number
  readonly at: number
  readonly eventId: string
  readonly detail: SignalDetail
}

export type SignalDetail =
  | {
      readonly type: 'new'
      readonly value: string
      readonly count: number
      readonly usual: readonly string[]
      /** How many others have it. */
      readonly others: number
    }
  | { readonly type: 'rare'; readonly value: string; readonly days: number; readonly others: number }
  | {
      readonly type: 'volume'
      readonly now: number
      readonly low: number
      readonly high: number
      /** Of the last active days, oldest first, without today. */
      readonly days: readonly number[]
      readonly unit: 'count' | 'bytes'
      /** Compared with peers, because it has no past of its own yet. */
      readonly peers?: true
    }
  | {
      readonly type: 'hours'
      readonly hour: number
      readonly weekend: boolean
      readonly share: number
      readonly hours: readonly number[]
    }
  | {
      readonly type: 'travel'
      readonly from: string
      readonly to: string
      readonly km: number
      readonly minutes: number
      readonly kmh: number
    }

/** What is known of one user or host. */
export interface Profile {
  readonly scope: string
  readonly kind: BehaviourKind
  readonly name: string
  peers: string
  /** How much the asset matters, as its events last said. */
  criticality: string | undefined
  readonly firstDay: number
  day: number
  /** Active days before today, and the same faded. */
  days: number
  weight: number
  lastSeen: number
  /** Made by `valueBook`: all profiles that nothing is known of share one map. */
  values: ReadonlyMap<string, ValueBook>
  readonly volumes: Map<string, VolumeBook>
  /**
   * Faded days on which it was active in an hour, of working days and then of weekends; and how many such days there were.
   * All profiles of a first day share one list: most names of a flood never see a second.
   */
  hours: readonly number[]
  readonly ofDays: [working: number, weekend: number]
  /** Hours of today, a bit each. */
  hoursToday: number
  /** Those among them at which it is hardly ever active. */
  oddHoursToday: number
  place: Place | undefined
  /** Changed by `setSignal` and `dropSignals`: all profiles that nothing is odd about share one map. */
  signals: ReadonlyMap<string, Signal>
  /** Of the last alert. */
  alerted: { readonly at: number; readonly score: number; readonly times: number } | undefined
  /** Highest score of the day. */
  peak: number
}

const NO_HOURS: readonly number[] = Array.from({ length: 48 }, () => 0)
const NO_SIGNALS: ReadonlyMap<string, Signal> = new Map()
const NO_VALUES: ReadonlyMap<string, ValueBook> = new Map()

export function newProfile(scope: string, kind: BehaviourKind, name: string, day: number, at: number): Profile {
  return {
    scope,
    kind,
    name,
    peers: '',
    criticality: undefined,
    firstDay: day,
    day,
    days: 0,
    weight: 0,
    lastSeen: at,
    values: NO_VALUES,
    volumes: new Map(),
    hours: NO_HOURS,
    ofDays: [0, 0],
    hoursToday: 0,
    oddHoursToday: 0,
    place: undefined,
    signals: NO_SIGNALS,
    alerted: undefined,
    peak: 0,
  }
}

export function isWeekend(day: number): boolean {
  // 1970-01-01 was a Thursday.
  const weekday = (day + 4) % 7
  return weekday === 0 || weekday === 6
}

/** Ends the profile's day and begins another. @param ended told each volume's total of the day that ended. */
export function beginDay(profile: Profile, day: number, ended: (feature: string, total: number) => void): void {
  const weekend = isWeekend(profile.day)
  profile.days += 1
  profile.weight = profile.weight * FADE + 1
  for (const book of profile.values.values()) {
    book.fresh = book.fresh * FADE + book.newToday
    book.newToday = 0
    book.today = 0
  }
  for (const [feature, book] of profile.volumes) {
    book.totals.push(book.today)
    book.days.push(profile.day)
    if (book.totals.length > DAYS_KEPT) {
      book.totals.shift()
      book.days.shift()
    }
    ended(feature, book.today)
    book.today = 0
    book.next = 0
  }
  const from = weekend ? 24 : 0
  const hours = [...profile.hours]
  for (let hour = 0; hour < 24; hour++) {
    const active = (profile.hoursToday >>> hour) & 1
    hours[from + hour] = hours[from + hour]! * FADE + active
  }
  profile.hours = hours
  profile.ofDays[weekend ? 1 : 0] = profile.ofDays[weekend ? 1 : 0] * FADE + 1
  profile.hoursToday = 0
  profile.oddHoursToday = 0
  profile.peak = 0
  profile.day = day
}

export function valueBook(profile: Profile, feature: string): ValueBook {
  let book = profile.values.get(feature)
  if (book === undefined) {
    book = { known: new Map(), fresh: 0, newToday: 0, today: 0 }
    profile.values = new Map(profile.values).set(feature, book)
  }
  return book
}

/** An amount that was never there was nothing on each day so far. */
export function volumeBook(profile: Profile, feature: string): VolumeBook {
  let book = profile.volumes.get(feature)
  if (book === undefined) {
    const days = Math.min(profile.days, DAYS_KEPT)
    book = {
      totals: days === 0 ? [] : Array.from({ length: days }, () => 0),
      days: days === 0 ? [] : Array.from({ length: days }, (_, at) => profile.day - days + at),
      today: 0,
      next: 0,
    }
    profile.volumes.set(feature, book)
  }
  return book
}

/** Notes what is odd about an entity, by feature. */
export function setSignal(profile: Profile, signal: Signal): void {
  profile.signals = new Map(profile.signals).set(signal.feature, signal)
}

/** Drops what nobody need know any more. @returns whether there was any. */
export function dropSignals(profile: Profile, isOver: (signal: Signal) => boolean): boolean {
  const kept = [...profile.signals].filter(([, signal]) => !isOver(signal))
  if (kept.length === profile.signals.size) return false
  profile.signals = new Map(kept)
  return true
}

export type Sighting = 'again' | 'today' | 'new' | { readonly unseenDays: number; readonly days: number }

/** Notes a value. `today`: seen on this day already; `again`: usual; `new`: never, or forgotten. */
export function sight(book: ValueBook, value: string, day: number, limits: BehaviourLimits, costs: BehaviourCosts): Sighting {
  const known = book.known.get(value)
  if (known === undefined) {
    if (book.known.size >= limits.values) {
      book.known.delete(book.known.keys().next().value!)
      costs.forgotten++
    }
    book.known.set(value, [day, 1])
    book.newToday++
    book.today++
    return 'new'
  }
  const [last, days] = known
  if (last >= day) return 'today'
  book.known.delete(value)
  book.known.set(value, [day, days + 1])
  book.today++
  return { unseenDays: day - last, days }
}

// ── As stored ──

/** A profile as JSON; `restoreProfile` reads it. */
export function profileText(profile: Profile): string {
  return JSON.stringify({
    ...profile,
    values: [...profile.values].map(([feature, { known, fresh, newToday, today }]) => [
      feature,
      { known: [...known].map(([value, [last, days]]) => [value, last, days]), fresh: rounded(fresh), newToday, today },
    ]),
    volumes: [...profile.volumes],
    hours: profile.hours.map(rounded),
    weight: rounded(profile.weight),
    ofDays: profile.ofDays.map(rounded),
    signals: [...profile.signals.values()],
  })
}

interface StoredProfile extends Omit<Profile, 'values' | 'volumes' | 'signals' | 'oddHoursToday'> {
  readonly oddHoursToday?: number
  readonly values: readonly [string, Omit<ValueBook, 'known'> & { readonly known: readonly [string, number, number][] }][]
  readonly volumes: readonly [string, VolumeBook][]
  readonly signals: readonly Signal[]
}

/** @param text what `profileText` wrote; only this program writes it. */
export function restoreProfile(text: string): Profile {
  const stored = JSON.parse(text) as StoredProfile
  return {
    ...stored,
    values: new Map(
      stored.values.map(([feature, book]) => [
        feature,
        { ...book, known: new Map(book.known.map(([value, last, days]) => [value, [last, days]])) },
      ]),
    ),
    volumes: new Map(stored.volumes),
    signals: new Map(stored.signals.map((signal) => [signal.feature, signal])),
    // Not kept before there was one.
    oddHoursToday: stored.oddHoursToday ?? 0,
    place: stored.place,
    criticality: stored.criticality,
    alerted: stored.alerted,
  }
}

function rounded(value: number): number {
  return Math.round(value * 1000) / 1000
}
