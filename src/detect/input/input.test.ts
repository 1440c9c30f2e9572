import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync, zstdCompressSync } from 'node:zlib'
import fc from 'fast-check'
import { afterAll, describe, expect, test } from 'vitest'
import type { JsonObject } from '../../kernel/json.ts'
import type { Parser } from '../../kernel/plugin.ts'
import { writeEvtx } from '../../platform/evtx/testing/write-evtx.ts'
import { readPart, splitFile } from './read-part.ts'
import { readRecords } from './read-records.ts'
import type { LineParsers } from './text-records.ts'

const folder = mkdtempSync(join(tmpdir(), 'kanpeki-input-'))
afterAll(() => rmSync(folder, { recursive: true }))

/** Lines `word=…` are events; lines that begin with `bad` are known but unreadable. */
const wordParser: Parser = {
  id: 'word',
  accepts: (record) => /^(word|bad)/.test(record.text ?? ''),
  parse: (record) =>
    record.text!.startsWith('bad') ? { unknown: 'the word is bad' } : [{ observed: 1, ecs: { message: record.text! } }],
}

let count = 0

async function read(content: Buffer | string) {
  count += 1
  const file = join(folder, `${count}.log`)
  writeFileSync(file, content)
  const records: [number, JsonObject][] = []
  const unreadable: [number | undefined, string][] = []
  const options = { parsers: async () => ({ parsers: [wordParser] }), now: 0 }
  const totals = await readRecords(file, options, {
    record: (doc, record) => void records.push([record, doc]),
    unreadable: (line, reason) => void unreadable.push([line, reason]),
  })
  return { records, unreadable, totals }
}

const one = { a: 1 }
const two = { b: { c: '{"x": [' }, d: 'a\\"b' }
const both = [
  [1, one],
  [2, two],
]
const pretty = (value: unknown) => JSON.stringify(value, null, 2)
const lines = `${JSON.stringify(one)}\n${JSON.stringify(two)}\n`

describe('one pair of records in every way to write them', () => {
  const ways: readonly (readonly [string, Buffer | string])[] = [
    ['JSON lines', lines],
    ['without a last line end', lines.trimEnd()],
    ['CRLF', lines.replaceAll('\n', '\r\n')],
    ['blank lines', `\n\n${lines.replace('\n', '\n\n  \n')}\n\n`],
    ['a byte order mark', `\ufeff${lines}`],
    ['UTF-16 LE with a mark', Buffer.from(`\ufeff${lines}`, 'utf16le')],
    ['UTF-16 LE without', Buffer.from(lines, 'utf16le')],
    ['UTF-16 BE', Buffer.from(`\ufeff${lines}`, 'utf16le').swap16()],
    ['gzip', gzipSync(lines)],
    ['zstd', zstdCompressSync(Buffer.from(lines))],
    ['an array on one line', JSON.stringify([one, two])],
    ['a pretty-printed array', pretty([one, two])],
    ['pretty-printed documents', `${pretty(one)}\n${pretty(two)}\n`],
    ['pretty-printed without a break', `${pretty(one)}${pretty(two)}`],
    ['concatenated on one line', JSON.stringify(one) + JSON.stringify(two)],
    ['an array of lines', `[\n${JSON.stringify(one)},\n${JSON.stringify(two)}\n]\n`],
    ['lines, then a pretty-printed document', `${JSON.stringify(one)}\n${pretty(two)}\n`],
  ]
  test.each(ways)('%s', async (_name, content) => {
    const { records, unreadable } = await read(content)
    expect(unreadable).toEqual([])
    expect(records).toEqual(both)
  })
})

