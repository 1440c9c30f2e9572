/** A sliding window in buckets: what lies at least `length` and at most `length + length / buckets` back is forgotten. */
export interface WindowSpec {
  /** Milliseconds. */
  readonly length: number
  readonly buckets: number
}

/** Nothing was there yet: most keys are seen once or twice, so that room is made only for what comes. */
const NONE: number[] = []

/**
 * How often something happened within the last `length`: never fewer than happened, and none that is older than one bucket
 * more. A clock that goes back counts as one that stands.
 */
export class SlidingCount {
  readonly #spec: WindowSpec
  /** Buckets and their counts in turn, oldest first. */
  #counts = NONE
  #latest = 0

  constructor(spec: WindowSpec) {
    this.#spec = spec
  }

  add(now: number): void {
    this.#forget(now)
    const counts = this.#counts
    if (counts.length > 0 && counts[counts.length - 2] === this.#latest) counts[counts.length - 1]! += 1
    else this.#counts = counts.concat(this.#latest, 1)
  }

  count(now: number): number {
    this.#forget(now)
    let sum = 0
    for (let at = 1; at < this.#counts.length; at += 2) sum += this.#counts[at]!
    return sum
  }

  #forget(now: number): void {
    const { length, buckets } = this.#spec
    this.#latest = Math.max(this.#latest, Math.floor((now * buckets) / length))
    const oldest = this.#latest - buckets
    let gone = 0
    while (gone < this.#counts.length && this.#counts[gone]! < oldest) gone += 2
    if (gone > 0) this.#counts = this.#counts.slice(gone)
  }
}

/**
 * How many different things happened within the last `length`, by hashes of at most 31 bits, at most `most`: beyond, those seen
 * longest ago make room, and the count stays at `most` for as long as as many keep coming. Same bounds in time as `SlidingCount`.
 */
export class SlidingSet {
  readonly #spec: WindowSpec
  readonly #most: number
  #hashes = NONE
  /** The bucket in which each was seen last. */
  #seen = NONE
  #latest = 0

  constructor(spec: WindowSpec, most: number) {
    this.#spec = spec
    this.#most = most
  }

  add(hash: number, now: number): void {
    const bucket = this.#bucket(now)
    const known = this.#hashes.indexOf(hash)
    if (known >= 0) {
      this.#seen[known] = bucket
      return
    }
    if (this.#hashes === NONE) {
      this.#hashes = [hash]
      this.#seen = [bucket]
      return
    }
    const at = this.#place(bucket)
    this.#hashes[at] = hash
    this.#seen[at] = bucket
  }

  count(now: number): number {
    const oldest = this.#bucket(now) - this.#spec.buckets
    let count = 0
    for (const seen of this.#seen) if (seen >= oldest) count += 1
    return count
  }

  #bucket(now: number): number {
    this.#latest = Math.max(this.#latest, Math.floor((now * this.#spec.buckets) / this.#spec.length))
    return this.#latest
  }

  /** Where a new one goes: on the place of one that is out of the window, behind the others, or on that of the one seen longest ago. */
  #place(bucket: number): number {
    let oldest = 0
    for (let at = 1; at < this.#seen.length; at += 1) if (this.#seen[at]! < this.#seen[oldest]!) oldest = at
    const isOut = this.#seen[oldest]! < bucket - this.#spec.buckets
    return isOut || this.#seen.length >= this.#most ? oldest : this.#seen.length
  }
}
