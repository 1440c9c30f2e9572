import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Piece, RecordScanner } from './record-scanner.ts'

function scan(chunks: readonly (string | Buffer)[], maxBytes = 100_000): Piece[] {
  const scanner = new RecordScanner(maxBytes, true)
  return [...chunks.flatMap((chunk) => scanner.push(Buffer.from(chunk))), ...scanner.end()]
}

function cutAt(bytes: Buffer, lengths: readonly number[]): Buffer[] {
  let at = 0
  const chunks = lengths.map((length) => {
    const chunk = bytes.subarray(at, at + length)
    at += length
    return chunk
  })
  return [...chunks, bytes.subarray(at)]
}

const show = (pieces: readonly Piece[]): string[] =>
  pieces.map(
    ({ kind, bytes, broken }) => `${kind === 'line' ? '~' : ''}${bytes.toString()}${broken === undefined ? '' : ` !${broken}`}`,
  )

const response = (...hits: readonly string[]): string =>
  `{"took":3,"timed_out":false,"_shards":{"total":2,"failed":0},"hits":{"total":{"value":9},"hits":[${hits.join(',')}]},"aggregations":{"a":{"buckets":[{"key":"\\\\\\"]}"}]}}}`

const pretty = '{\n  "a": {\n    "b": "}{"\n  }\n}'
const CUT = 'another document begins before its end'

describe('records are found by looking', () => {
  const cases: readonly [string, string, readonly string[]][] = [
    ['JSON lines', '{"a":1}\n{"b":"x\\"}"}\r\n\n{"c":[{}]}', ['{"a":1}', '{"b":"x\\"}"}', '{"c":[{}]}']],
    ['one pretty document', pretty, [pretty]],
    ['several pretty documents', `${pretty}\n${pretty}\n`, [pretty, pretty]],
    ['documents on one line', '{"a":1}{"b":2} {"c":3}', ['{"a":1}', '{"b":2}', '{"c":3}']],
    ['an array on one line', '[{"a":1},{"b":2}]', ['{"a":1}', '{"b":2}']],
    ['a pretty array', `[\n${pretty},\n${pretty}\n]\n`, [pretty, pretty]],
    ['an array of lines', '[\n{"a":1},\n{"b":2}\n]', ['{"a":1}', '{"b":2}']],
    ['an empty array, then a document', '[ ]\n{"a":1}', ['{"a":1}']],
    ['lines of text', 'one\r\n two \n\nthree', ['~one', '~two ', '~three']],
    ['text that begins like an array', '[Mon Jan 5] error\n[x', ['~[Mon Jan 5] error', '~[x']],
    ['text among documents', '{"a":1}\nplain {"not":"one"}\n{"b":2}', ['{"a":1}', '~plain {"not":"one"}', '{"b":2}']],
    ['a line cut inside a string', '{"a":"x\n{"b":2}\n', ['{"a":"x !a line feed inside a string', '{"b":2}']],
    ['a line cut outside a string', '{"a":1\n{"b":2}\n', [`{"a":1 !${CUT}`, '{"b":2}']],
    ['a file cut in a document', '{"a":1}\n{"b":', ['{"a":1}', '{"b": !the file ends inside the document']],
    ['a closing brace too many', '{"a":1}}\n{"b":2}', ['{"a":1}', '~}', '{"b":2}']],
    ['an array that is none, over lines', '[\n,', ['~[', '~,']],
    ['nothing', ' \n\n', []],
    [
      'a response of _search',
      response('{"_id":"1","_source":{"x":"]}"}}', '{"_id":"2"}'),
      ['{"_id":"1","_source":{"x":"]}"}}', '{"_id":"2"}'],
    ],
    [
      'a pretty response',
      `${JSON.stringify(JSON.parse(response('{"_id":"1"}')), undefined, 2)}\n`,
      ['{\n        "_id": "1"\n      }'],
    ],
    [
      'responses of a scroll, one a line',
      `${response('{"_id":"1"}')}\n${response('{"_id":"2"}')}\n${response()}`,
      ['{"_id":"1"}', '{"_id":"2"}'],
    ],
    ['a response, then a document', `${response('{"_id":"1"}')}{"a":1}`, ['{"_id":"1"}', '{"a":1}']],
    ['what Kibana’s inspector copies', `{"id":"F","rawResponse":${response('{"_id":"1"}')},"isPartial":false}`, ['{"_id":"1"}']],
    [
      'a document with hits of its own',
      '{"took":3,"hits":{"total":5}}\n{"hits":[1,2]}',
      ['{"took":3,"hits":{"total":5}}', '{"hits":[1,2]}'],
    ],
  ]
  let ran = 0
  test.each(cases)('%s', (_name, text, expected) => {
    ran++
    expect(show(scan([text]))).toEqual(expected)
    expect(show(scan(Array.from(Buffer.from(text), (byte) => Buffer.of(byte))))).toEqual(expected)
  })
  test('every case ran', () => expect(ran).toBe(cases.length))
})

