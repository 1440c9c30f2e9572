import type { Found, Test } from '../operators/operator.ts'
import type { Transform } from '../transforms/transform.ts'
import type { Hits } from './prefilter.ts'

/**
 * A byte string on its way through transformations. What each transformation makes of it is remembered, and a
 * transformation that changes nothing leads back to the value itself, so that most chains of most values cost nothing.
 */
export interface Value {
  readonly text: string
  /** A bit for each transformation, by its number, that is known to change nothing; the first 32 and the others. */
  unchanged: number
  unchangedHigh: number
  /** What other transformations made of it. */
  derived: Derived | undefined
  /** What the prefilter of its stage (request or response, never both) finds in it; false where it has not looked yet. */
  hits: Hits | false
  /** True of a value that came in another transaction before, and so may come again. */
  returns: boolean
  /** What tests found in a value that returns. */
  found: Map<Test, Found | undefined> | undefined
}

interface Derived {
  readonly number: number
  readonly value: Value
  readonly next: Derived | undefined
}

export function makeValue(text: string): Value {
  return { text, unchanged: 0, unchangedHigh: 0, derived: undefined, hits: false, returns: false, found: undefined }
}

export interface Step {
  readonly number: number
  readonly apply: Transform
}

export function transformValue(value: Value, step: Step): Value {
  const { number } = step
  if (number < 32 ? value.unchanged & (1 << number) : value.unchangedHigh & (1 << (number - 32))) return value
  for (let known = value.derived; known !== undefined; known = known.next) {
    if (known.number !== number) continue
    if (value.returns) known.value.returns = true
    return known.value
  }
  const text = step.apply(value.text)
  if (text === value.text) {
    if (number < 32) value.unchanged |= 1 << number
    else value.unchangedHigh |= 1 << (number - 32)
    return value
  }
  const made = makeValue(text)
  value.derived = { number, value: made, next: value.derived }
  return made
}

/** Runs a test that always says the same of a text: only once for a value that returns. */
export function testValue(value: Value, test: Test): Found | undefined {
  if (!value.returns) return test(value.text)
  value.found ??= new Map()
  const known = value.found.get(test)
  if (known !== undefined || value.found.has(test)) return known
  const found = test(value.text)
  value.found.set(test, found)
  return found
}
