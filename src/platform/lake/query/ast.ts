/** A parsed query. `column` is the 1-based place in the text it came from, for errors. */
export type Query =
  | { readonly kind: 'all' }
  | { readonly kind: 'and' | 'or'; readonly parts: readonly Query[] }
  | { readonly kind: 'not'; readonly part: Query }
  | { readonly kind: 'exists'; readonly field: string }
  | { readonly kind: 'term'; readonly field: string | undefined; readonly match: Match }

/** `field` undefined searches the message and the whole document. */
export type Match =
  | { readonly kind: 'text'; readonly text: string; readonly quoted: boolean }
  /** Pieces between wildcards; `*` any run, `?` one character. */
  | { readonly kind: 'wildcard'; readonly pieces: readonly WildcardPiece[] }
  | { readonly kind: 'regex'; readonly source: string }
  | { readonly kind: 'range'; readonly low: Bound | undefined; readonly high: Bound | undefined }

export type WildcardPiece = { readonly literal: string } | '*' | '?'

export interface Bound {
  readonly value: string
  readonly inclusive: boolean
}
