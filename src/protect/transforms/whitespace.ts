import { begun, isSpace, taken } from './bytes.ts'
import type { Transform } from './transform.ts'

const COMPRESSIBLE = /[\t-\r\xa0]|[ \xa0][ \xa0]/
const NO_BREAK_SPACE = 0xa0

function isBlank(byte: number): boolean {
  return isSpace(byte) || byte === NO_BREAK_SPACE
}

/** Runs of white space, among them the no-break space of Latin-1, become one space. */
export const compressWhitespace: Transform = (value) => {
  const first = value.search(COMPRESSIBLE)
  if (first < 0) return value
  const into = begun(value, first)
  let length = first
  let inRun = first > 0 && isBlank(value.charCodeAt(first - 1))
  for (let at = first; at < value.length; at += 1) {
    const byte = value.charCodeAt(at)
    if (!isBlank(byte)) into[length++] = byte
    else if (!inRun) into[length++] = 32
    inRun = isBlank(byte)
  }
  const made = taken(into, length)
  return made === value ? value : made
}

export const removeWhitespace: Transform = (value) => {
  const first = value.search(/[\t-\r \xa0]/)
  if (first < 0) return value
  const into = begun(value, first)
  let length = first
  for (let at = first; at < value.length; at += 1) {
    const byte = value.charCodeAt(at)
    if (!isBlank(byte)) into[length++] = byte
  }
  return taken(into, length)
}
