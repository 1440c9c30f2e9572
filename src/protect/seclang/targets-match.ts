import type { Item } from './item.ts'
import type { Selector } from './targets.ts'

const patterns = new Map<string, RegExp>()

/** Whether a selector means this member. Keys are compared without case; so are patterns of keys. */
export function selects(selector: Selector | undefined, item: Item): boolean {
  if (selector === undefined) return true
  if (selector.kind === 'key') return item.lower === selector.key
  if (selector.kind === 'path') return item.key === selector.path
  return patternOf(selector.pattern).test(item.key ?? '')
}

/** Throws a SyntaxError where the pattern is none. */
export function patternOf(pattern: string): RegExp {
  let known = patterns.get(pattern)
  if (known === undefined) {
    known = new RegExp(pattern, 'i')
    patterns.set(pattern, known)
  }
  return known
}
