import fc from 'fast-check'
import { expect, test } from 'vitest'
import { decodeText, headText } from './text.ts'

const fatal = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

test('valid UTF-8 comes back as it is', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      expect(decodeText(Buffer.from(text))).toEqual({ text: Buffer.from(text).toString('utf8'), valid: true })
    }),
  )
})

test('of any bytes nothing is lost: the escapes and the rest give the bytes back', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      // A backslash that was there before could be read as an escape: leave it out of the reversal.
      const buffer = Buffer.from(bytes.filter((byte) => byte !== 0x5c))
      const { text } = decodeText(buffer)
      const parts = text.split(/\\x([0-9a-f]{2})/)
      const back = Buffer.concat(parts.map((part, at) => (at % 2 === 1 ? Buffer.from(part, 'hex') : Buffer.from(part))))
      expect(back.equals(buffer)).toBe(true)
    }),
    { numRuns: 1000 },
  )
})

test('validity is what the platform decoder says, for every two- and many three-byte sequences', () => {
  let cases = 0
  for (let first = 0; first < 256; first++) {
    for (let second = 0; second < 256; second += 1) {
      for (const rest of [[], [0x80], [0x80, 0x80], [0x41]]) {
        const bytes = Buffer.from([first, second, ...rest])
        let valid = true
        try {
          fatal.decode(bytes)
        } catch {
          valid = false
        }
        const seen = decodeText(bytes)
        if (seen.valid !== valid || seen.text.includes('\ufffd')) expect.fail(`${bytes.toString('hex')}: ${JSON.stringify(seen)}`)
        cases++
      }
    }
  }
  expect(cases).toBe(262_144)
})

test('a head is cut between characters', () => {
  const text = Buffer.from('日本語')
  expect([3, 4, 5, 6, 9, 10].map((limit) => headText(text, limit))).toEqual(['日', '日', '日', '日本', '日本語', '日本語'])
})
