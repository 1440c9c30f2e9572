import type { GlobPart } from '../expression.ts'

/**
 * Matches the whole text against the parts. Linear in text × pattern: the leftmost fit of each stretch between two
 * `any`s is kept, so nothing is tried twice. The text must be folded like the parts.
 */
export function matchesGlob(parts: readonly GlobPart[], text: string): boolean {
  let from = 0
  const firstAny = parts.indexOf('any')
  if (firstAny < 0) return fits(parts, 0, parts.length, text, 0) === text.length
  const head = fits(parts, 0, firstAny, text, 0)
  if (head < 0) return false
  from = head
  let start = firstAny + 1
  for (;;) {
    const nextAny = parts.indexOf('any', start)
    if (nextAny < 0) break
    from = findStretch(parts, start, nextAny, text, from)
    if (from < 0) return false
    start = nextAny + 1
  }
  const tail = stretchLength(parts, start, parts.length)
  const at = text.length - tail
  return at >= from && fits(parts, start, parts.length, text, at) === text.length
}

function stretchLength(parts: readonly GlobPart[], start: number, end: number): number {
  let length = 0
  for (let index = start; index < end; index += 1) {
    const part = parts[index]!
    length += typeof part === 'object' ? part.literal.length : 1
  }
  return length
}

/** End of the stretch when it fits at `at`, or -1. */
function fits(parts: readonly GlobPart[], start: number, end: number, text: string, at: number): number {
  let here = at
  for (let index = start; index < end; index += 1) {
    const part = parts[index]!
    if (typeof part === 'object') {
      if (!text.startsWith(part.literal, here)) return -1
      here += part.literal.length
    } else {
      if (here >= text.length) return -1
      here += 1
    }
  }
  return here
}

/** End of the leftmost fit of the stretch at or after `from`, or -1. */
function findStretch(parts: readonly GlobPart[], start: number, end: number, text: string, from: number): number {
  const length = stretchLength(parts, start, end)
  const anchor = parts.slice(start, end).findIndex((part) => typeof part === 'object')
  if (anchor < 0) return from + length <= text.length ? from + length : -1
  const literal = (parts[start + anchor] as { readonly literal: string }).literal
  for (let at = from; at + length <= text.length; at += 1) {
    const found = text.indexOf(literal, at + anchor)
    if (found < 0) return -1
    at = found - anchor
    const stop = fits(parts, start, end, text, at)
    if (stop >= 0) return stop
  }
  return -1
}
