import type { Transform } from '../transforms/transform.ts'
import type { Hits } from './prefilter.ts'

/**
 * A byte string on its way through transformations. What each transformation makes of it is remembered, and a
 * transformation that changes nothing leads back to the value itself, so that most chains of most values cost nothing.
 */
export interface Value {
  readonly text: string
  /** By the transformation's number. */
  derived: (Value | undefined)[] | undefined
  /** What the prefilter finds in it; false where it has not looked yet. */
  hits: Hits | false
}

export function makeValue(text: string): Value {
  return { text, derived: undefined, hits: false }
}

export interface Step {
  readonly number: number
  readonly apply: Transform
}

export function transformValue(value: Value, step: Step): Value {
  const known = value.derived?.[step.number]
  if (known !== undefined) return known
  const text = step.apply(value.text)
  const made = text === value.text ? value : makeValue(text)
  value.derived ??= []
  value.derived[step.number] = made
  return made
}
