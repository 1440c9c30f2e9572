import { begun, hexPair, taken } from './bytes.ts'
import type { Transform } from './transform.ts'
import { wide } from './url-decode.ts'

/** What a letter after a backslash stands for in JavaScript and C. */
const CONTROL: Readonly<Record<number, number>> = { 97: 7, 98: 8, 102: 12, 110: 10, 114: 13, 116: 9, 118: 11 }

/**
 * JavaScript's escapes: `\uHHHH` (lower byte, full-width forms made ASCII), `\xHH`, `\OOO` (not beyond one byte), control
 * letters; another escaped byte stands for itself. A backslash at the end stays.
 */
export const jsDecode: Transform = (value) => {
  const first = value.indexOf('\\')
  if (first < 0) return value
  const into = begun(value, first)
  let length = first
  for (let at = first; at < value.length; ) {
    const byte = value.charCodeAt(at)
    if (byte !== 92 || at + 1 >= value.length) {
      into[length++] = byte
      at += 1
      continue
    }
    const kind = value.charCodeAt(at + 1)
    const unicode = kind === 117 ? wide(value, at + 2) : -1
    const hex = kind === 120 ? hexPair(value, at + 2) : -1
    if (unicode >= 0) {
      into[length++] = unicode
      at += 6
    } else if (hex >= 0) {
      into[length++] = hex
      at += 4
    } else if (isOctal(kind)) {
      let digits = octalDigits(value, at + 1)
      if (digits === 3 && kind > 51) digits = 2
      into[length++] = Number.parseInt(value.slice(at + 1, at + 1 + digits), 8)
      at += 1 + digits
    } else {
      into[length++] = CONTROL[kind] ?? kind
      at += 2
    }
  }
  return length === value.length ? same(value, taken(into, length)) : taken(into, length)
}

/**
 * ANSI C's escapes: `\a \b \f \n \r \t \v \\ \? \' \"`, `\xHH`, `\OOO` (modulo 256); the backslash before another byte goes. A
 * backslash at the end stays.
 */
export const escapeSeqDecode: Transform = (value) => {
  const first = value.indexOf('\\')
  if (first < 0) return value
  const into = begun(value, first)
  let length = first
  for (let at = first; at < value.length; ) {
    const byte = value.charCodeAt(at)
    if (byte !== 92 || at + 1 >= value.length) {
      into[length++] = byte
      at += 1
      continue
    }
    const kind = value.charCodeAt(at + 1)
    const hex = kind === 120 ? hexPair(value, at + 2) : -1
    if (hex >= 0) {
      into[length++] = hex
      at += 4
    } else if (isOctal(kind)) {
      const digits = octalDigits(value, at + 1)
      into[length++] = Number.parseInt(value.slice(at + 1, at + 1 + digits), 8) & 255
      at += 1 + digits
    } else {
      into[length++] = CONTROL[kind] ?? kind
      at += 2
    }
  }
  return length === value.length ? same(value, taken(into, length)) : taken(into, length)
}

function same(value: string, made: string): string {
  return made === value ? value : made
}

function isOctal(unit: number): boolean {
  return unit >= 48 && unit <= 55
}

/** How many octal digits stand at an index, at most three. */
function octalDigits(value: string, at: number): number {
  let count = 0
  while (count < 3 && isOctal(value.charCodeAt(at + count))) count += 1
  return count
}
