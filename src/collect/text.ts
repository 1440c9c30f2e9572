import { isUtf8 } from 'node:buffer'

const HEX = '0123456789abcdef'

/**
 * Bytes as text without losing any: what is not UTF-8 (RFC 3629) is written as `\xhh`, so that a line with one bad byte,
 * which an attacker can always send, is still read by its parser and still shows what stood there.
 */
export function decodeText(bytes: Buffer): { readonly text: string; readonly valid: boolean } {
  if (isUtf8(bytes)) return { text: bytes.toString('utf8'), valid: true }
  let text = ''
  let from = 0
  let at = 0
  while (at < bytes.length) {
    const length = sequenceLength(bytes, at)
    if (length > 0) {
      at += length
      continue
    }
    const byte = bytes[at]!
    text += `${bytes.toString('utf8', from, at)}\\x${HEX[byte >> 4]}${HEX[byte & 15]}`
    from = ++at
  }
  return { text: text + bytes.toString('utf8', from), valid: false }
}

/** Length of the well-formed sequence at `at` (Unicode, table 3-7), or 0. */
function sequenceLength(bytes: Buffer, at: number): number {
  const first = bytes[at]!
  if (first < 0x80) return 1
  const second = bytes[at + 1] ?? 0
  if (first < 0xc2 || first > 0xf4) return 0
  if (first < 0xe0) return isContinuation(second) ? 2 : 0
  const low = first === 0xe0 ? 0xa0 : first === 0xf0 ? 0x90 : 0x80
  const high = first === 0xed ? 0x9f : first === 0xf4 ? 0x8f : 0xbf
  if (second < low || second > high || !isContinuation(bytes[at + 2] ?? 0)) return 0
  if (first < 0xf0) return 3
  return isContinuation(bytes[at + 3] ?? 0) ? 4 : 0
}

function isContinuation(byte: number): boolean {
  return (byte & 0xc0) === 0x80
}

/** The first `limit` bytes as text, cut between characters. */
export function headText(bytes: Buffer, limit: number): string {
  if (bytes.length <= limit) return decodeText(bytes).text
  let end = limit
  while (end > limit - 4 && end > 0 && isContinuation(bytes[end]!)) end--
  return decodeText(bytes.subarray(0, end)).text
}
