/**
 * Case folding for comparison: one UTF-16 unit to one unit, so that offsets, prefixes and the automata's character classes agree.
 * It is `toLowerCase` except where that changes the length (İ), depends on the context (final sigma) or leads into ASCII (the Kelvin sign):
 * no other character is an ASCII letter in disguise.
 */
export function fold(text: string): string {
  const lower = text.toLowerCase()
  return lower.length === text.length && !lower.includes('ς') && !text.includes(KELVIN) ? lower : foldEach(text)
}

const KELVIN = '\u212a'

function foldEach(text: string): string {
  let folded = ''
  for (const character of text) {
    const lower = character.toLowerCase()
    if (lower === 'ς') folded += 'σ'
    else folded += lower.length === character.length && character !== KELVIN ? lower : character
  }
  return folded
}

/** Blocks of Unicode's basic plane that hold letters with two cases (fold.test.ts proves that no other unit changes). */
const CASED_BLOCKS: readonly (readonly [number, number])[] = [
  [0x41, 0x5a],
  [0xc0, 0x24f],
  [0x370, 0x58f],
  [0x10a0, 0x10ff],
  [0x13a0, 0x13f5],
  [0x1c80, 0x1cbf],
  [0x1e00, 0x1fff],
  [0x2100, 0x218f],
  [0x24b6, 0x24cf],
  [0x2c00, 0x2dff],
  [0xa640, 0xa7ff],
  [0xff21, 0xff3a],
]

function foldTable(): Uint16Array {
  const table = new Uint16Array(0x10000)
  for (let unit = 0; unit < table.length; unit += 1) table[unit] = unit
  for (const [from, to] of CASED_BLOCKS) {
    for (let unit = from; unit <= to; unit += 1) {
      const folded = fold(String.fromCharCode(unit))
      if (folded.length === 1) table[unit] = folded.charCodeAt(0)
    }
  }
  table[0x3c2] = 0x3c3
  return table
}

/** The fold of each UTF-16 unit; surrogates stay as they are. */
export const FOLDED_UNITS: Uint16Array = foldTable()

/** Which units other than itself fold to a unit. */
function foldedFrom(): ReadonlyMap<number, readonly number[]> {
  const from = new Map<number, number[]>()
  for (const [first, last] of CASED_BLOCKS) {
    for (let unit = first; unit <= last; unit += 1) {
      const folded = FOLDED_UNITS[unit]!
      if (folded !== unit) from.set(folded, [...(from.get(folded) ?? []), unit])
    }
  }
  return from
}

const FOLDED_FROM = foldedFrom()

/** All units whose fold is this folded unit, itself first. */
export function unitsFoldingTo(folded: number): readonly number[] {
  return [folded, ...(FOLDED_FROM.get(folded) ?? [])]
}

/**
 * True when the text can be compared unit by unit with the units of an unfolded text, each folded alone: it holds no half of a
 * surrogate pair and no letter with two cases beyond the basic plane (Deseret, Adlam …), which fold as pairs. Emoji have no case.
 */
export function foldsByUnit(text: string): boolean {
  if (!SURROGATE.test(text)) return true
  for (const character of text) {
    if (character.length === 1) {
      if (SURROGATE.test(character)) return false
    } else if (character.toLowerCase() !== character || character.toUpperCase() !== character) return false
  }
  return true
}

const SURROGATE = /[\ud800-\udfff]/
