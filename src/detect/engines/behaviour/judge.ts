import { DAYS_KEPT, HALF_LIFE_MS, LEARNING_DAYS, LONG_AGO_DAYS } from './limits.ts'
import type { PeerVolume, Pool } from './pool.ts'
import { isWeekend, type Profile, type Sighting, type SignalDetail, type ValueBook, type VolumeBook } from './profile.ts'
import { surpriseOfCount, surpriseOfT } from './surprise.ts'

/** No single thing is worth more than this, before its weight. */
const MOST_SURPRISE = 8
const MOST_SPREAD_SURPRISE = 3
/** How much of a new value's surprise is that the entity rarely has new ones; the rest is that few others have it. */
const OWN_SHARE = 0.55
const USUAL_SHOWN = 5

/** Day totals on the scale of ln(1 + x): how far they are spread at the least, and what that guess counts for, in days. */
const PRIOR_SPREAD = 0.55
const PRIOR_DAYS = 4
/** A working day is compared with working days only where there are this many. */
const LEAST_SAME_KIND = 4
/** Where a peer's totals are told by the pool, those of so many entity-days. */
const LEAST_PEER_DAYS = 30

const PRIOR_HOURS = 0.6
/** A day whose like was seen this often is judged by its hours. */
const LEAST_DAYS_OF_HOURS = 5
/** Active at such an hour on less than one day in sixteen. */
const ODD_HOUR = 1.2

export interface Judged {
  readonly surprise: number
  readonly detail: SignalDetail
}

/** A value that is new, or was long not seen. */
export function judgeValue(
  profile: Profile,
  feature: string,
  value: string,
  book: ValueBook,
  sighting: Sighting,
  others: { readonly spread: number; readonly lately: number; readonly others: number },
  pool: Pool,
): Judged | undefined {
  if (profile.days < LEARNING_DAYS || sighting === 'today' || sighting === 'again') return undefined
  // What many come to at once is a change of the house, not of one.
  const alone = 1 / (1 + others.lately)
  const few = Math.min(MOST_SPREAD_SURPRISE, -Math.log10(others.spread))
  if (sighting !== 'new') {
    if (sighting.unseenDays < LONG_AGO_DAYS || sighting.days > 3) return undefined
    const surprise = alone * 0.5 * few
    return { surprise, detail: { type: 'rare', value, days: sighting.unseenDays, others: others.others } }
  }
  const usualRate = pool.novelty.get(feature)?.mean ?? 0.1
  const mean = Math.max(0.01, (book.fresh + usualRate) / (profile.weight + 1))
  const own = Math.min(MOST_SURPRISE, surpriseOfCount(book.newToday, mean))
  return {
    surprise: alone * (OWN_SHARE * own + (1 - OWN_SHARE) * few),
    detail: { type: 'new', value, count: book.newToday, usual: usualOf(book, value), others: others.others },
  }
}

function usualOf(book: ValueBook, except: string): readonly string[] {
  return [...book.known]
    .filter(([value]) => value !== except)
    .sort(([, [, a]], [, [, b]]) => b - a)
    .slice(0, USUAL_SHOWN)
    .map(([value]) => value)
}

/** A total that is higher than on the entity's other days, and than its peers'. */
export function judgeVolume(
  profile: Profile,
  book: VolumeBook,
  least: number,
  unit: 'count' | 'bytes',
  peers: PeerVolume | undefined,
): Judged | undefined {
  const { today } = book
  if (today < least) return undefined
  const byPeers = peers === undefined || peers.n < LEAST_PEER_DAYS ? undefined : peerSurprise(today, peers)
  if (profile.days < LEARNING_DAYS) {
    // Without a past of its own only what no peer ever does counts, and less.
    if (byPeers === undefined || byPeers < 3) return undefined
    const detail = { type: 'volume', now: today, ...usualOfPeers(peers!), days: [...book.totals], unit, peers: true } as const
    return { surprise: Math.min(MOST_SURPRISE, byPeers) * 0.5, detail }
  }
  const sameKind = book.totals.filter((_, at) => isWeekend(book.days[at]!) === isWeekend(profile.day))
  const totals = sameKind.length >= LEAST_SAME_KIND ? sameKind : book.totals
  const { low, high } = usualRange(totals)
  if (today < high + least || today < high * 1.5) return undefined
  const own = ownSurprise(today, totals)
  // What is usual among peers is half as odd.
  const among = byPeers === undefined ? 1 : 0.5 + 0.5 * Math.min(1, byPeers / 2)
  return {
    surprise: Math.min(MOST_SURPRISE, own) * among,
    detail: { type: 'volume', now: today, low, high, days: book.totals.slice(-DAYS_KEPT), unit },
  }
}

