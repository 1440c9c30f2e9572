import { createRequire } from 'node:module'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { unsnap } from './snappy.ts'

/** Another implementation packs what ours unpacks. */
const { compress } = createRequire(import.meta.url)('snappyjs') as { readonly compress: (bytes: Buffer) => Buffer }
const MAX = 1_000_000

test('blocks of another implementation come out as they went in', () => {
  const text = fc.string({ unit: 'binary', maxLength: 60 })
  // Repetition makes copies, near ones and far ones.
  const bytes = fc
    .tuple(fc.array(text, { maxLength: 12 }), fc.nat(400))
    .map(([parts, times]) => Buffer.from(parts.join('').repeat(times)))
  fc.assert(
    fc.property(bytes, (plain) => {
      expect(unsnap(Buffer.from(compress(plain)), MAX * 20).equals(plain)).toBe(true)
    }),
  )
  const large = Buffer.from(Array.from({ length: 90_000 }, (_, n) => (n * n) % 251))
  expect(unsnap(Buffer.from(compress(large)), MAX).equals(large)).toBe(true)
})

const BROKEN: readonly (readonly [name: string, hex: string])[] = [
  ['nothing', ''],
  ['a size without end', 'ffffffffff'],
  ['a claim that no block keeps', 'ffffff7f00'],
  ['more than allowed', 'c0843d0061'],
  ['a literal past the end', '050861'],
  ['a copy before the beginning', '04000061'],
  ['a copy of what is not there', '080061fe0900'],
  ['an end too early', '020061'],
]

test.each(BROKEN)('%s is refused', (_name, hex) => {
  expect(() => unsnap(Buffer.from(hex, 'hex'), MAX)).toThrow(RangeError)
})

test('any bytes are opened or refused, and never become more than allowed', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 80 }), (bytes) => {
      try {
        expect(unsnap(Buffer.from(bytes), 1000).length).toBeLessThanOrEqual(1000)
      } catch (error) {
        expect(error).toBeInstanceOf(RangeError)
      }
    }),
    { numRuns: 2000 },
  )
})
