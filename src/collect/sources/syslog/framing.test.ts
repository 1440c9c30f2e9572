import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { SyslogFramer } from './framing.ts'

function feed(chunks: readonly (string | Buffer)[], maxBytes = 1000): string[] {
  const framer = new SyslogFramer(maxBytes)
  const frames = [...chunks.flatMap((chunk) => framer.push(Buffer.from(chunk))), ...framer.end()]
  expect(framer.open).toBe(false)
  return frames.map(({ bytes, cut }) => `${bytes.toString()}${cut === undefined ? '' : ` [${cut}]`}`)
}

describe('a stream', () => {
  const cases: readonly [string, readonly string[], readonly string[]][] = [
    ['newlines', ['<13>a\n<13>b\r\n'], ['<13>a', '<13>b']],
    ['octet counts', ['5 <13>a5 <13>b'], ['<13>a', '<13>b']],
    ['both, message by message', ['5 <13>a<13>b\n6 <13>c\n<13>d\n'], ['<13>a', '<13>b', '<13>c', '<13>d']],
    ['a count split anywhere', ['1', '0', ' ', '<13>', '日本'], ['<13>日本']],
    ['a line feed inside a counted message', ['8 <13>a\nb\n'], ['<13>a\nb']],
    ['digits that are no count', ['42 is the answer\n7\n'], ['42 is the answer', '7']],
    ['a leading zero is no count', ['05 <13>a\n'], ['05 <13>a']],
    ['ten digits are no count', ['1234567890 <13>a\n'], ['1234567890 <13>a']],
    ['NUL at the end, blank messages', ['<13>a\0\n\n\0\n<13>b'], ['<13>a', '<13>b']],
    ['the last line without its end', ['<13>a'], ['<13>a']],
    ['a counted message cut by the end', ['9 <13>abc'], ['<13>abc [the connection ended after 7 of 9 bytes]']],
    ['nothing', [''], []],
  ]
  let ran = 0
  test.each(cases)('%s', (_name, chunks, messages) => {
    ran++
    expect(feed(chunks)).toEqual(messages)
  })
  test('every case ran', () => expect(ran).toBe(cases.length))
})

test('a message that is too long is cut and said so; the next one is whole', () => {
  const cut = (n: number): string => `${'x'.repeat(10)} [too long: ${n} bytes where 10 are allowed; the first 10 are kept]`
  expect(feed([`${'x'.repeat(25)}\nnext\n`], 10)).toEqual([cut(25), 'next'])
  expect(feed(['x'.repeat(8), 'x'.repeat(8), 'x\nnext\n'], 10)).toEqual([cut(17), 'next'])
  expect(feed([`25 <${'x'.repeat(24)}4 <13>`], 10)[1]).toBe('<13>')
  expect(feed(['x'.repeat(30)], 10)).toEqual([cut(30)])
  // One hundred megabytes without an end hold no more than the limit.
  const framer = new SyslogFramer(1000)
  for (let n = 0; n < 100; n++) expect(framer.push(Buffer.alloc(1_000_000, 0x61))).toEqual([])
  expect(framer.end()[0]).toMatchObject({ length: 100_000_000, bytes: Buffer.alloc(1000, 0x61) })
})

test('however the bytes are cut into chunks, the messages are the same', () => {
  const message = fc
    .string({ unit: 'grapheme', minLength: 1, maxLength: 20 })
    .map((text) => `<13>${text.replaceAll(/[\n\r\0]/g, '.')}`)
  fc.assert(
    fc.property(fc.array(fc.tuple(message, fc.boolean()), { maxLength: 20 }), fc.array(fc.nat(60)), (messages, cuts) => {
      const bytes = Buffer.concat(
        messages.map(([text, counted]) => Buffer.from(counted ? `${Buffer.byteLength(text)} ${text}` : `${text}\n`)),
      )
      const chunks: Buffer[] = []
      let at = 0
      for (const cut of cuts) {
        chunks.push(bytes.subarray(at, at + cut))
        at += cut
      }
      chunks.push(bytes.subarray(at))
      expect(feed(chunks)).toEqual(messages.map(([text]) => text))
    }),
    { numRuns: 300 },
  )
})

test('any bytes: no throw, nothing held at the end, frames are no longer than allowed', () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 10 }), (chunks) => {
      const framer = new SyslogFramer(16)
      const frames = [...chunks.flatMap((chunk) => framer.push(Buffer.from(chunk))), ...framer.end()]
      expect(framer.open).toBe(false)
      expect(Math.max(0, ...frames.map((frame) => frame.bytes.length))).toBeLessThanOrEqual(16)
    }),
    { numRuns: 500 },
  )
})
