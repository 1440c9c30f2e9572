import { canonicalJson, type JsonValue } from '../../kernel/json.ts'

/**
 * The canonical form of what was read from evidence; undefined where JSON has none that can be written: a number beyond all
 * numbers (`1e999`), or more depth than there is stack. Whoever made the evidence chose both.
 */
export function canonicalOf(value: JsonValue): string | undefined {
  try {
    return canonicalJson(value)
  } catch (error) {
    if (error instanceof TypeError || error instanceof RangeError) return undefined
    throw error
  }
}
