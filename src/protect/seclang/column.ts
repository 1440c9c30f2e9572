import type { Item } from './item.ts'
import type { Hits, Prefilter } from './prefilter.ts'
import { type Step, transformValue, type Value } from './value.ts'

/**
 * The members of a variable after some transformations. A transformation that changes none of them leads back to the
 * column itself, so that the dozens of chains that rules use come down to a few columns in most requests.
 */
export interface Column {
  readonly items: readonly Item[]
  /** One for each item. */
  readonly values: readonly Value[]
  /** By the transformation's number. */
  derived: (Column | undefined)[] | undefined
  /** What the prefilter finds in any of the values; false where it has not looked yet. */
  hits: Hits | false
}

export function columnOf(items: readonly Item[]): Column {
  return { items, values: items.map((item) => item.value), derived: undefined, hits: false }
}

export function transformColumn(column: Column, step: Step): Column {
  const known = column.derived?.[step.number]
  if (known !== undefined) return known
  let changed = false
  const values = column.values.map((value) => {
    const made = transformValue(value, step)
    if (made !== value) changed = true
    return made
  })
  const made = changed ? { items: column.items, values, derived: undefined, hits: false as const } : column
  column.derived ??= []
  column.derived[step.number] = made
  return made
}

/** What the prefilter finds in a value; looked for once. */
export function valueHits(value: Value, prefilter: Prefilter): Hits {
  if (value.hits === false) value.hits = prefilter.look(value.text)
  return value.hits
}

export function columnHits(column: Column, prefilter: Prefilter): Hits {
  if (column.hits === false) column.hits = prefilter.unite(column.values.map((value) => valueHits(value, prefilter)))
  return column.hits
}
