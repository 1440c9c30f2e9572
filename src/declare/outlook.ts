import type { ObjectiveState } from '../kernel/measure.ts'
import type { Criterion } from './criteria.ts'
import { meets } from './judge.ts'
import { trendOf } from './trend.ts'

/** A recorded reading. Times are milliseconds UTC. */
export interface Recorded {
  readonly at: number
  readonly value: number | null
  readonly state: ObjectiveState
}

/** Of the time that the records cover within the window, the shares (0 to 1) that each state lasted. */
export interface Shares {
  /** When the records begin, or the window. */
  readonly since: number
  readonly met: number
  readonly unmet: number
  readonly unproven: number
}

/**
 * What may go wrong before the promise is broken. `items`: how many of what is counted may be bad or unknown within the window.
 * `time`: how long a miss may last until a trigger takes the badge, milliseconds.
 */
export interface Budget {
  readonly kind: 'items' | 'time'
  readonly total: number
  readonly used: number
  /** 0 to 1. */
  readonly left: number
}

/** How fast the budget goes: at 1 it is gone exactly when one window has passed, at 2 in half of it. */
export interface Burn {
  /** Over the last twelfth of the window. */
  readonly recent: number
  /** Over the window, as far as the records cover it. */
  readonly window: number
}

export interface Forecast {
  /** `lost`: met, and leads out of the target; `regained`: missed, and leads back. */
  readonly kind: 'lost' | 'regained'
  readonly at: number
}

export interface Outlook {
  readonly shares: Shares | null
  readonly budget: Budget | null
  readonly burn: Burn | null
  /** Null where the figures lead nowhere in particular, or further than can be told from them. */
  readonly forecast: Forecast | null
}

export interface Present {
  readonly value: number | null
  readonly good: number
  readonly bad: number
  readonly unknown: number
  readonly state: ObjectiveState
  readonly notMetSince: number | null
}

/** The recent part of a window, as alerting on error budgets has it (one hour of twelve). */
const RECENT = 12
/** A trend is followed this many times as far as it was seen. */
const AS_FAR_AS_SEEN = 3

/**
 * Where an objective is going, from its recorded readings alone: pure, so that it can be told again of any past moment.
 * @param recorded of this criterion, oldest first.
 * @param graceMs how long a miss may last until a trigger takes the badge.
 */
export function outlookOf(
  criterion: Criterion,
  present: Present,
  recorded: readonly Recorded[],
  graceMs: number,
  now: number,
): Outlook {
  const known = recorded.filter(({ at }) => at <= now)
  const budget = itemBudget(criterion, present) ?? timeBudget(graceMs, present, now)
  return {
    shares: sharesOf(known, criterion, now - criterion.windowMs, now),
    budget,
    burn: budget === null || budget.total === 0 ? null : burnOf(criterion, budget, known, now),
    forecast: forecastOf(criterion, present, known, now),
  }
}

/** A reading stands until the next one, or until its evidence is too old. */
function sharesOf(recorded: readonly Recorded[], { maxAgeMs }: Criterion, from: number, to: number): Shares | null {
  const first = recorded[0]
  if (first === undefined || first.at >= to) return null
  const since = Math.max(from, first.at)
  const lasted = { met: 0, unmet: 0, unproven: 0 }
  for (const [index, { at, state }] of recorded.entries()) {
    const end = recorded[index + 1]?.at ?? to
    const old = Math.min(end, at + maxAgeMs)
    lasted[state] += overlap(at, old, since, to)
    lasted.unproven += overlap(old, end, since, to)
  }
  const all = to - since
  if (all <= 0) return null
  return { since, met: lasted.met / all, unmet: lasted.unmet / all, unproven: lasted.unproven / all }
}

function overlap(begin: number, end: number, from: number, to: number): number {
  return Math.max(0, Math.min(end, to) - Math.max(begin, from))
}

function itemBudget({ unit, comparator, target }: Criterion, { value, good, bad, unknown }: Present): Budget | null {
  if (value === null) return null
  if (unit === 'count' && comparator !== '>=') return budgetOf('items', target, Math.max(0, value))
  const items = good + bad + unknown
  // Only where the figure is the share of good items: a measure may count something else beside it.
  if (unit !== 'percent' || comparator !== '>=' || items === 0 || Math.abs((100 * good) / items - value) > 0.05) return null
  return budgetOf('items', (items * (100 - target)) / 100, bad + unknown)
}

function timeBudget(graceMs: number, { notMetSince }: Present, now: number): Budget | null {
  return graceMs === 0 ? null : budgetOf('time', graceMs, notMetSince === null ? 0 : Math.max(0, now - notMetSince))
}

function budgetOf(kind: Budget['kind'], total: number, used: number): Budget {
  const left = total === 0 ? (used === 0 ? 1 : 0) : Math.min(1, Math.max(0, 1 - used / total))
  return { kind, total, used, left }
}

function burnOf(criterion: Criterion, budget: Budget, recorded: readonly Recorded[], now: number): Burn | null {
  const { windowMs } = criterion
  const recent = now - windowMs / RECENT
  if (budget.kind === 'time') {
    // Of a few minutes nobody can tell how fast a week's budget goes.
    if ((recorded[0]?.at ?? now) > recent) return null
    const missed = (from: number): number | null => {
      const shares = sharesOf(recorded, criterion, from, now)
      return shares === null ? null : ((1 - shares.met) * windowMs) / budget.total
    }
    const [lately, whole] = [missed(recent), missed(now - windowMs)]
    return lately === null || whole === null ? null : { recent: lately, window: whole }
  }
  const whole = budget.used / budget.total
  const before = recorded.findLast(({ at, value }) => at <= recent && value !== null)
  if (before === undefined || before.value === null) return { recent: whole, window: whole }
  // What the window lost at its far end left about as fast as it had come on average: what came in is the rest.
  const was = usedAt(criterion, before.value)
  return { recent: Math.max(0, was + ((whole - was) * windowMs) / (now - before.at)), window: whole }
}

/** Which part of the budget a figure stands for. */
function usedAt({ unit, target }: Criterion, value: number): number {
  return unit === 'count' ? value / target : (100 - value) / (100 - target)
}

function forecastOf(criterion: Criterion, present: Present, recorded: readonly Recorded[], now: number): Forecast | null {
  const { comparator, target, windowMs } = criterion
  if (present.state === 'unproven' || present.value === null || comparator === '=') return null
  const points = recorded.flatMap(({ at, value, state }) =>
    value === null || state === 'unproven' || at < now - windowMs ? [] : [{ at, value }],
  )
  const trend = trendOf(points, now)
  if (trend === undefined) return null
  const met = meets(criterion, present.value)
  // The line may lie on the other side of the target than the last figure: then it does not explain it.
  if (meets(criterion, trend.level) !== met) return null
  const ms = (target - trend.level) / trend.slope
  const seen = points.at(-1)!.at - points[0]!.at
  if (!(ms > 0 && ms <= AS_FAR_AS_SEEN * seen)) return null
  return { kind: met ? 'lost' : 'regained', at: Math.round(now + ms) }
}
