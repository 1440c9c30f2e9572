/** What a reading of markup meets; `visit` of each returns a reason to stop reading. */
export interface Visitor {
  /** A tag's name in small letters, without its prefix. */
  readonly tag: (name: string) => string | undefined
  readonly attribute: (name: string, value: string | undefined, inTag: boolean) => string | undefined
  /** What follows `<!` or `<?`, up to its end. */
  readonly declaration: (text: string) => string | undefined
}

/** Where the value stands in a page: in its text, or in an attribute's value. */
export type Place = 'text' | 'unquoted' | "'" | '"' | '`'

const SEPARATOR = /[\0-\x20/\x85\xa0]/

/**
 * Reads a value as HTML from one place on, roughly as a browser's tokenizer does (WHATWG HTML §13.2.5), forgiving what old
 * ones forgave. Each byte is looked at a bounded number of times.
 */
export function readHtml(text: string, place: Place, visitor: Visitor): string | undefined {
  let at = 0
  if (place !== 'text') {
    at = place === 'unquoted' ? text.search(/[\0-\x20>]/) : text.indexOf(place)
    if (at < 0) return undefined
    if (place !== 'unquoted') at += 1
    const end = readAttributes(text, at, visitor, false)
    if (typeof end === 'string') return end
    at = end
  }
  for (;;) {
    at = text.indexOf('<', at)
    if (at < 0 || at + 1 >= text.length) return undefined
    const next = text.charAt(at + 1)
    if (next === '!' || next === '?' || next === '%') {
      const close = text.indexOf('>', at)
      const reason = visitor.declaration(text.slice(at + 1, Math.min(close < 0 ? text.length : close, at + 200)))
      if (reason !== undefined) return reason
      at += 2
      continue
    }
    const from = next === '/' ? at + 2 : at + 1
    if (!/[A-Za-z\0]/.test(text.charAt(from))) {
      at += 1
      continue
    }
    let end = from
    while (end < text.length && !/[\0-\x20/>\x85\xa0<]/.test(text.charAt(end))) end += 1
    const name = text.slice(from, Math.min(end, from + 60)).toLowerCase()
    const reason = next === '/' ? undefined : visitor.tag(name.slice(name.lastIndexOf(':') + 1))
    if (reason !== undefined) return reason
    const after = readAttributes(text, end, visitor, true)
    if (typeof after === 'string') return after
    at = after
  }
}

/** Reads attributes up to the tag's end; returns the index behind it, or the reason to stop. */
function readAttributes(text: string, from: number, visitor: Visitor, inTag: boolean): number | string {
  let at = from
  while (at < text.length) {
    const character = text.charAt(at)
    if (character === '>') return at + 1
    // Some browsers begin a new tag here.
    if (character === '<') return at
    if (SEPARATOR.test(character) || character === '"' || character === "'" || character === '`' || character === '=') {
      at += 1
      continue
    }
    let end = at
    while (end < text.length && !/[\0-\x20/>=\x85\xa0"'`<]/.test(text.charAt(end))) end += 1
    const name = text.slice(at, Math.min(end, at + 60)).toLowerCase()
    let equals = end
    while (equals < text.length && /[\0-\x20\xa0]/.test(text.charAt(equals))) equals += 1
    if (text.charAt(equals) !== '=') {
      const reason = visitor.attribute(name, undefined, inTag)
      if (reason !== undefined) return reason
      at = end
      continue
    }
    const [value, next] = readValue(text, equals + 1)
    const reason = visitor.attribute(name, value, inTag)
    if (reason !== undefined) return reason
    at = next
  }
  return text.length
}

function readValue(text: string, from: number): readonly [string, number] {
  let at = from
  while (at < text.length && /[\0-\x20\xa0]/.test(text.charAt(at))) at += 1
  const quote = text.charAt(at)
  if (quote === '"' || quote === "'" || quote === '`') {
    const close = text.indexOf(quote, at + 1)
    return close < 0 ? [text.slice(at + 1), text.length] : [text.slice(at + 1, close), close + 1]
  }
  let end = at
  while (end < text.length && !/[\0-\x20>\xa0]/.test(text.charAt(end))) end += 1
  return [text.slice(at, end), end]
}
