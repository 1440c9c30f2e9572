import { fault, type HttpFault } from '../http-fault.ts'

/** Name as written and value without the white space around it, in the order of the wire; one character a byte. */
export type HeaderLine = readonly [name: string, value: string]

const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/
// biome-ignore lint/suspicious/noControlCharactersInRegex: control bytes are what is looked for (RFC 9110 section 5.5)
const CONTROL = /[\x00-\x08\x0a-\x1f\x7f]/

/** True for a token of RFC 9110 section 5.6.2: methods, header names. */
export function isToken(text: string): boolean {
  return TOKEN.test(text)
}

/** True where a byte is in the text that no part of a head may hold: control bytes but the tab. */
export function hasControl(text: string): boolean {
  return CONTROL.test(text)
}

/**
 * The header lines of a head (RFC 9112 section 5), from `start` up to `end`, which are separated by CRLF. Refused: a line
 * without a name or with white space before its colon, folded lines, control bytes (a bare CR or LF among them).
 */
export function parseHeaderLines(text: string, start: number, end: number): HeaderLine[] | HttpFault {
  const headers: HeaderLine[] = []
  for (let at = start; at < end; ) {
    let stop = text.indexOf('\r\n', at)
    if (stop === -1 || stop > end) stop = end
    const first = text.charCodeAt(at)
    if (first === 0x20 || first === 0x09) return fault(400, 'folded-header')
    const colon = text.indexOf(':', at)
    if (colon === -1 || colon >= stop) return fault(400, 'header-line')
    const name = text.slice(at, colon)
    if (!TOKEN.test(name)) return fault(400, CONTROL.test(name) ? 'header-byte' : 'header-line')
    const value = trimmed(text, colon + 1, stop)
    if (CONTROL.test(value)) return fault(400, 'header-byte')
    headers.push([name, value])
    at = stop + 2
  }
  return headers
}

/** Without the spaces and tabs around it; other white space stays, for it is refused. */
function trimmed(text: string, start: number, end: number): string {
  let from = start
  let to = end
  while (from < to && isBlank(text.charCodeAt(from))) from += 1
  while (to > from && isBlank(text.charCodeAt(to - 1))) to -= 1
  return text.slice(from, to)
}

function isBlank(code: number): boolean {
  return code === 0x20 || code === 0x09
}

/** All values of a header, by its lower-case name. */
export function valuesOf(headers: readonly HeaderLine[], name: string): string[] {
  const values: string[] = []
  for (const [each, value] of headers) if (each.length === name.length && each.toLowerCase() === name) values.push(value)
  return values
}

/** The first value of a header, by its lower-case name. */
export function headerOf(headers: readonly HeaderLine[], name: string): string | undefined {
  for (const [each, value] of headers) if (each.length === name.length && each.toLowerCase() === name) return value
  return undefined
}

/** The lower-case members of a comma-separated header such as `Connection`. */
export function listOf(values: readonly string[]): string[] {
  return values.flatMap((value) => value.split(',').map((part) => part.trim().toLowerCase())).filter((part) => part !== '')
}
