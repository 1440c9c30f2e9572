/** Random figures from a seed, so that a world can be made again (mulberry32). */
export class Draw {
  #state: number

  constructor(seed: number) {
    this.#state = seed >>> 0
  }

  /** From 0 up to and without 1. */
  unit(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0
    let t = this.#state
    t = Math.imul(t ^ (t >>> 15), t | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }

  within([least, most]: readonly [number, number]): number {
    return least + (most - least) * this.unit()
  }

  whole(range: readonly [number, number]): number {
    return Math.round(this.within(range))
  }

  chance(probability: number): boolean {
    return this.unit() < probability
  }

  of<T>(list: readonly T[]): T {
    return list[Math.floor(this.unit() * list.length)]!
  }

  some<T>(list: readonly T[], count: number): T[] {
    return [...list]
      .map((one) => [this.unit(), one] as const)
      .sort(([a], [b]) => a - b)
      .slice(0, count)
      .map(([, one]) => one)
  }

  normal(): number {
    return Math.sqrt(-2 * Math.log(1 - this.unit())) * Math.cos(2 * Math.PI * this.unit())
  }

  /** Around a mean, by a factor that is spread so on the scale of logarithms. */
  around(mean: number, spread: number): number {
    return mean * Math.exp(spread * this.normal() - (spread * spread) / 2)
  }

  poisson(mean: number): number {
    if (mean > 60) return Math.max(0, Math.round(mean + Math.sqrt(mean) * this.normal()))
    let product = this.unit()
    let count = 0
    for (const limit = Math.exp(-mean); product > limit; count++) product *= this.unit()
    return count
  }
}
