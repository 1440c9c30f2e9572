import { KanpekiError } from '../../kernel/error.ts'
import type { RegexNode } from '../../platform/regex/ast.ts'
import { type CharSet, complement, union } from '../../platform/regex/char-set.ts'
import { emitRegex } from '../../platform/regex/emit.ts'
import { leadingInteger } from './numbers.ts'
import type { Found, Operator, Test } from './operator.ts'

/** `32-126, 9, 10`: what cannot be read as a number is 0, as in ModSecurity. */
function byteSet(argument: string): CharSet {
  const ranges = argument.split(',').filter((part) => part.trim() !== '')
  return union(
    ranges.map((part) => {
      const [from = '', to = from] = part.split('-').map((number) => number.trim())
      const range = [leadingInteger(from), leadingInteger(to)] as const
      if (range[0] < 0 || range[0] > range[1] || range[1] > 255) {
        throw new KanpekiError('byte-range', `${part.trim()} is no range of bytes.`, { remedy: 'Write for example 9,10,32-126.' })
      }
      return [...range]
    }),
  )
}

/** Finds a byte that is not among the ranges. */
export const validateByteRange: Operator = {
  id: 'validateByteRange',
  compile: (argument) => {
    const occurs: RegexNode = { kind: 'set', set: complement(byteSet(argument)) }
    const outside = new RegExp(emitRegex(occurs, 'v8'))
    const test: Test = (value) => {
      const at = value.search(outside)
      return at < 0 ? undefined : { matched: value.charAt(at) }
    }
    return Object.assign(test, { occurs })
  },
}

const PERCENT: RegexNode = { kind: 'set', set: [37, 37] }

/** Finds a `%` that is not followed by two hexadecimal digits. */
export const validateUrlEncoding: Operator = {
  id: 'validateUrlEncoding',
  compile: () => {
    const test: Test = (value) => {
      const at = value.search(/%(?![0-9A-Fa-f]{2})/)
      return at < 0 ? undefined : { matched: value.slice(at, at + 3) }
    }
    return Object.assign(test, { occurs: PERCENT })
  },
}

const HIGH: RegexNode = { kind: 'set', set: [0x80, 0xff] }

/** Finds bytes that are no UTF-8 (RFC 3629): stray or missing continuations, overlong forms, surrogates, beyond U+10FFFF. */
export const validateUtf8Encoding: Operator = {
  id: 'validateUtf8Encoding',
  compile: () => Object.assign((value: string) => firstInvalid(value), { occurs: HIGH }),
}

function firstInvalid(value: string): Found | undefined {
  for (let at = value.search(/[\x80-\xff]/); at >= 0 && at < value.length; ) {
    const length = value.charCodeAt(at) < 0x80 ? 1 : wellFormed(value, at)
    if (length === 0) return { matched: value.slice(at, at + 4) }
    at += length
  }
  return undefined
}

/** Length of a well-formed sequence of two to four bytes (the Unicode Standard, table 3-7), or 0. */
function wellFormed(value: string, at: number): number {
  const lead = value.charCodeAt(at)
  const second = value.charCodeAt(at + 1)
  const isTail = (unit: number) => (unit & 0xc0) === 0x80
  if (lead >= 0xc2 && lead <= 0xdf) return isTail(second) ? 2 : 0
  if (lead >= 0xe0 && lead <= 0xef) {
    const fits = isTail(second) && !(lead === 0xe0 && second < 0xa0) && !(lead === 0xed && second > 0x9f)
    return fits && isTail(value.charCodeAt(at + 2)) ? 3 : 0
  }
  if (lead < 0xf0 || lead > 0xf4) return 0
  const fits = isTail(second) && !(lead === 0xf0 && second < 0x90) && !(lead === 0xf4 && second > 0x8f)
  return fits && isTail(value.charCodeAt(at + 2)) && isTail(value.charCodeAt(at + 3)) ? 4 : 0
}
