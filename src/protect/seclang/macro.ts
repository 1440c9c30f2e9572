/** A text with macros: `%{TX.name}` in it stands for a variable's value. */
export type Macro =
  | string
  | { readonly parts: readonly (string | { readonly variable: string; readonly key: string | undefined })[] }

/** How a pattern says how often a percent sign stands there: `%{2}`, `%{1,3}`. */
const NO_QUANTIFIER = '(?![0-9]+(?:,[0-9]*)?\\})'
const MACRO = new RegExp(`%\\{${NO_QUANTIFIER}([^{}]*)\\}`, 'g')

/** Compiles a text with `%{NAME.key}` in it; a text without any stays a string, so that it costs nothing. */
export function parseMacro(text: string): Macro {
  if (!text.includes('%{')) return text
  const parts: (string | { variable: string; key: string | undefined })[] = []
  let at = 0
  for (const match of text.matchAll(MACRO)) {
    if (match.index > at) parts.push(text.slice(at, match.index))
    const [name, key] = partAtDot(match[1]!)
    parts.push({ variable: name.toUpperCase(), key: key?.toLowerCase() })
    at = match.index + match[0].length
  }
  if (at === 0) return text
  if (at < text.length) parts.push(text.slice(at))
  return { parts }
}

function partAtDot(text: string): [string, string | undefined] {
  const dot = text.search(/[.:]/)
  return dot < 0 ? [text, undefined] : [text.slice(0, dot), text.slice(dot + 1)]
}
