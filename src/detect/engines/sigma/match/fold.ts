/**
 * Case folding for comparison: one UTF-16 unit to one unit, so that offsets, prefixes and the automata's character classes agree.
 * It is `toLowerCase` except where that changes the length (İ) or depends on the context (final sigma).
 */
export function fold(text: string): string {
  const lower = text.toLowerCase()
  return lower.length === text.length && !lower.includes('ς') ? lower : foldEach(text)
}

function foldEach(text: string): string {
  let folded = ''
  for (const character of text) {
    const lower = character.toLowerCase()
    folded += lower === 'ς' ? 'σ' : lower.length === character.length ? lower : character
  }
  return folded
}

/** The fold of a single UTF-16 unit; surrogates stay as they are. */
export function foldUnit(unit: number): number {
  if (unit < 128) return unit >= 65 && unit <= 90 ? unit + 32 : unit
  if (unit >= 0xd800 && unit <= 0xdfff) return unit
  const folded = fold(String.fromCharCode(unit))
  return folded.length === 1 ? folded.charCodeAt(0) : unit
}
