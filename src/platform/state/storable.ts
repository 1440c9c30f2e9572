/** What a column can hold on both databases. */
export type Storable = string | number | bigint | null | Uint8Array

/**
 * Checks a bound value so that SQLite and PostgreSQL accept and keep the same: booleans are written as 0 and 1 by the
 * caller, objects as JSON text. PostgreSQL has no NUL in text, and attackers send it: it becomes U+2400 (␀) on both.
 */
export function storable(value: unknown): Storable {
  switch (typeof value) {
    case 'string':
      return value.includes('\0') ? value.replaceAll('\0', '\u2400') : value
    case 'bigint':
      return value
    case 'number':
      if (Number.isFinite(value)) return value
      break
    case 'object':
      if (value === null || value instanceof Uint8Array) return value
  }
  throw new TypeError(
    `a column cannot hold ${typeof value === 'object' ? 'an object' : String(value)}: use text, numbers or null`,
  )
}
