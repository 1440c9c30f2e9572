import type { GlobPart } from '../expression.ts'

/**
 * Matches the whole text against the parts; `one` is a character, not a unit of UTF-16. Linear in text × pattern: the leftmost
 * fit of each stretch between two `any`s is kept, so nothing is tried twice. The text must be folded like the parts.
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
  return fitsBefore(parts, start, text) >= from
}

/** Where the parts from `start` on begin when they end with the text, or -1. */
function fitsBefore(parts: readonly GlobPart[], start: number, text: string): number {
  let here = text.length
  for (let index = parts.length - 1; index >= start; index -= 1) {
    const part = parts[index]!
    if (typeof part === 'object') {
      if (!text.endsWith(part.literal, here)) return -1
      here -= part.literal.length
    } else {
      if (here === 0) return -1
      here = before(text, here)
    }
  }
  return here
}

/** A character beyond the basic plane is one character, of two units. */
function after(text: string, at: number): number {
  return at + ((text.codePointAt(at) ?? 0) > 0xffff ? 2 : 1)
}

function before(text: string, at: number): number {
  return at - (at > 1 && (text.codePointAt(at - 2) ?? 0) > 0xffff ? 2 : 1)
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
      here = after(text, here)
    }
  }
  return here
}

/** End of the leftmost fit of the stretch at or after `from`, or -1. */
function findStretch(parts: readonly GlobPart[], start: number, end: number, text: string, from: number): number {
  const anchor = parts.slice(start, end).findIndex((part) => typeof part === 'object')
  if (anchor < 0) return fits(parts, start, end, text, from)
  const { literal } = parts[start + anchor] as { readonly literal: string }
  for (let found = text.indexOf(literal, from); found >= 0; found = text.indexOf(literal, found + 1)) {
    let at = found
    for (let ones = 0; ones < anchor && at >= from; ones += 1) at = at === 0 ? -1 : before(text, at)
    const stop = at < from ? -1 : fits(parts, start, end, text, at)
    if (stop >= 0) return stop
  }
  return -1
}
