import type { JsonValue } from '../../kernel/json.ts'

/**
 * Column types that mean the same on SQLite and PostgreSQL, for `addColumn(name, columns.x)`. Times are milliseconds
 * since 1970 UTC; flags are 0 or 1; all numbers come back as JavaScript numbers.
 */
export const columns = {
  text: 'text',
  json: 'text',
  time: 'bigint',
  count: 'bigint',
  flag: 'integer',
  integer: 'integer',
  /** 64-bit float; `real` would be 32 bits on PostgreSQL. */
  number: 'double precision',
} as const

export type Flag = 0 | 1

export function flag(value: boolean): Flag {
  return value ? 1 : 0
}

/** JSON as it is stored. `readJson` trusts the text: only this program writes it. */
export function jsonText(value: JsonValue | object): string {
  return JSON.stringify(value)
}

export function readJson<T>(text: string): T {
  return JSON.parse(text) as T
}
