/**
 * A sum that numbers can be taken out of again without drift (J. R. Shewchuk, "Adaptive Precision Floating-Point
 * Arithmetic", 1997). A plain running sum depends on what passed through it earlier, so a window rebuilt after a
 * restart could stand on the other side of a threshold; this one depends on its members only. Members are finite.
 */
export class ExactSum {
  /** Non-overlapping, growing in magnitude; together they are the sum without rounding. */
  readonly #parts: number[] = []

  add(value: number): void {
    const parts = this.#parts
    let carry = value
    let kept = 0
    for (const part of parts) {
      const [high, low] = Math.abs(carry) < Math.abs(part) ? [part, carry] : [carry, part]
      const sum = high + low
      const rest = low - (sum - high)
      if (rest !== 0) parts[kept++] = rest
      carry = sum
    }
    parts.length = kept
    parts.push(carry)
  }

  remove(value: number): void {
    this.add(-value)
  }

  clear(): void {
    this.#parts.length = 0
  }

  /** The exact sum rounded once, half to even. */
  value(): number {
    const parts = this.#parts
    let index = parts.length - 1
    if (index < 0) return 0
    let sum = parts[index] ?? 0
    let rest = 0
    while (index > 0) {
      const before = sum
      const part = parts[--index] ?? 0
      sum = before + part
      rest = part - (sum - before)
      if (rest !== 0) break
    }
    const next = parts[index - 1]
    if (index > 0 && next !== undefined && Math.sign(rest) === Math.sign(next)) {
      const doubled = rest * 2
      const nudged = sum + doubled
      if (doubled === nudged - sum) sum = nudged
    }
    return sum === 0 ? 0 : sum
  }
}
