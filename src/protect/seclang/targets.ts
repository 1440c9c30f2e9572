import { KanpekiError } from '../../kernel/error.ts'

/** Which members of a collection are meant: one by its name (in lower case), those a pattern finds, or an XPath of `XML`. */
export type Selector =
  | { readonly kind: 'key'; readonly key: string }
  | { readonly kind: 'pattern'; readonly pattern: string }
  | { readonly kind: 'path'; readonly path: string }

/** One part of a rule's targets, such as `ARGS`, `&TX:blocked`, or `!REQUEST_COOKIES:/^_ga/`. */
export interface Target {
  /** In upper case. */
  readonly variable: string
  readonly selector?: Selector
  /** `&`: the number of members rather than the members. */
  readonly counted: boolean
  /** `!`: left out of what the others name. */
  readonly excluded: boolean
}

/** Reads targets parted by `|`. Throws `KanpekiError` where a part has no name or its pattern does not end. */
export function parseTargets(text: string): Target[] {
  const targets: Target[] = []
  let at = 0
  while (at < text.length) {
    const part = readTarget(text, at)
    targets.push(part.target)
    at = part.end
    if (at < text.length && text[at] !== '|') throw refuse(text, `unexpected "${text[at]}" after ${part.target.variable}`)
    at += 1
  }
  if (targets.length === 0) throw refuse(text, 'no variable is named')
  return targets
}

function readTarget(text: string, from: number): { target: Target; end: number } {
  let at = from
  let counted = false
  let excluded = false
  for (; ; at++) {
    if (text[at] === '&') counted = true
    else if (text[at] === '!') excluded = true
    else if (text[at] !== ' ') break
  }
  const name = /^[A-Za-z0-9_]+/.exec(text.slice(at, at + 64))?.[0]
  if (name === undefined) throw refuse(text, 'a variable without a name')
  at += name.length
  const variable = name.toUpperCase()
  if (text[at] !== ':' && text[at] !== '.') return { target: { variable, counted, excluded }, end: skipBlanks(text, at) }
  const { selector, end } = readSelector(text, at + 1, variable)
  return { target: { variable, selector, counted, excluded }, end: skipBlanks(text, end) }
}

function readSelector(text: string, from: number, variable: string): { selector: Selector; end: number } {
  if (variable === 'XML') {
    const end = endOfKey(text, from)
    return { selector: { kind: 'path', path: text.slice(from, end).trim() }, end }
  }
  const quoted = text[from] === "'"
  const at = quoted ? from + 1 : from
  if (text[at] === '/') {
    const close = closingSlash(text, at + 1)
    if (close < 0) throw refuse(text, `the pattern of ${variable} has no closing /`)
    const end = quoted ? close + 2 : close + 1
    return { selector: { kind: 'pattern', pattern: text.slice(at + 1, close).replaceAll('\\/', '/') }, end }
  }
  if (quoted) {
    const close = text.indexOf("'", at)
    if (close < 0) throw refuse(text, `the key of ${variable} has no closing quote`)
    return { selector: { kind: 'key', key: text.slice(at, close).toLowerCase() }, end: close + 1 }
  }
  const end = endOfKey(text, at)
  return { selector: { kind: 'key', key: text.slice(at, end).trim().toLowerCase() }, end }
}

function endOfKey(text: string, from: number): number {
  const bar = text.indexOf('|', from)
  return bar < 0 ? text.length : bar
}

/** A pattern ends at a slash that is followed by the next part or by nothing. */
function closingSlash(text: string, from: number): number {
  for (let at = from; at < text.length; at++) {
    if (text[at] === '\\') at += 1
    else if (text[at] === '/' && /^(?:'? *(?:\||$))/.test(text.slice(at + 1))) return at
  }
  return -1
}

function skipBlanks(text: string, from: number): number {
  let at = from
  while (text[at] === ' ') at += 1
  return at
}

function refuse(text: string, reason: string): KanpekiError {
  return new KanpekiError('seclang-targets', `${reason} in the targets "${text.slice(0, 80)}"`)
}
