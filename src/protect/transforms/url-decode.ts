import { begun, hexPair, taken } from './bytes.ts'
import type { Transform } from './transform.ts'

/** `+` becomes a space, `%XX` its byte; what is not valid stays. */
export const urlDecode: Transform = (value) => decode(value, false)

/**
 * Also Microsoft's `%uXXXX`, of which the lower byte is taken; the full-width forms of ASCII (`%uff01` to `%uff5e`) become ASCII.
 */
export const urlDecodeUni: Transform = (value) => decode(value, true)

function decode(value: string, isUnicode: boolean): string {
  const percent = value.indexOf('%')
  const plus = value.indexOf('+')
  if (percent < 0 && plus < 0) return value
  const first = percent < 0 ? plus : plus < 0 ? percent : Math.min(percent, plus)
  const into = begun(value, first)
  let length = first
  let changed = false
  for (let at = first; at < value.length; ) {
    const byte = value.charCodeAt(at)
    if (byte === 43) {
      into[length++] = 32
      changed = true
      at += 1
      continue
    }
    if (byte === 37) {
      const isWide = isUnicode && (value.charCodeAt(at + 1) | 32) === 117
      const made = isWide ? wide(value, at + 2) : hexPair(value, at + 1)
      if (made >= 0) {
        into[length++] = made
        changed = true
        at += isWide ? 6 : 3
        continue
      }
    }
    into[length++] = byte
    at += 1
  }
  return changed ? taken(into, length) : value
}

/** The byte that four hexadecimal digits stand for, or -1. */
export function wide(value: string, at: number): number {
  const high = hexPair(value, at)
  const low = hexPair(value, at + 2)
  if (high < 0 || low < 0) return -1
  return high === 0xff && low > 0 && low < 0x5f ? low + 0x20 : low
}

/** `A-Z a-z 0-9 *` stay, a space becomes `+`, all else `%xx`. */
export const urlEncode: Transform = (value) => {
  if (!/[^A-Za-z0-9*]/.test(value)) return value
  return value.replace(/[^A-Za-z0-9*]/g, (character) =>
    character === ' ' ? '+' : `%${character.charCodeAt(0).toString(16).padStart(2, '0')}`,
  )
}
