import type { Bound, Match, Query, WildcardPiece } from './ast.ts'

/** The text of a query: parsing it gives the same query back. */
export function printQuery(query: Query): string {
  switch (query.kind) {
    case 'all':
      return '*'
    case 'exists':
      return `_exists_:${query.field}`
    case 'term':
      return `${query.field === undefined ? '' : `${query.field}:`}${printMatch(query.match)}`
    case 'not':
      return `NOT ${printPart(query.part)}`
    case 'and':
      return query.parts.map(printPart).join(' AND ')
    case 'or':
      return query.parts.map(printPart).join(' OR ')
  }
}

function printPart(part: Query): string {
  return part.kind === 'and' || part.kind === 'or' ? `(${printQuery(part)})` : printQuery(part)
}

function printMatch(match: Match): string {
  switch (match.kind) {
    case 'text':
      return match.quoted ? quote(match.text) : escapeWord(match.text)
    case 'wildcard':
      return match.pieces.map(printPiece).join('')
    case 'regex':
      return `/${match.source.replaceAll('/', '\\/')}/`
    case 'range':
      return printRange(match.low, match.high)
  }
}

function printPiece(piece: WildcardPiece): string {
  return typeof piece === 'string' ? piece : escapeWord(piece.literal)
}

function printRange(low: Bound | undefined, high: Bound | undefined): string {
  const from = low === undefined ? '*' : quote(low.value)
  const to = high === undefined ? '*' : quote(high.value)
  return `${low?.inclusive === false ? '{' : '['}${from} TO ${to}${high?.inclusive === false ? '}' : ']'}`
}

function quote(text: string): string {
  return `"${text.replaceAll(/[\\"\u201c\u201d\uff02\uff3c]/g, '\\$&')}"`
}

/**
 * A backslash before everything that is not plainly part of a word, or would also be looked for in another width, and
 * before a first letter that could begin an operator.
 */
function escapeWord(text: string): string {
  return text.replaceAll(/[^\p{L}\p{N}_.@]|[\uff01-\uff9f]/gu, '\\$&').replace(/^(?:AND|OR|NOT|TO)/, '\\$&')
}
