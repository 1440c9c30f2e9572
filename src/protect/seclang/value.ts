import type { Found, Test } from '../operators/operator.ts'
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
  /** True of a value that came in another transaction before, and so may come again. */
  returns: boolean
  /** What tests found in a value that returns. */
  found: Map<Test, Found | undefined> | undefined
}

export function makeValue(text: string): Value {
  return { text, derived: undefined, hits: false, returns: false, found: undefined }
}

export interface Step {
  readonly number: number
  readonly apply: Transform
}

export function transformValue(value: Value, step: Step): Value {
  const known = value.derived?.[step.number]
  if (known !== undefined) {
    if (value.returns) known.returns = true
    return known
  }
  const text = step.apply(value.text)
  const made = text === value.text ? value : makeValue(text)
  value.derived ??= []
  value.derived[step.number] = made
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
