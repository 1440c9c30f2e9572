import { makeValue, type Value } from './value.ts'

/** A member of a variable: one argument, one header; a plain variable has a single member without a key. */
export interface Item {
  readonly variable: string
  /** As it was sent. */
  readonly key: string | undefined
  /** In lower case: selectors mind no case. */
  readonly lower: string
  /** Shared by items of different variables that stand for the same text. */
  readonly value: Value
}

export function itemOf(variable: string, key: string, text: string, value: Value = makeValue(text)): Item {
  return { variable, key, lower: key.toLowerCase(), value }
}

export function plainItem(variable: string, text: string): Item {
  return { variable, key: undefined, lower: '', value: makeValue(text) }
}

/** `ARGS:name`, as `MATCHED_VAR_NAME` gives it. */
export function nameOf(item: Item): string {
  return item.key === undefined ? item.variable : `${item.variable}:${item.key}`
}
