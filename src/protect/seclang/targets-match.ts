import { type BytePattern, bytePattern } from '../operators/byte-pattern.ts'
import type { Item } from './item.ts'
import type { Selector } from './targets.ts'

const patterns = new Map<string, BytePattern>()

/** Whether a selector means this member. Keys are compared without case; so are patterns of keys. */
export function selects(selector: Selector | undefined, item: Item): boolean {
  if (selector === undefined) return true
  if (selector.kind === 'key') return item.lower === selector.key
  if (selector.kind === 'path') return item.key === selector.path
  return patternOf(selector.pattern).exec(item.key ?? '') !== undefined
}

/** A pattern of keys, which come from requests: compiled as `@rx` is, so that none can hang it. Throws `KanpekiError` where it is none. */
export function patternOf(pattern: string): BytePattern {
  let known = patterns.get(pattern)
  if (known === undefined) {
    known = bytePattern(`(?i)${pattern}`)
    patterns.set(pattern, known)
  }
  return known
}