test('a response that is not whole says so beside its hits', () => {
  const faults = (text: string): unknown => scan([text]).flatMap(({ fault }) => fault ?? [])
  expect(faults(response('{"_id":"1"}').slice(0, -10))).toEqual(['the file ends inside the response of a search'])
  expect(faults(response('{"_id":"1"}').replace('"failed":0', '"failed":1'))).toEqual([
    '1 of 2 shards failed: what they hold is not in this response',
  ])
  expect(faults(response().replace('"timed_out":false', '"timed_out":true'))).toEqual([
    'the search timed out: not all hits are in this response',
  ])
  expect(faults(response('{"_id":"1"}'))).toEqual([])
})

test('a response may be longer than any record', () => {
  const hits = Array.from({ length: 20_000 }, (_, id) => `{"_index":"logs","_id":"${id}","_source":{"message":"event ${id}"}}`)
  const text = Buffer.from(response(...hits))
  const scanner = new RecordScanner(1_000, true)
  const pieces: Piece[] = []
  for (let at = 0; at < text.length; at += 65_536) pieces.push(...scanner.push(text.subarray(at, at + 65_536)))
  expect([...pieces, ...scanner.end()].map(({ bytes }) => bytes.toString())).toEqual(hits)
})

test('what is too long is let go but for its beginning, its length is known, and the next record is whole', () => {
  for (const chunk of [1_000_000, 7777]) {
    for (const [text, next, kind] of [
      [`{"a":"${'x'.repeat(500_000)}"}`, '{"b":2}', 'document'],
      ['y'.repeat(500_000), 'next', 'line'],
      [`{"a":[${'1,'.repeat(200_000)}`, '{"b":2}', 'document'],
    ] as const) {
      const bytes = Buffer.from(`${text}\n${next}\n`)
      const chunks = Array.from({ length: Math.ceil(bytes.length / chunk) }, (_, n) => bytes.subarray(n * chunk, (n + 1) * chunk))
      const [long, after, ...rest] = scan(chunks, 100_000)
      expect(rest).toEqual([])
      expect([long?.kind, after?.bytes.toString()]).toEqual([kind, next])
      expect(Math.abs((long?.length ?? 0) - text.length)).toBeLessThanOrEqual(1)
      expect(long?.bytes.toString().startsWith(text.slice(0, 8192))).toBe(true)
    }
  }
})

test('any documents, written in any way, cut into any chunks, come back', () => {
  const document = fc.dictionary(fc.string({ unit: 'grapheme' }), fc.jsonValue({ maxDepth: 3 }))
  const layout = fc.constantFrom('lines', 'pretty', 'array', 'pretty array', 'joined')
  fc.assert(
    fc.property(fc.array(document, { maxLength: 8 }), layout, fc.array(fc.nat(200)), (documents, how, cuts) => {
      const texts = documents.map((one) => JSON.stringify(one, undefined, how === 'pretty' ? 2 : 0))
      const text =
        how === 'array'
          ? JSON.stringify(documents)
          : how === 'pretty array'
            ? JSON.stringify(documents, undefined, 2)
            : texts.join(how === 'joined' ? '' : '\n')
      const bytes = Buffer.from(text)
      const pieces = scan(cutAt(bytes, cuts))
      expect(pieces.map((piece) => JSON.parse(piece.bytes.toString()))).toEqual(
        documents.map((one) => JSON.parse(JSON.stringify(one))),
      )
      expect(pieces.every((piece) => piece.kind === 'document' && piece.broken === undefined)).toBe(true)
    }),
    { numRuns: 300 },
  )
})

test('any bytes: no throw, and the pieces hold every byte that is not white space or the frame of an array', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: fc.constantFrom('{', '}', '[', ']', '"', '\\', '\n', ' ', ',', 'a', '1', ':') }),
      fc.array(fc.nat(20)),
      (text, cuts) => {
        const bytes = Buffer.from(text)
        const whole = show(scan([bytes]))
        expect(show(scan(cutAt(bytes, cuts)))).toEqual(whole)
        const kept = (from: string): string => from.replaceAll(/[\s,[\]]/g, '')
        expect(
          kept(
            scan([bytes])
              .map((piece) => piece.bytes.toString())
              .join(''),
          ),
        ).toBe(kept(text))
      },
    ),
    { numRuns: 1000 },
  )
})
