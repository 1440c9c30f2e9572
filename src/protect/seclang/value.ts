import type { Transform } from '../transforms/transform.ts'

/**
 * A byte string on its way through transformations. What each transformation makes of it is remembered, and a
 * transformation that changes nothing leads back to the value itself, so that most chains of most values cost nothing.
 */
export interface Value {
  readonly text: string
  /** By the transformation's number. */
  derived: (Value | undefined)[] | undefined
  /** Which clauses of the prefilter the text fulfils; set by `Prefilter`. */
  clauses: Int32Array | undefined
}

/** Keeps one `Value` for each distinct text. */
export interface Values {
  readonly of: (text: string) => Value
}

/** Values of one transaction. */
export function makeValues(): Values {
  const known = new Map<string, Value>()
  return {
    of: (text) => {
      let value = known.get(text)
      if (value === undefined) {
        value = { text, derived: undefined, clauses: undefined }
        known.set(text, value)
      }
      return value
    },
  }
}

export interface Step {
  readonly number: number
  readonly apply: Transform
}

export function transformValue(value: Value, step: Step, values: Values): Value {
  value.derived ??= []
  const known = value.derived[step.number]
  if (known !== undefined) return known
  const text = step.apply(value.text)
  const made = text === value.text ? value : values.of(text)
  value.derived[step.number] = made
  return made
}
