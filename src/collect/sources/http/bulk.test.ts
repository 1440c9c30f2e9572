import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { countOutcomes, imbalance } from '../../counts.ts'
import { BODY_LIMITS, bodyIdentity, type IngestBody } from './body.ts'
import { splitBulk } from './bulk.ts'
import { replyTo } from './formats.ts'
import { splitLines } from './lines.ts'

function input(body: string | Buffer, more: Partial<IngestBody> = {}): IngestBody {
  const bytes = Buffer.from(body)
  return {
    source: 'http:test',
    scope: 'default',
    tokenId: 't1',
    format: 'bulk',
    index: undefined,
    body: bytes,
    digest: createHash('sha256').update(bytes).digest('hex'),
    origin: '192.0.2.1',
    received: 0,
    ...more,
  }
}

interface Case {
  readonly name: string
  readonly body: string | Buffer
  /** A word a record: its message, or what its reason begins with. */
  readonly records: readonly string[]
  readonly errors: readonly (string | null)[]
}

const nested = `${'{"a":'.repeat(80)}1${'}'.repeat(80)}`

const CASES: readonly Case[] = [
  { name: 'create without index and id', body: '{"create":{}}\n{"message":"a"}\n', records: ['a'], errors: [null] },
  {
    name: 'index with index and id',
    body: '{"index":{"_index":"x","_id":"7"}}\n{"message":"a"}\n',
    records: ['a'],
    errors: [null],
  },
  { name: 'no newline at the end', body: '{"create":{}}\n{"message":"a"}', records: ['a'], errors: [null] },
  { name: 'CRLF and blank lines', body: '\n{"create":{}}\r\n\r\n{"message":"a"}\r\n \n', records: ['a'], errors: [null] },
  {
    name: 'keys beside the action',
    body: '{"attempts":0,"create":{"_type":"_doc"}}\n{"message":"a"}\n',
    records: ['a'],
    errors: [null],
  },
  {
    name: 'update and delete are refused, each for itself',
    body: '{"update":{"_id":"1"}}\n{"doc":{}}\n{"delete":{"_id":"1"}}\n{"create":{}}\n{"message":"a"}\n',
    records: ['a'],
    errors: ['never changed', 'never deleted', null],
  },
  {
    name: 'a broken document disturbs no other',
    body: '{"create":{}}\n{"message":\n{"create":{}}\n{"message":"b"}\n',
    records: ['broken JSON', 'b'],
    errors: ['broken JSON', null],
  },
  {
    name: 'after a broken action the next action resumes',
    body: '{"create":\n{"message":"a"}\n{"create":{}}\n{"message":"b"}\n',
    records: ['not an action', 'not an action', 'b'],
    errors: ['not an action', 'not an action', null],
  },
  {
    name: 'a document that is an array',
    body: '{"create":{}}\n[1]\n',
    records: ['not a JSON object'],
    errors: ['not a JSON object'],
  },
  { name: 'an action at the end', body: '{"create":{}}\n', records: ['the request ends'], errors: ['the request ends'] },
  { name: 'an empty id', body: '{"create":{"_id":""}}\n{"message":"a"}\n', records: ['_id must be'], errors: ['_id must be'] },
  {
    name: 'an id that is too long',
    body: `{"create":{"_id":"${'i'.repeat(513)}"}}\n{}\n`,
    records: ['_id is longer'],
    errors: ['_id is longer'],
  },
  {
    name: 'an id with half a character, which would be kept as another id',
    body: '{"create":{"_id":"a\\ud800b"}}\n{}\n',
    records: ['half a character'],
    errors: ['half a character'],
  },
  {
    name: 'invalid UTF-8',
    body: Buffer.concat([
      Buffer.from('{"create":{}}\n{"message":"a\xff"}\n', 'latin1'),
      Buffer.from('{"create":{}}\n{"message":"日本"}\n'),
    ]),
    records: ['invalid UTF-8', '日本'],
    errors: ['invalid UTF-8', null],
  },
  { name: 'nesting without end', body: `{"create":{}}\n${nested}\n`, records: ['nested deeper'], errors: ['nested deeper'] },
  {
    name: 'a line that is too long',
    body: `{"create":{}}\n{"message":"${'x'.repeat(1_100_000)}"}\n{"create":{}}\n{"message":"b"}\n`,
    records: ['too long: 1100014 bytes', 'b'],
    errors: ['too long', null],
  },
  { name: 'nothing', body: '\n\n', records: [], errors: [] },
]

describe('a bulk body', () => {
  let ran = 0
  for (const { name, body, records, errors } of CASES) {
    test(name, () => {
      ran++
      const split = splitBulk(input(body))
      const words = split.records.map((record) => record.unreadable ?? record.json?.['message'])
      expect(words).toEqual(records.map((word) => expect.stringContaining(word)))
      expect(split.items.map((item) => item.error?.reason ?? null)).toEqual(
        errors.map((e) => (e === null ? null : expect.stringContaining(e))),
      )
      expect(split.items.length).toBe(split.records.length + split.refused)
      const later = splitBulk(input(body), BODY_LIMITS, true)
      expect(later.records.map((record) => record.later?.() ?? record)).toEqual(split.records)
      expect(later).toMatchObject({ items: split.items, refused: split.refused })
    })
  }
  test('every case ran', () => expect(ran).toBe(17))
})

test('a line that is too long is kept by its beginning', () => {
  const [record] = splitBulk(input(`{"create":{}}\n{"message":"${'x'.repeat(1_100_000)}"}`)).records
  expect(record?.text).toHaveLength(8192)
})

