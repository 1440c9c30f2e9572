import { ExactSum } from './exact-sum.ts'
import type { Item } from './item.ts'

/** What a correlation type knows about a window. */
export interface Aggregate {
  /** True: items are added in window order and removed oldest first. False: in any order, as the answer does not depend on it. */
  readonly ordered: boolean
  add(item: Item): void
  remove(item: Item): void
  clear(): void
  holds(): boolean
  /** The figure that the condition was put to. */
  figure(): number
  /** The items that make the condition true, oldest first; `window` is everything within it. */
  evidence(window: readonly Item[]): readonly Item[]
}

export type Test = (figure: number) => boolean

const everything = (window: readonly Item[]): readonly Item[] => window

export function countEvents(test: Test): Aggregate {
  let count = 0
  return {
    ordered: false,
    add: () => {
      count++
    },
    remove: () => {
      count--
    },
    clear: () => {
      count = 0
    },
    holds: () => test(count),
    figure: () => count,
    evidence: everything,
  }
}

/** Distinct values; case does not make two of one, as everywhere in Sigma. */
export function countValues(test: Test): Aggregate {
  const times = new Map<string, number>()
  const change = (value: string | number, by: number): void => {
    const key = String(value).toLowerCase()
    const left = (times.get(key) ?? 0) + by
    if (left > 0) times.set(key, left)
    else times.delete(key)
  }
  return {
    ordered: false,
    add: ({ values }) => {
      for (const value of values) change(value, 1)
    },
    remove: ({ values }) => {
      for (const value of values) change(value, -1)
    },
    clear: () => times.clear(),
    holds: () => test(times.size),
    figure: () => times.size,
    evidence: everything,
  }
}

export function addValues(test: Test, kind: 'sum' | 'average'): Aggregate {
  const sum = new ExactSum()
  let count = 0
  const figure = (): number => (kind === 'sum' ? sum.value() : count === 0 ? Number.NaN : sum.value() / count)
  return {
    ordered: false,
    add: ({ values }) => {
      for (const value of values) sum.add(Number(value))
      count += values.length
    },
    remove: ({ values }) => {
      for (const value of values) sum.remove(Number(value))
      count -= values.length
    },
    clear: () => {
      sum.clear()
      count = 0
    },
    holds: () => count > 0 && test(figure()),
    figure,
    evidence: everything,
  }
}

/** Keeps the window's values sorted; `figureOf` gets at least one. */
function rankValues(test: Test, figureOf: (sorted: readonly number[]) => number): Aggregate {
  const sorted: number[] = []
  return {
    ordered: false,
    add: ({ values }) => {
      for (const value of values) sorted.splice(lowerBound(sorted, Number(value)), 0, Number(value))
    },
    remove: ({ values }) => {
      for (const value of values) sorted.splice(lowerBound(sorted, Number(value)), 1)
    },
    clear: () => {
      sorted.length = 0
    },
    holds: () => sorted.length > 0 && test(figureOf(sorted)),
    figure: () => (sorted.length === 0 ? Number.NaN : figureOf(sorted)),
    evidence: everything,
  }
}

/** Nearest rank: the smallest value such that at least `percent` % of the values are not above it. */
export function percentile(test: Test, percent: number): Aggregate {
  return rankValues(test, (sorted) => sorted[Math.max(0, Math.ceil((percent / 100) * sorted.length) - 1)] ?? Number.NaN)
}

/** The mean of the two middle values where their number is even. */
export function median(test: Test): Aggregate {
  return rankValues(test, (sorted) => {
    const upper = sorted.length >> 1
    const high = sorted[upper] ?? Number.NaN
    return sorted.length % 2 === 1 ? high : ((sorted[upper - 1] ?? Number.NaN) + high) / 2
  })
}

function lowerBound(sorted: readonly number[], value: number): number {
  let low = 0
  let high = sorted.length
  while (low < high) {
    const middle = (low + high) >> 1
    if ((sorted[middle] ?? 0) < value) low = middle + 1
    else high = middle
  }
  return low
}
