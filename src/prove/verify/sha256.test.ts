import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { toHex, utf8 } from './bytes.ts'
import { sha256 } from './sha256.ts'

/** FIPS 180-4 examples, and the lengths around a block's end. */
const VECTORS: readonly (readonly [string, string])[] = [
  ['', 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'],
  ['abc', 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad'],
  [
    'abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq',
    '248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1',
  ],
  ['a'.repeat(1_000_000), 'cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0'],
]

test.each(VECTORS)('the published digest of %.20s', (message, digest) => {
  expect(toHex(sha256(utf8(message)))).toBe(digest)
})

test('the same digest as the machine for every length up to four blocks', () => {
  for (let length = 0; length <= 256; length++) {
    const message = Uint8Array.from({ length }, (_, at) => (at * 37 + length) & 0xff)
    expect(toHex(sha256(message))).toBe(createHash('sha256').update(message).digest('hex'))
  }
})

test('the same digest as the machine for any bytes, also in the middle of a buffer', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 3000 }), fc.nat(10), (bytes, skip) => {
      const part = bytes.subarray(Math.min(skip, bytes.length))
      expect(toHex(sha256(part))).toBe(createHash('sha256').update(part).digest('hex'))
    }),
  )
})
