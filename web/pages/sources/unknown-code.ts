/** Kinds of reasons why a record was not understood, as parsers word them; the first that fits counts. */
const KINDS = [
  [/^no parser knows/, 'unknown_format'],
  [/^an empty line$/, 'unknown_empty'],
  [/^(?:longer|more) than /, 'unknown_long'],
  [/; this is (?:JSON|text)$/, 'unknown_shape'],
  [/^a fault in a parser/, 'unknown_fault'],
] as const

/** The code that a reason of a parser is worded by; `unknown_other` where only the parser can say more. */
export function unknownCode(reason: string): string {
  return KINDS.find(([shape]) => shape.test(reason))?.[1] ?? 'unknown_other'
}
