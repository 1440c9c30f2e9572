/** A member of a variable: one argument, one header; a plain variable has a single member without a key. */
export interface Item {
  readonly variable: string
  /** As it was sent. */
  readonly key: string | undefined
  /** In lower case: selectors mind no case. */
  readonly lower: string
  readonly text: string
}

export function itemOf(variable: string, key: string, text: string): Item {
  return { variable, key, lower: key.toLowerCase(), text }
}

export function plainItem(variable: string, text: string): Item {
  return { variable, key: undefined, lower: '', text }
}

/** `ARGS:name`, as `MATCHED_VAR_NAME` gives it. */
export function nameOf(item: Item): string {
  return item.key === undefined ? item.variable : `${item.variable}:${item.key}`
}
