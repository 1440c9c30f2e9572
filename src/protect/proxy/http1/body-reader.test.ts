import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { BodyReader } from './body-reader.ts'
import type { Framing } from './framing.ts'

const CHUNKED: Framing = { kind: 'chunked' }

/** The body read in pieces of `size`, what was left over, and the fault. */
function read(wire: string, size: number, framing = CHUNKED): { body: string; rest: string; end: string } {
  const reader = new BodyReader(framing)
  let body = ''
  let rest = ''
  for (let at = 0; at < wire.length; at += size) {
    const piece = Buffer.from(wire.slice(at, at + size), 'latin1')
    const stop = reader.push(piece, 0, (data) => {
      body += data.toString('latin1')
    })
    if (reader.fault !== undefined) break
    rest += piece.toString('latin1', stop)
  }
  return { body, rest, end: reader.fault?.code ?? (reader.done ? 'done' : 'open') }
}

describe('a chunked body', () => {
  it.each([
    ['one chunk', '5\r\nhello\r\n0\r\n\r\n', 'hello'],
    ['two chunks', '5\r\nhello\r\n1\r\n!\r\n0\r\n\r\n', 'hello!'],
    ['leading zeros, capital digits', '000A\r\n0123456789\r\n0\r\n\r\n', '0123456789'],
    ['extensions, which are dropped', '5;a=b;c="d"\r\nhello\r\n0;x\r\n\r\n', 'hello'],
    ['trailers, which are dropped', '5\r\nhello\r\n0\r\nX-Sum: 1\r\nY: 2\r\n\r\n', 'hello'],
    ['nothing', '0\r\n\r\n', ''],
  ])('%s', (_name, wire, body) => {
    for (const size of [1, 2, 3, 7, 1000]) expect(read(`${wire}GET`, size)).toEqual({ body, rest: 'GET', end: 'done' })
  })

  it.each([
    ['a size that is none', 'x\r\nhello'],
    ['no size', '\r\nhello'],
    ['a sign', '+5\r\nhello\r\n0\r\n\r\n'],
    ['hexadecimal with its mark', '0x5\r\nhello\r\n0\r\n\r\n'],
    ['a size that overflows', 'fffffffffffffffff\r\nhello'],
    ['a space before the size', ' 5\r\nhello\r\n0\r\n\r\n'],
    ['LF alone behind the size', '5\nhello\r\n0\r\n\r\n'],
    ['CR within the size line', '5;a\rb\r\nhello\r\n0\r\n\r\n'],
    ['LF alone behind the data', '5\r\nhello\n0\r\n\r\n'],
    ['more data than said', '5\r\nhello!\r\n0\r\n\r\n'],
    ['less data than said', '6\r\nhello\r\n0\r\n\r\n'],
    ['LF alone in the end', '0\n\n'],
    ['a control byte in an extension', '5;\x01\r\nhello\r\n0\r\n\r\n'],
    ['a trailer without a colon', '0\r\nnothing\r\n\r\n'],
    ['a size line without an end', `5;${'a'.repeat(2000)}`],
  ])('refuses %s', (_name, wire) => {
    for (const size of [1, 3, 1000]) expect(['chunk', 'trailer']).toContain(read(wire, size).end)
  })

  it('gives back what was chunked, however it is cut', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ minLength: 1 }), { maxLength: 8 }), fc.integer({ min: 1, max: 40 }), (parts, size) => {
        const wire = [...parts.map((part) => `${part.length.toString(16)}\r\n${part}\r\n`), '0\r\n\r\n'].join('')
        expect(read(wire, size)).toEqual({ body: parts.join(''), rest: '', end: 'done' })
      }),
    )
  })
})

describe('a body of a known length', () => {
  it('ends where it was said, and leaves what follows', () => {
    for (const size of [1, 2, 100])
      expect(read('helloGET /', size, { kind: 'length', length: 5 })).toEqual({ body: 'hello', rest: 'GET /', end: 'done' })
  })

  it('is incomplete where the connection ends before', () => {
    const reader = new BodyReader({ kind: 'length', length: 5 })
    reader.push(Buffer.from('hel'), 0, () => {})
    reader.end()
    expect(reader.fault?.code).toBe('incomplete')
  })
})
