/** A set of UTF-16 units as sorted, disjoint, inclusive ranges: [from, to, from, to, …]. */
export type CharSet = readonly number[]

export const LAST_UNIT = 0xffff
export const ANY: CharSet = [0, LAST_UNIT]
export const NEWLINE: CharSet = [10, 10]
export const DIGIT: CharSet = [48, 57]
export const WORD: CharSet = [48, 57, 65, 90, 95, 95, 97, 122]
/** PCRE's \s without Unicode properties: tab, line feed, vertical tab, form feed, carriage return, space. */
export const SPACE: CharSet = [9, 13, 32, 32]
/** PCRE's \v among bytes: line feed, vertical tab, form feed, carriage return, and the next-line control. */
export const VERTICAL: CharSet = [10, 13, 0x85, 0x85]
export const HORIZONTAL: CharSet = [9, 9, 32, 32, 0xa0, 0xa0]

export function single(unit: number): CharSet {
  return [unit, unit]
}

export function union(sets: readonly CharSet[]): CharSet {
  const ranges: [number, number][] = []
  for (const set of sets) for (let at = 0; at < set.length; at += 2) ranges.push([set[at]!, set[at + 1]!])
  ranges.sort((a, b) => a[0] - b[0])
  const merged: number[] = []
  for (const [from, to] of ranges) {
    const last = merged.length - 1
    if (last > 0 && from <= merged[last]! + 1) merged[last] = Math.max(merged[last]!, to)
    else merged.push(from, to)
  }
  return merged
}

export function complement(set: CharSet): CharSet {
  const ranges: number[] = []
  let from = 0
  for (let at = 0; at < set.length; at += 2) {
    if (set[at]! > from) ranges.push(from, set[at]! - 1)
    from = set[at + 1]! + 1
  }
  if (from <= LAST_UNIT) ranges.push(from, LAST_UNIT)
  return ranges
}

export function intersects(one: CharSet, other: CharSet): boolean {
  let at = 0
  let against = 0
  while (at < one.length && against < other.length) {
    if (one[at + 1]! < other[against]!) at += 2
    else if (other[against + 1]! < one[at]!) against += 2
    else return true
  }
  return false
}

/** Upper and lower forms of each other among Latin, Greek, Cyrillic and Armenian letters: what `(?i)` adds. */
let casePairs: readonly (readonly [number, number])[] | undefined

function pairs(): readonly (readonly [number, number])[] {
  if (casePairs !== undefined) return casePairs
  const made: [number, number][] = []
  for (let unit = 65; unit < 0x590; unit += 1) {
    const upper = String.fromCharCode(unit)
    const lower = upper.toLowerCase()
    if (lower !== upper && lower.length === 1) made.push([unit, lower.charCodeAt(0)])
  }
  casePairs = made
  return made
}

function holds(set: CharSet, unit: number): boolean {
  for (let at = 0; at < set.length; at += 2) if (unit >= set[at]! && unit <= set[at + 1]!) return true
  return false
}

/** Sets of one letter, as nearly all of a pattern are. */
const bothCasesOfOne = new Map<number, CharSet>()

/** The set with the other case of each of its letters. */
export function withBothCases(set: CharSet): CharSet {
  if (set.length !== 2 || set[0] !== set[1]) return extended(set)
  const [unit] = set as readonly [number]
  let both = bothCasesOfOne.get(unit)
  if (both === undefined) {
    both = extended(set)
    bothCasesOfOne.set(unit, both)
  }
  return both
}

function extended(set: CharSet): CharSet {
  const extra: CharSet[] = []
  for (const [upper, lower] of pairs()) {
    const hasUpper = holds(set, upper)
    if (hasUpper === holds(set, lower)) continue
    extra.push(single(hasUpper ? lower : upper))
  }
  return extra.length === 0 ? set : union([set, ...extra])
}

/** The same with the two cases of ASCII alone, as in the C locale. */
export function withBothAsciiCases(set: CharSet): CharSet {
  const extra: CharSet[] = []
  for (let upper = 65; upper <= 90; upper += 1) {
    const hasUpper = holds(set, upper)
    if (hasUpper !== holds(set, upper + 32)) extra.push(single(hasUpper ? upper + 32 : upper))
  }
  return extra.length === 0 ? set : union([set, ...extra])
}
