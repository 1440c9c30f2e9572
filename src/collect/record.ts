import type { RawRecord } from '../kernel/event.ts'
import { isJsonObject, type JsonObject, type JsonValue } from '../kernel/json.ts'
import { decodeText, headText } from './text.ts'

/** What is kept of a record that is too long to be read, bytes. */
const KEPT_OF_TOO_LONG = 8192

/** Nesting beyond this is nobody's log; it exists to make recursive code fall over. */
export const MAX_DEPTH = 64

const BRACE = 0x7b

/** A record of one line of a log or of NDJSON: a line that begins with `{` must be a JSON object. */
export function lineRecord(id: string, line: Buffer, maxBytes: number, origin: string | undefined): RawRecord {
  if (line.length > maxBytes) return tooLong(id, line, line.length, maxBytes, origin)
  return line[0] === BRACE ? documentRecord(id, line, origin) : textRecord(id, line, origin)
}

export function textRecord(id: string, line: Buffer, origin: string | undefined): RawRecord {
  return { id, text: decodeText(line).text, ...from(origin) }
}

/** A record of one JSON document; what is wrong with it stands in `unreadable`. The only place where JSON is parsed. */
export function documentRecord(id: string, bytes: Buffer, origin: string | undefined): RawRecord {
  const { text, valid } = decodeText(bytes)
  if (!valid) return unreadable(id, text, 'invalid UTF-8 in a JSON document; the bad bytes are shown as \\xhh', origin)
  const json = parseObject(text)
  return typeof json === 'string' ? unreadable(id, text, json, origin) : { id, json, ...from(origin) }
}

export function unreadable(id: string, text: string, reason: string, origin: string | undefined): RawRecord {
  return { id, text, unreadable: reason, ...from(origin) }
}

/** @param bytes what is there of it, at least its beginning; @param length how long it was. */
export function tooLong(id: string, bytes: Buffer, length: number, maxBytes: number, origin: string | undefined): RawRecord {
  const kept = Math.min(KEPT_OF_TOO_LONG, bytes.length)
  return unreadable(
    id,
    headText(bytes, kept),
    `too long: ${length} bytes where ${maxBytes} are allowed; the first ${kept} are kept`,
    origin,
  )
}

function parseObject(text: string): JsonObject | string {
  let value: JsonValue
  try {
    value = JSON.parse(text) as JsonValue
  } catch (error) {
    return `broken JSON: ${withoutQuote((error as SyntaxError).message)}`
  }
  if (!isJsonObject(value))
    return `not a JSON object but ${Array.isArray(value) ? 'an array' : value === null ? 'null' : `a ${typeof value}`}`
  return deeperThan(value, MAX_DEPTH) ? `nested deeper than ${MAX_DEPTH} levels` : value
}

/** V8 quotes the text in its message; the text is kept beside the reason anyway. */
function withoutQuote(message: string): string {
  const quote = message.indexOf(', "')
  return (quote < 0 ? message : message.slice(0, quote)).slice(0, 200)
}

/** Whether it is an object that can be written as text again: no deeper than the stack bears. */
export function isDocument(value: unknown): value is JsonObject {
  return isJsonObject(value) && !deeperThan(value, MAX_DEPTH)
}

/** Asked of every document: `Object.values` is five times faster here than `for … in`. */
function deeperThan(value: object, levels: number): boolean {
  if (levels === 0) return true
  for (const member of Object.values(value)) {
    if (typeof member === 'object' && member !== null && deeperThan(member, levels - 1)) return true
  }
  return false
}

function from(origin: string | undefined): { readonly origin?: string } {
  return origin === undefined ? {} : { origin }
}