describe('what cannot be read', () => {
  test('a broken line is named and the others go on', async () => {
    const { records, unreadable, totals } = await read(
      `${JSON.stringify(one)}\n{"a": \n{"cut": "off\n5\n"text"\n${JSON.stringify(two)}\n`.replace('{"a": \n', '{"a" 1}\n'),
    )
    expect(records.map(([record]) => record)).toEqual([1, 6])
    expect(unreadable.map(([line]) => line)).toEqual([2, 3, 4, 5])
    expect(totals).toMatchObject({ lines: 6, records: 6 })
  })

  test('a document that is cut off does not swallow the next', async () => {
    const { records, unreadable } = await read(`{\n  "a": {\n    "b": "unclosed\n${pretty(one)}\n{\n "x": [\n`)
    expect(records).toEqual([[2, one]])
    expect(unreadable.map(([line]) => line)).toEqual([1, 7])
  })

  test('invalid UTF-8 is replaced, and the record is read', async () => {
    const { records } = await read(Buffer.concat([Buffer.from('{"a":"'), Buffer.from([0xff, 0xc0]), Buffer.from('x"}\n')]))
    expect(records).toEqual([[1, { a: '\ufffd\ufffdx' }]])
  })

  test('a line of 100 MB is counted, not held', async () => {
    const long = Buffer.alloc(100 << 20, 'x')
    const { records, unreadable } = await read(
      Buffer.concat([Buffer.from('{"a":1}\n{"b":"'), long, Buffer.from('"}\n{"c":1}\n')]),
    )
    expect(records).toEqual([
      [1, one],
      [3, { c: 1 }],
    ])
    expect(unreadable).toEqual([[2, 'the record is longer than 64 MiB']])
  })

  test.each([
    ['EVTX without a record', Buffer.from('ElfFile\0\0\0\0\0'), /no record of this Windows event log/],
    ['a zip archive', Buffer.from('PK\x03\x04aaaaaaa'), /archive/],
    ['Parquet', Buffer.from('PAR1aaaaaaa'), /Parquet/],
    ['binary', Buffer.from([1, 2, 0, 0, 0, 5, 6, 7, 8]), /binary/],
    ['a gzip that is cut off', gzipSync(Buffer.from(lines.repeat(500))).subarray(0, 60), /./],
  ])('%s is refused with a reason', async (_name, content, reason) => {
    await expect(read(content)).rejects.toMatchObject({ code: 'input-unreadable', message: expect.stringMatching(reason) })
  })

  test('of a Windows event log, what is broken is named by its place; the rest is read, in parts too', async () => {
    const template = { name: 'Event', children: [{ name: 'N', children: [{ hole: 0 }] }] }
    const chunk = (from: number) => [0, 1].map((n) => ({ template, values: [{ type: 0x04, bytes: Buffer.from([from + n]) }] }))
    const log = writeEvtx([chunk(0), chunk(2), chunk(4)])
    log.writeUInt8(0xff, 4096 + 65_536 + 600)
    for (const content of [log, gzipSync(log)]) {
      const { records, unreadable, totals } = await read(content)
      expect(records.map(([record, doc]) => [record, (doc['Event'] as JsonObject)['N']])).toEqual([
        [1, 0],
        [2, 1],
        [3, 4],
        [4, 5],
      ])
      expect(unreadable).toEqual([[undefined, expect.stringMatching(/^the chunk at byte 69632: .*the records 3 to 4$/)]])
      expect(totals.records).toBe(4)
    }
    const found: unknown[] = []
    const sink = { record: (doc: JsonObject) => void found.push((doc['Event'] as JsonObject)['N']), unreadable: () => {} }
    const file = join(folder, 'parts.evtx')
    writeFileSync(file, log)
    const bounds = [0, 4096 + 65_536, log.length]
    for (const [index, from] of bounds.slice(0, -1).entries())
      await readPart({ file, from, to: bounds[index + 1]! }, { parsers: async () => ({ parsers: [] }), now: 0 }, sink)
    expect(found).toEqual([0, 1, 4, 5])
  })

  test('a file that is not there', async () => {
    const sink = { record() {}, unreadable() {} }
    await expect(
      readRecords(join(folder, 'nothing'), { parsers: async () => ({ parsers: [] }), now: 0 }, sink),
    ).rejects.toMatchObject({
      code: 'input-unreadable',
    })
  })

  test('an empty file has no records', async () => expect(await read('')).toMatchObject({ records: [], unreadable: [] }))
})

test('lines that are joined are one record, also across what is looked at together', async () => {
  const file = join(folder, 'joined.log')
  writeFileSync(file, `${Array.from({ length: 1_500 }, (_, at) => (at % 3 === 0 ? `word ${at}` : `+${at}`)).join('\n')}\n`)
  const joinPlus: NonNullable<LineParsers['join']> = (lines, _memory, final) => {
    const heads = lines.flatMap(({ text }, at) => (text!.startsWith('+') ? [] : [at]))
    const taken = final ? lines.length : (heads.at(-1) ?? 0)
    const records = heads
      .filter((head) => head < taken)
      .map((head, at) => ({
        ...lines[head]!,
        text: lines
          .slice(head, heads[at + 1])
          .map(({ text }) => text)
          .join(''),
      }))
    return { records, taken }
  }
  const texts: unknown[] = []
  await readRecords(
    file,
    { parsers: async () => ({ parsers: [wordParser], join: joinPlus }), now: 0 },
    { record: (doc) => void texts.push(doc['message']), unreadable: () => {} },
  )
  expect(texts).toHaveLength(500)
  expect(texts[170]).toBe('word 510+511+512')
})

test('log lines go to the parsers; the ones that none knows are named', async () => {
  const { records, unreadable } = await read('word=1\nbad\nother\nword=2\n')
  expect(records).toEqual([
    [1, { message: 'word=1' }],
    [4, { message: 'word=2' }],
  ])
  expect(unreadable).toEqual([
    [2, 'the word is bad'],
    [3, 'no parser knows this format of log line'],
  ])
})

test('any documents in any layout come back as they were', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(fc.dictionary(fc.string(), fc.jsonValue(), { minKeys: 1 }), fc.constantFrom(undefined, 1, '\t')), {
        minLength: 1,
        maxLength: 6,
      }),
      async (documents) => {
        const docs = documents.map(([doc]) => JSON.parse(JSON.stringify(doc)) as JsonObject)
        const { records, unreadable } = await read(documents.map(([doc, indent]) => JSON.stringify(doc, null, indent)).join('\n'))
        expect(unreadable).toEqual([])
        expect(records.map(([, doc]) => doc)).toEqual(docs)
      },
    ),
    { numRuns: 150 },
  )
})

test('a large file of lines is cut into parts that hold each record once', async () => {
  const file = join(folder, 'large.jsonl')
  const record = (at: number) => JSON.stringify({ at, fill: 'é'.repeat(1000 + (at % 700)) })
  writeFileSync(file, Array.from({ length: 24_000 }, (_, at) => `${record(at)}\n`).join(''))
  const parts = splitFile(file, 3)
  expect(parts.length).toBeGreaterThan(1)
  const seen: number[] = []
  for (const part of parts) {
    await readPart(
      part,
      { parsers: async () => ({ parsers: [] }), now: 0 },
      { record: (doc) => void seen.push(doc['at'] as number), unreadable: (_line, reason) => expect.fail(reason) },
    )
  }
  expect(seen).toEqual(Array.from({ length: 24_000 }, (_, at) => at))
})
