import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseRequestHead } from './request-head.ts'

const HOST = 'Host: shop.example'

function outcome(...lines: string[]): string {
  const parsed = parseRequestHead(lines.join('\r\n'))
  if ('fault' in parsed) return `${parsed.fault.status} ${parsed.fault.code}`
  const { framing } = parsed
  const length = framing.kind === 'length' ? ` ${framing.length}` : ''
  return `${framing.kind}${length}${parsed.keepAlive ? '' : ' close'}`
}

const CASES: readonly (readonly [name: string, expected: string, ...lines: string[]])[] = [
  ['plain', 'none', 'GET / HTTP/1.1', HOST],
  ['any method', 'none', 'BREW /pot HTTP/1.1', HOST],
  ['bytes above 127 in a target', 'none', 'GET /\xe5\xae\x8c HTTP/1.1', HOST],
  ['old protocol', 'none close', 'GET / HTTP/1.0'],
  ['old protocol that stays', 'none', 'GET / HTTP/1.0', 'Connection: Keep-Alive'],
  ['absolute form', 'none', 'GET http://shop.example/a HTTP/1.1', HOST],
  ['asterisk', 'none', 'OPTIONS * HTTP/1.1', HOST],
  ['authority', 'none', 'CONNECT shop.example:443 HTTP/1.1', HOST],
  ['length', 'length 3', 'POST / HTTP/1.1', HOST, 'Content-Length: 3'],
  ['chunked', 'chunked', 'POST / HTTP/1.1', HOST, 'Transfer-Encoding: Chunked'],
  [
    'both: the length is taken out, the connection ends',
    'chunked close',
    'POST / HTTP/1.1',
    HOST,
    'Content-Length: 3',
    'Transfer-Encoding: chunked',
  ],
  ['two lengths', '400 content-length', 'POST / HTTP/1.1', HOST, 'Content-Length: 3', 'Content-Length: 4'],
  ['one length twice', '400 content-length', 'POST / HTTP/1.1', HOST, 'Content-Length: 3', 'Content-Length: 3'],
  ['a list of lengths', '400 content-length', 'POST / HTTP/1.1', HOST, 'Content-Length: 3, 3'],
  ['signed length', '400 content-length', 'POST / HTTP/1.1', HOST, 'Content-Length: +3'],
  ['hexadecimal length', '400 content-length', 'POST / HTTP/1.1', HOST, 'Content-Length: 0x3'],
  ['length too large to count', '400 content-length', 'POST / HTTP/1.1', HOST, 'Content-Length: 9999999999999999999'],
  ['coding twice', '400 transfer-encoding', 'POST / HTTP/1.1', HOST, 'Transfer-Encoding: chunked', 'Transfer-Encoding: chunked'],
  ['another coding', '501 transfer-encoding', 'POST / HTTP/1.1', HOST, 'Transfer-Encoding: gzip, chunked'],
  ['a coding that is nearly it', '501 transfer-encoding', 'POST / HTTP/1.1', HOST, 'Transfer-Encoding: xchunked'],
  ['coding in an old protocol', '400 transfer-encoding', 'POST / HTTP/1.0', HOST, 'Transfer-Encoding: chunked'],
  ['vertical tab before the coding', '400 header-byte', 'POST / HTTP/1.1', HOST, 'Transfer-Encoding:\x0bchunked'],
  ['space before the colon', '400 header-line', 'POST / HTTP/1.1', HOST, 'Transfer-Encoding : chunked'],
  ['folded line', '400 folded-header', 'POST / HTTP/1.1', HOST, 'X: a', ' b'],
  ['bare CR', '400 header-byte', 'GET / HTTP/1.1', HOST, 'X: a\rY: b'],
  ['NUL', '400 header-byte', 'GET / HTTP/1.1', HOST, 'X: a\x00b'],
  ['no colon', '400 header-line', 'GET / HTTP/1.1', HOST, 'nothing'],
  ['no name', '400 header-line', 'GET / HTTP/1.1', HOST, ': x'],
  ['no host', '400 host', 'GET / HTTP/1.1'],
  ['empty host', '400 host', 'GET / HTTP/1.1', 'Host: '],
  ['two hosts', '400 host', 'GET / HTTP/1.1', HOST, HOST],
  ['a path in the host', '400 host', 'GET / HTTP/1.1', 'Host: a/b'],
  ['credentials in the host', '400 host', 'GET / HTTP/1.1', 'Host: a@b'],
  ['fragment', '400 request-line', 'GET /#a HTTP/1.1', HOST],
  ['two spaces', '400 request-line', 'GET  / HTTP/1.1', HOST],
  ['space in the target', '400 request-line', 'GET /a b HTTP/1.1', HOST],
  ['tab for a space', '400 request-line', 'GET\t/ HTTP/1.1', HOST],
  ['no path', '400 request-line', 'GET index.html HTTP/1.1', HOST],
  ['credentials in an absolute target', '400 request-line', 'GET http://u@shop.example/ HTTP/1.1', HOST],
  ['markup for the authority', '400 request-line', 'GET http://<b>/ HTTP/1.1', HOST],
  ['an authority without a host', '400 request-line', 'GET http://:80/ HTTP/1.1', HOST],
  ['version of later days', '505 version', 'GET / HTTP/2.0', HOST],
  ['version of early days', '400 version', 'GET / HTTP/0.9', HOST],
  ['no version', '400 version', 'GET /'],
  ['lower-case version', '400 version', 'GET / http/1.1', HOST],
]

describe('a request head', () => {
  it.each(CASES)('%s: %s', (_name, expected, ...lines) => expect(outcome(...lines)).toBe(expected))

  it('takes the length out that stands beside a coding, so that rules and application see one framing', () => {
    const parsed = parseRequestHead('POST / HTTP/1.1\r\nHost: a\r\ncontent-length: 3\r\nTransfer-Encoding: chunked')
    expect('headers' in parsed && parsed.headers.map(([name]) => name)).toEqual(['Host', 'Transfer-Encoding'])
  })

  it('lets rules see the host that the application gets, that of an absolute target', () => {
    const parsed = parseRequestHead(`GET http://other.example/a HTTP/1.1\r\nX: 1\r\n${HOST}`)
    expect('headers' in parsed && parsed.headers).toEqual([
      ['Host', 'other.example'],
      ['X', '1'],
    ])
  })

  it('lets rules see a request line that is refused, as it was sent', () => {
    const parsed = parseRequestHead(`GET /a b HTTP/1.1\r\n${HOST}`)
    const seen = 'fault' in parsed ? parsed.seen : undefined
    expect(`${seen?.method} ${seen?.target} ${seen?.protocol}`).toBe('GET /a b HTTP/1.1')
  })

  it('reads any bytes without throwing, and never accepts a control byte', () => {
    const bytes = fc.string({ unit: fc.integer({ min: 0, max: 255 }).map((code) => String.fromCharCode(code)), maxLength: 60 })
    fc.assert(
      fc.property(bytes, bytes, (target, value) => {
        const parsed = parseRequestHead(`GET /${target} HTTP/1.1\r\n${HOST}\r\nX: ${value}`)
        // biome-ignore lint/suspicious/noControlCharactersInRegex: what must not be accepted
        if (!('fault' in parsed)) expect(JSON.stringify([parsed.target, parsed.headers])).not.toMatch(/[\x00-\x08\x0a-\x1f\x7f]/)
      }),
    )
  })
})
