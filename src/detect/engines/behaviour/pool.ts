import { ALERTS_A_DAY, type BehaviourCosts, type BehaviourLimits } from './limits.ts'

/** Weight of one more day total among peers: the last some hundreds count. */
const PEER_RATE = 1 / 400
const DAYS_OF_BAR = 14
/** Fewer days say nothing of what is usual. */
const LEAST_DAYS_OF_BAR = 3

/** How day totals of a group of peers are spread, on the scale of ln(1 + x). */
export interface PeerVolume {
  n: number
  mean: number
  variance: number
}

/** How many entities have a value, and how many came to it lately. */
interface Adoption {
  entities: number
  day: number
  lately: number
}

/** What all entities of one scope and kind have in common: what is usual among them says what is odd about one. */
export interface Pool {
  /** feature → value → who has it; the longest unused first. */
  readonly adopted: Map<string, Map<string, Adoption>>
  /** feature → entities that have any value. */
  readonly having: Map<string, number>
  /** feature → new values an entity has on a day, by their mean over entities and days. */
  readonly novelty: Map<string, { n: number; mean: number }>
  /** `peers feature` → day totals. */
  readonly volumes: Map<string, PeerVolume>
  day: number
  /** The highest scores of today, an entity each. */
  readonly tops: Map<string, number>
  /** The score that as many entities passed on each of the last days as there may be alerts. */
  readonly bars: number[]
}

export function newPool(): Pool {
  return {
    adopted: new Map(),
    having: new Map(),
    novelty: new Map(),
    volumes: new Map(),
    day: 0,
    tops: new Map(),
    bars: [],
  }
}

/** An entity has a value for the first time. @returns the share of entities that have it, how many came to it within two days, and how many have it at all. */
export function adopt(
  pool: Pool,
  feature: string,
  value: string,
  day: number,
  firstOfEntity: boolean,
  limits: BehaviourLimits,
  costs: BehaviourCosts,
): { readonly spread: number; readonly lately: number; readonly others: number } {
  const values = pool.adopted.get(feature) ?? new Map<string, Adoption>()
  if (values.size === 0) pool.adopted.set(feature, values)
  const having = (pool.having.get(feature) ?? 0) + (firstOfEntity ? 1 : 0)
  pool.having.set(feature, having)
  const known = values.get(value)
  if (known === undefined) {
    if (values.size >= limits.shared) {
      values.delete(values.keys().next().value!)
      costs.forgotten++
    }
    values.set(value, { entities: 1, day, lately: 1 })
    return { spread: 0.5 / (having + 1), lately: 0, others: 0 }
  }
  values.delete(value)
  const lately = day - known.day <= 1 ? known.lately : 0
  const result = { spread: (known.entities + 0.5) / (Math.max(having, known.entities) + 1), lately, others: known.entities }
  values.set(value, { entities: known.entities + 1, day, lately: lately + 1 })
  return result
}

export function spreadOf(pool: Pool, feature: string, value: string): { readonly spread: number; readonly others: number } {
  const entities = pool.adopted.get(feature)?.get(value)?.entities ?? 1
  return { spread: (entities + 0.5) / (Math.max(pool.having.get(feature) ?? 0, entities) + 1), others: entities - 1 }
}

/** An entity's day is over: what it taught about its peers. */
export function learnVolume(pool: Pool, peers: string, feature: string, total: number): void {
  const key = `${peers}\0${feature}`
  const known = pool.volumes.get(key) ?? { n: 0, mean: 0, variance: 0 }
  if (known.n === 0) pool.volumes.set(key, known)
  const rate = Math.max(PEER_RATE, 1 / (known.n + 1))
  const off = Math.log1p(total) - known.mean
  known.mean += rate * off
  known.variance = (1 - rate) * (known.variance + rate * off * off)
  known.n++
}

export function learnNovelty(pool: Pool, feature: string, fresh: number): void {
  const known = pool.novelty.get(feature) ?? { n: 0, mean: 0 }
  if (known.n === 0) pool.novelty.set(feature, known)
  const rate = Math.max(1 / 2000, 1 / (known.n + 1))
  known.mean += rate * (fresh - known.mean)
  known.n++
}

/** Notes an entity's score, so that the bar follows what is usual here. */
export function noteScore(pool: Pool, day: number, entity: string, score: number): void {
  if (day > pool.day) {
    if (pool.day > 0) {
      pool.bars.push([...pool.tops.values()].sort((a, b) => b - a)[ALERTS_A_DAY - 1] ?? 0)
      if (pool.bars.length > DAYS_OF_BAR) pool.bars.shift()
    }
    pool.tops.clear()
    pool.day = day
  }
  if (day < pool.day) return
  const before = pool.tops.get(entity) ?? 0
  if (score > before) pool.tops.set(entity, score)
}

/** The middle of what the last days would have asked for. */
export function barOf(pool: Pool): number {
  if (pool.bars.length < LEAST_DAYS_OF_BAR) return 0
  return pool.bars.toSorted((a, b) => a - b)[pool.bars.length >> 1]!
}

// ── As stored ──

export function poolText(pool: Pool): string {
  return JSON.stringify({
    adopted: [...pool.adopted].map(([feature, values]) => [
      feature,
      [...values].map(([value, { entities, day, lately }]) => [value, entities, day, lately]),
    ]),
    having: [...pool.having],
    novelty: [...pool.novelty],
    volumes: [...pool.volumes],
    day: pool.day,
    tops: [...pool.tops],
    bars: pool.bars,
  })
}

interface StoredPool extends Pick<Pool, 'day' | 'bars'> {
  readonly adopted: readonly [string, readonly [string, number, number, number][]][]
  readonly having: readonly [string, number][]
  readonly novelty: readonly [string, { n: number; mean: number }][]
  readonly volumes: readonly [string, PeerVolume][]
  readonly tops: readonly [string, number][]
}

/** @param text what `poolText` wrote. */
export function restorePool(text: string): Pool {
  const stored = JSON.parse(text) as StoredPool
  return {
    adopted: new Map(
      stored.adopted.map(([feature, values]) => [
        feature,
        new Map(values.map(([value, entities, day, lately]) => [value, { entities, day, lately }])),
      ]),
    ),
    having: new Map(stored.having),
    novelty: new Map(stored.novelty),
    volumes: new Map(stored.volumes),
    day: stored.day,
    tops: new Map(stored.tops),
    bars: stored.bars,
  }
}
