import { createHash } from 'node:crypto'

/** Of Kanpeki's exports: the same thing gets the same identifier every time. */
const NAMESPACE = Buffer.from('6f1d2a8e54b94d0f9c1a7b3e2d5c8f10', 'hex')

/** UUID version 5 (RFC 9562, 5.5) of a name in our namespace. */
export function uuidOf(...name: readonly string[]): string {
  const bytes = createHash('sha1').update(NAMESPACE).update(name.join('\u0000')).digest().subarray(0, 16)
  bytes[6] = (bytes[6]! & 0x0f) | 0x50
  bytes[8] = (bytes[8]! & 0x3f) | 0x80
  const hex = bytes.toString('hex')
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-')
}
