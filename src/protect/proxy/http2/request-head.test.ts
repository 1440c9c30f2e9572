import { describe, expect, it } from 'vitest'
import { requestFromStream } from './request-head.ts'

const PLAIN = [':method', 'GET', ':scheme', 'https', ':path', '/', ':authority', 'shop.example']

describe('a request in HTTP/2', () => {
  it('is put in the words of HTTP/1.1', () => {
    expect(requestFromStream([...PLAIN, 'cookie', 'a=1', 'x', 'y', 'cookie', 'b=2', 'content-length', '3'])).toEqual({
      method: 'GET',
      target: '/',
      protocol: 'HTTP/2.0',
      length: 3,
      headers: [
        ['Host', 'shop.example'],
        ['x', 'y'],
        ['content-length', '3'],
        ['cookie', 'a=1; b=2'],
      ],
    })
  })

  it.each<[string, string, string[]]>([
    ['a line break in a value', 'header-byte', [...PLAIN, 'x', 'a\r\nTransfer-Encoding: chunked']],
    ['a line break in a name', 'header-byte', [...PLAIN, 'x: a\r\ny', 'b']],
    ['a colon in a name', 'header-byte', [...PLAIN, 'x:y', 'b']],
    ['a coding', 'header-byte', [...PLAIN, 'transfer-encoding', 'chunked']],
    ['another host', 'host', [...PLAIN, 'host', 'other.example']],
    ['no host', 'host', [':method', 'GET', ':path', '/']],
    ['two lengths', 'content-length', [...PLAIN, 'content-length', '1', 'content-length', '2']],
    ['a second request in the path', 'request-line', [':method', 'GET', ':path', '/ HTTP/1.1\r\nX: y', ':authority', 'a']],
    ['a space in the method', 'request-line', [':method', 'GET /x', ':path', '/', ':authority', 'a']],
    ['an absolute target', 'request-line', [':method', 'GET', ':path', 'http://other.example/', ':authority', 'a']],
    ['no path', 'request-line', [':method', 'GET', ':authority', 'a']],
  ])('is refused with %s', (_name, code, raw) => expect(requestFromStream(raw)).toMatchObject({ fault: { code } }))
})
