/**
 * A map of at most `most` keys. New keys are on trial in two thirds of the room; those that `keep` calls worth it move to the
 * rest, so that a flood of keys that are seen once pushes out only its like. What leaves is told to `left`.
 */
export class BoundedMap<V> {
  readonly #trial = new Map<string, V>()
  readonly #kept = new Map<string, V>()
  readonly #mostTrial: number
  readonly #mostKept: number
  readonly #left: (value: V) => void

  constructor(most: number, left: (value: V) => void = () => {}) {
    this.#mostKept = Math.max(1, Math.floor(most / 3))
    this.#mostTrial = Math.max(1, most - this.#mostKept)
    this.#left = left
  }

  get size(): number {
    return this.#trial.size + this.#kept.size
  }

  get(key: string): V | undefined {
    const part = this.#kept.has(key) ? this.#kept : this.#trial
    const value = part.get(key)
    if (value === undefined) return undefined
    part.delete(key)
    part.set(key, value)
    return value
  }

  set(key: string, value: V): void {
    if (this.#kept.has(key)) this.#kept.set(key, value)
    else this.#put(this.#trial, this.#mostTrial, key, value)
  }

  /** From now on only pushed out by others that are worth it. */
  keep(key: string): void {
    const value = this.#trial.get(key)
    if (value === undefined) return
    this.#trial.delete(key)
    this.#put(this.#kept, this.#mostKept, key, value)
  }

  #put(part: Map<string, V>, most: number, key: string, value: V): void {
    part.set(key, value)
    if (part.size <= most) return
    const oldest = part.keys().next().value!
    const gone = part.get(oldest)!
    part.delete(oldest)
    this.#left(gone)
  }
}