test('a 100 MB line among others costs no other', () => {
  const split = splitBulk(
    input(
      Buffer.concat([
        Buffer.from('{"create":{}}\n{"n":1}\n{"create":{}}\n'),
        Buffer.alloc(100_000_000, 0x61),
        Buffer.from('\n{"create":{}}\n{"n":2}'),
      ]),
    ),
  )
  expect(split.records.map((record) => record.unreadable ?? record.json)).toEqual([
    { n: 1 },
    expect.stringContaining('100000000 bytes'),
    { n: 2 },
  ])
})

test('ids: the client’s own within scope and index, else token, body and position', () => {
  const two = '{"create":{}}\n{"a":1}\n{"create":{}}\n{"a":1}\n'
  const ids = (body: IngestBody): string[] => splitBulk(body).records.map((record) => record.id)
  const first = ids(input(two))
  expect(new Set(first).size).toBe(2)
  expect(ids(input(two))).toEqual(first)
  expect(ids(input(two, { tokenId: 't2' }))).not.toEqual(first)
  expect(ids(input(two, { index: 'x' }))).not.toEqual(first)
  expect(ids(input(`${two}\n`))).not.toEqual(first)
  expect(first.every((id, at) => id === `${bodyIdentity(input(two))}-${at}`)).toBe(true)
  expect(ids(input('{"create":{"_id":"7"}}\n{}'))).toEqual(['default/kanpeki/7'])
  expect(ids(input('{"create":{"_index":"x","_id":7}}\n{}', { scope: 's' }))).toEqual(['s/x/7'])
})

test('the reply has Elasticsearch’s shape, and the words Fluent Bit looks for', () => {
  const split = splitBulk(input('{"create":{"_index":"日"}}\n{"a":1}\n{"index":{"_id":"7"}}\n{"a":1}\n'))
  const outcomes = ['parsed', 'repeated'] as const
  const reply = replyTo(split, { outcomes, counts: countOutcomes(outcomes), tookMs: 3.4, sequence: 9 })
  const text = Buffer.from(reply.body).toString()
  expect(text).toContain('"errors":false,"items":[')
  const tail = { _version: 1, _shards: { total: 1, successful: 1, failed: 0 }, _seq_no: 9, _primary_term: 1 }
  expect(JSON.parse(text)).toEqual({
    took: 3,
    errors: false,
    items: [
      { create: { _index: '日', _id: split.records[0]?.id, ...tail, result: 'created', status: 201 } },
      { index: { _index: 'kanpeki', _id: '7', ...tail, result: 'noop', status: 200 } },
    ],
  })
})

test('more items than allowed are refused as a whole', () => {
  const body = '{"create":{}}\n{}\n'.repeat(4)
  const limits = { maxLineBytes: 1000, maxRecords: 3 }
  expect(() => splitBulk(input(body), limits)).toThrow(expect.objectContaining({ code: 'too_many_records' }))
  expect(() => splitLines(input('a\n'.repeat(4)), limits)).toThrow(expect.objectContaining({ code: 'too_many_records' }))
})

test('any bytes: no throw, items add up, the reply is JSON with one answer an item', () => {
  const line = fc.oneof(
    fc.constantFrom(
      '{"create":{}}',
      '{"index":{"_id":"1"}}',
      '{"delete":{"_id":"1"}}',
      '{"update":{}}',
      '{"message":"a"}',
      '',
      '{',
      '[]',
      'null',
    ),
    fc.json(),
    fc.string({ unit: 'binary' }),
  )
  fc.assert(
    fc.property(fc.array(line, { maxLength: 30 }), fc.uint8Array({ maxLength: 20 }), (lines, noise) => {
      const split = splitBulk(input(Buffer.concat([Buffer.from(lines.join('\n')), noise])))
      expect(split.items.length).toBe(split.records.length + split.refused)
      const outcomes = split.records.map((record) => (record.unreadable === undefined ? 'parsed' : 'unknown'))
      const counts = countOutcomes(outcomes, { dropped: split.refused })
      expect(imbalance(counts)).toBeUndefined()
      const reply = JSON.parse(Buffer.from(replyTo(split, { outcomes, counts, tookMs: 0, sequence: 1 }).body).toString()) as {
        items: unknown[]
      }
      expect(reply.items.length).toBe(split.items.length)
    }),
    { numRuns: 300 },
  )
})

test('lines: documents, texts and what is broken', () => {
  const split = splitLines(input('{"a":1}\nplain text\n{"a":\n\n', { format: 'lines' }))
  expect(split.records.map((record) => record.unreadable ?? record.text ?? record.json)).toEqual([
    { a: 1 },
    'plain text',
    expect.stringContaining('broken JSON'),
  ])
  expect(split.records.every((record) => record.origin === '192.0.2.1')).toBe(true)
})

test('lines that belong together are one record, and a journal export is its entries', () => {
  const audit = ['SYSCALL', 'PATH'].map((type) => `type=${type} msg=audit(1768474800.125:1): a=1`).join('\n')
  const split = splitLines(input(`${audit}\nafter\n2026-01-15 20:00:00.000 UTC [1] LOG:  select\n\t1\n`, { format: 'lines' }))
  expect(split.records.map(({ text }) => text)).toEqual([audit, 'after', '2026-01-15 20:00:00.000 UTC [1] LOG:  select\n\t1'])
  const journal = splitLines(input('__CURSOR=s=1\nMESSAGE=one\n\n__CURSOR=s=2\nMESSAGE=two\n\n', { format: 'lines' }))
  expect(journal.records.map(({ json }) => json?.['MESSAGE'])).toEqual(['one', 'two'])
})
