import { begun, HEX, taken } from './bytes.ts'
import type { Transform } from './transform.ts'

const NAMED: Readonly<Record<string, number>> = { quot: 34, amp: 38, lt: 60, gt: 62, nbsp: 160 }
const NAME = /[0-9A-Za-z]+/y

/** `&#xHH;`, `&#DD;` (the lower byte) and `&quot; &amp; &lt; &gt; &nbsp;`, whatever their case, with or without the semicolon. */
export const htmlEntityDecode: Transform = (value) => {
  const first = value.indexOf('&')
  if (first < 0) return value
  const into = begun(value, first)
  let length = first
  let changed = false
  for (let at = first; at < value.length; ) {
    const byte = value.charCodeAt(at)
    const entity = byte === 38 ? entityAt(value, at + 1) : undefined
    if (entity === undefined) {
      into[length++] = byte
      at += 1
      continue
    }
    into[length++] = entity.byte
    changed = true
    at = value.charCodeAt(entity.end) === 59 ? entity.end + 1 : entity.end
  }
  return changed ? taken(into, length) : value
}

interface Entity {
  readonly byte: number
  readonly end: number
}

function entityAt(value: string, at: number): Entity | undefined {
  if (value.charCodeAt(at) !== 35) return namedAt(value, at)
  const isHex = (value.charCodeAt(at + 1) | 32) === 120
  const base = isHex ? 16 : 10
  let end = isHex ? at + 2 : at + 1
  const from = end
  let byte = 0
  // Only the lower byte matters; a number that no machine word holds is all ones there, as strtol saturates.
  let whole = 0
  for (; end < value.length; end += 1) {
    const digit = HEX[value.charCodeAt(end)]!
    if (digit >= base) break
    byte = (byte * base + digit) & 255
    whole = whole * base + digit
  }
  return end === from ? undefined : { byte: whole >= 2 ** 63 ? 255 : byte, end }
}

function namedAt(value: string, at: number): Entity | undefined {
  NAME.lastIndex = at
  const match = NAME.exec(value)
  if (match === null || match[0].length > 4) return undefined
  const name = match[0].toLowerCase()
  return Object.hasOwn(NAMED, name) ? { byte: NAMED[name]!, end: at + match[0].length } : undefined
}
