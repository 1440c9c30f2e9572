/** Numbers that are the same for the same seed, so that a story can be told again. */
export interface Random {
  /** 0 ≤ n < 1. */
  next(): number
  /** A whole number, `from` ≤ n < `to`. */
  between(from: number, to: number): number
  pick<Item>(items: readonly Item[]): Item
  /** Lower-case hexadecimal digits. */
  hex(digits: number): string
}

/** mulberry32 (public domain, Tommy Ettinger): 32 bits of state, enough for a play, for nothing else. */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
  const between = (from: number, to: number): number => from + Math.floor(next() * (to - from))
  return {
    next,
    between,
    pick: (items) => items[between(0, items.length)]!,
    hex: (digits) => Array.from({ length: digits }, () => between(0, 16).toString(16)).join(''),
  }
}
