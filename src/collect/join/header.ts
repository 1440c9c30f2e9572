import type { RawRecord } from '../../kernel/event.ts'

/** A header is a handful of short lines. */
const MAX_HEADER = 16_384

/** The directives that say what the fields are; Zeek's `#open` and `#close` and IIS's `#Date` say when. */
const ZEEK = /^#(?:set_separator|empty_field|unset_field|path|fields|types)[ \t]/

/** The header in force after this line: a directive of the W3C extended log format or of Zeek's changes it. */
export function headerAfter(header: string | undefined, { text, unreadable }: RawRecord): string | undefined {
  if (text === undefined || text.charCodeAt(0) !== 35 || text.length > MAX_HEADER || unreadable !== undefined) return header
  if (text.startsWith('#Fields: ') || text.startsWith('#separator ')) return text
  if (!ZEEK.test(text)) return header
  const whole = header?.startsWith('#separator') === true ? `${header}\n${text}` : text
  return whole.length > MAX_HEADER ? header : whole
}