function ownSurprise(today: number, totals: readonly number[]): number {
  const n = totals.length
  const logs = totals.map((total) => Math.log1p(total)).sort((a, b) => a - b)
  // One day of the past that was odd itself must not hide this one.
  const kept = n >= 10 ? logs.slice(0, -1) : logs
  const mean = kept.reduce((sum, log) => sum + log, 0) / Math.max(1, kept.length)
  const squares = kept.reduce((sum, log) => sum + (log - mean) ** 2, 0)
  const variance = (squares + PRIOR_DAYS * PRIOR_SPREAD ** 2) / (kept.length + PRIOR_DAYS) + 1 / (1 + Math.expm1(mean))
  const t = (Math.log1p(today) - mean) / Math.sqrt(variance * (1 + 1 / Math.max(1, n)))
  return surpriseOfT(t, kept.length + PRIOR_DAYS)
}

function peerSurprise(today: number, { mean, variance, n }: PeerVolume): number {
  return surpriseOfT((Math.log1p(today) - mean) / Math.sqrt(variance + 0.05), Math.min(30, n))
}

/** What was usual: the middle eight tenths of days. */
export function usualRange(totals: readonly number[]): { readonly low: number; readonly high: number } {
  const sorted = totals.toSorted((a, b) => a - b)
  if (sorted.length === 0) return { low: 0, high: 0 }
  const cut = Math.floor(sorted.length * 0.1)
  return { low: sorted[cut]!, high: sorted[sorted.length - 1 - cut]! }
}

function usualOfPeers({ mean, variance }: PeerVolume): { readonly low: number; readonly high: number } {
  const spread = 1.28 * Math.sqrt(variance)
  return { low: Math.round(Math.max(0, Math.expm1(mean - spread))), high: Math.round(Math.expm1(mean + spread)) }
}

/** An hour at which the entity is hardly ever active. */
export function judgeHour(profile: Profile, hour: number): Judged | undefined {
  if (profile.days < LEARNING_DAYS) return undefined
  const weekend = isWeekend(profile.day)
  const days = profile.ofDays[weekend ? 1 : 0]
  const from = weekend ? 24 : 0
  // A kind of day that it never had is odd by itself, by how many days of the other kind there were.
  if (days < LEAST_DAYS_OF_HOURS && !(weekend && profile.weight >= 2 * LEAST_DAYS_OF_HOURS)) return undefined
  const at = (offset: number): number => profile.hours[from + ((hour + offset + 24) % 24)]!
  const active = Math.max(at(0), 0.7 * Math.max(at(-1), at(1)), 0.3 * Math.max(at(-2), at(2)))
  const share = (active + PRIOR_HOURS * 0.1) / (Math.max(days, weekend ? profile.weight / 4 : days) + PRIOR_HOURS)
  const surprise = Math.min(MOST_SURPRISE, -Math.log10(Math.min(1, share)))
  const hours = profile.hours.slice(from, from + 24).map((days) => Math.round(days * 10) / 10)
  return surprise < 0.8
    ? undefined
    : { surprise, detail: { type: 'hours', hour, weekend, share: Math.round(share * 1000) / 1000, hours } }
}

/** Whether so little happens at that hour that what happens there is counted apart. */
export function isOddHour(judged: Judged | undefined): boolean {
  return judged !== undefined && judged.surprise >= ODD_HOUR
}

/** What the signals add up to now: each decays from when it was seen. */
export function scoreOf(profile: Pick<Profile, 'signals'>, now: number): number {
  let sum = 0
  for (const { score, at } of profile.signals.values()) sum += score * faded(now - at)
  return sum
}

export function faded(ms: number): number {
  return 0.5 ** (Math.max(0, ms) / HALF_LIFE_MS)
}
