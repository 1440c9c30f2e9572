/** ASCII that JSON.stringify writes without codes; nothing else occurs in a text that consists of such. */
const SPELLED = /^[\x20-\x7f\b\f\n\r\t]*$/
const NEEDS_ESCAPE = /["\\\b\f\n\r\t]/

/** A text as it stands in JSON; undefined when that takes a code (`\u…`) or more than ASCII. */
export function spelledInJson(text: string): string | undefined {
  if (!SPELLED.test(text)) return undefined
  return NEEDS_ESCAPE.test(text) ? inJson(text) : text
}

export function inJson(text: string): string {
  return JSON.stringify(text).slice(1, -1)
}
