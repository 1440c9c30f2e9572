import type { Transform } from './transform.ts'

/** Sequences of UTF-8 (RFC 3629) become `%uHHHH`, so that `urlDecodeUni` can map them; bytes that are none stay. */
export const utf8toUnicode: Transform = (value) => {
  const first = value.search(/[\x80-\xff]/)
  if (first < 0) return value
  const parts: string[] = []
  let from = 0
  for (let at = first; at < value.length; ) {
    const length = value.charCodeAt(at) < 0x80 ? 0 : sequenceLength(value, at)
    if (length === 0) {
      at += 1
      continue
    }
    parts.push(value.slice(from, at), `%u${codePoint(value, at, length).toString(16).padStart(4, '0')}`)
    at += length
    from = at
  }
  if (parts.length === 0) return value
  parts.push(value.slice(from))
  return parts.join('')
}

function continuation(value: string, at: number): boolean {
  return (value.charCodeAt(at) & 0xc0) === 0x80
}

/** Length of the sequence that begins here, overlong ones and surrogates among them (they are what an attacker sends), or 0. */
function sequenceLength(value: string, at: number): number {
  const lead = value.charCodeAt(at)
  const length = lead >= 0xf0 && lead < 0xf8 ? 4 : lead >= 0xe0 && lead < 0xf0 ? 3 : lead >= 0xc0 && lead < 0xe0 ? 2 : 0
  if (at + length > value.length) return 0
  for (let next = 1; next < length; next += 1) if (!continuation(value, at + next)) return 0
  return length
}

function codePoint(value: string, at: number, length: number): number {
  let point = value.charCodeAt(at) & (0xff >> (length + 1))
  for (let next = 1; next < length; next += 1) point = point * 64 + (value.charCodeAt(at + next) & 0x3f)
  return point
}
