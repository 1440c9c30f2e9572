import type { WildcardPiece } from './ast.ts'
import type { Params } from './params.ts'

/** A condition that some of the document's text is this. */
export function inDocument(pieces: readonly WildcardPiece[], params: Params): string {
  const escaped = pieces.map((piece) => (typeof piece === 'string' ? piece : { literal: asWritten(piece.literal) }))
  return `doc ILIKE ${params.text(`%${likePattern(escaped)}%`)}`
}

/**
 * A condition that holds wherever the document has this text as a value. A whole value is looked for by its words, each of them
 * whole: the index knows at once where they are, while a part of a word is looked for in every word that there is. Only the index
 * is asked about words (`hasAllTokens` itself minds capitals wherever the engine does not put the index in its place), and
 * `position…` is not a thing that it is asked about. This stands on documents being written as JSON.stringify writes them.
 */
export function mayHold(value: string, params: Params): string {
  const words = wordsOf(value)
  if (words.length === 0) return inDocument([{ literal: value }], params)
  const asked = `indexHint(hasAllTokens(doc, ${params.add('Array(String)', words)}))`
  return `${asked} AND positionCaseInsensitive(doc, ${params.text(asWritten(value))}) > 0`
}

/** The words of a value as the index has them (`splitByNonAlpha` of `lower`): letters and digits, and all beyond ASCII. */
function wordsOf(value: string): readonly string[] {
  return [...new Set(asciiLower(asWritten(value)).match(/[a-z0-9\u0080-\u{10ffff}]+/gu))]
}

export function likePattern(pieces: readonly WildcardPiece[]): string {
  return pieces.map((piece) => (piece === '*' ? '%' : piece === '?' ? '_' : piece.literal.replaceAll(/[\\%_]/g, '\\$&'))).join('')
}

/** As the engine's `lower` does it. */
export function asciiLower(text: string): string {
  return text.replaceAll(/[A-Z]+/g, (letters) => letters.toLowerCase())
}

/** What stands for a text inside a JSON document. */
function asWritten(text: string): string {
  return JSON.stringify(text).slice(1, -1)
}
