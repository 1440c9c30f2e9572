/**
 * Search that does not care how a Japanese keyboard was set: full-width Ａ finds A, ひらがな finds カタカナ, case is ignored.
 * Each source character is folded by itself, so that a hit can be marked in the original text.
 */
export function foldChar(char: string): string {
  let folded = ''
  for (const part of char.normalize('NFKD').toLowerCase()) {
    const code = part.charCodeAt(0)
    folded += code >= 0x30a1 && code <= 0x30f6 ? String.fromCharCode(code - 0x60) : part
  }
  return folded
}

export function fold(text: string): string {
  let out = ''
  for (const char of text) out += foldChar(char)
  return out
}

/** Start and end (UTF-16, end exclusive) of the first place in `text` that reads like `wanted`; undefined when none does. */
export function findFolded(text: string, wanted: string): readonly [number, number] | undefined {
  const needle = fold(wanted.trim())
  if (needle === '') return undefined
  let folded = ''
  const starts: number[] = []
  const ends: number[] = []
  let at = 0
  for (const char of text) {
    const piece = foldChar(char)
    for (let i = 0; i < piece.length; i += 1) {
      starts.push(at)
      ends.push(at + char.length)
    }
    folded += piece
    at += char.length
  }
  const hit = folded.indexOf(needle)
  if (hit < 0) return undefined
  return [starts[hit] ?? 0, ends[hit + needle.length - 1] ?? text.length]
}
