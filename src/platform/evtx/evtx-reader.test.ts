import { Buffer } from 'node:buffer'
import { globSync, readFileSync } from 'node:fs'
import { crc32 } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { canonicalJson, type JsonObject, type JsonValue } from '../../kernel/json.ts'
import { sharedData } from '../../kernel/testing/shared-data.ts'
import { CHUNK_BYTES } from './chunk.ts'
import { type EvtxFinding, EvtxReader, FILE_HEADER_BYTES, isEvtx } from './evtx-reader.ts'
import { sealChunk, type WrittenElement, type WrittenInstance, type WrittenValue, writeEvtx } from './testing/write-evtx.ts'

function read(file: Uint8Array, pieces: number = file.length): { events: JsonObject[]; faults: EvtxFinding[] } {
  const events: JsonObject[] = []
  const faults: EvtxFinding[] = []
  const reader = new EvtxReader({ record: (event) => void events.push(event), fault: (fault) => void faults.push(fault) })
  for (let at = 0; at < file.length; at += pieces) reader.push(file.subarray(at, at + pieces))
  reader.end()
  return { events, faults }
}

const string = (text: string): WrittenValue => ({ type: 0x01, bytes: Buffer.from(text, 'utf16le') })
const number = (value: number): WrittenValue => {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32LE(value)
  return { type: 0x08, bytes }
}
const nothing: WrittenValue = { type: 0x00, bytes: Buffer.alloc(0) }

const numbered: WrittenElement = { name: 'Event', children: [{ name: 'N', children: [{ hole: 0 }] }] }
const records = (from: number, count: number): WrittenInstance[] =>
  Array.from({ length: count }, (_, index) => ({ template: numbered, values: [number(from + index)] }))
const numbers = (events: readonly JsonObject[]): JsonValue[] => events.map((event) => (event['Event'] as JsonObject)['N']!)
const range = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, index) => from + index)

describe('the document of a record', () => {
  const element = (name: string, ...children: NonNullable<WrittenElement['children']>): WrittenElement => ({ name, children })
  const data = (name: string, ...children: NonNullable<WrittenElement['children']>): WrittenElement => ({
    ...element('Data', ...children),
    attributes: [['Name', name]],
  })
  const inner: WrittenInstance = {
    template: element('EventData', data('A', { hole: 0 }), data('B', { hole: 1 })),
    values: [string('x '), number(7)],
  }
  const cases: readonly (readonly [string, WrittenElement, readonly WrittenValue[], JsonValue])[] = [
    ['text', element('Event', 'a'), [], 'a'],
    ['nothing', { name: 'Event' }, [], null],
    ['begun and ended', element('Event'), [], null],
    ['a value keeps its type', element('Event', { hole: 0 }), [number(5)], 5],
    [
      'text from parts',
      element('Event', 'a', { hole: 0 }, { entity: 'lt' }, { character: 0x42 }, { cdata: '&' }),
      [number(5)],
      'a5<B&',
    ],
    ['an entity that nobody knows', element('Event', { entity: 'nbsp' }), [], '&nbsp;'],
    [
      'attributes',
      {
        name: 'Event',
        attributes: [
          ['a', '1'],
          ['b', { hole: 0 }],
        ],
      },
      [number(2)],
      { '#attributes': { a: '1', b: 2 } },
    ],
    ['attributes without a value', { name: 'Event', attributes: [['a', { hole: 0, optional: true }]] }, [nothing], null],
    [
      'attributes and text',
      { ...element('Event', { hole: 0 }), attributes: [['q', '0']] },
      [number(4)],
      { '#attributes': { q: '0' }, '#text': 4 },
    ],
    ['children', element('Event', element('A', '1'), element('B')), [], { A: '1', B: null }],
    [
      'the same child again',
      element('Event', element('A', '1'), element('A', '2'), element('A', '3')),
      [],
      { A: ['1', '2', '3'] },
    ],
    ['named data', element('Event', data('x', { hole: 0 }), data('y', { hole: 1 })), [string(''), nothing], { x: '', y: null }],
    [
      'data without a name',
      element('Event', element('Data', { hole: 0 })),
      [{ type: 0x81, bytes: Buffer.from('a\0b\0', 'utf16le') }],
      { Data: ['a', 'b'] },
    ],
    ['a template within', element('Event', { hole: 0 }), [{ instance: inner }], { EventData: { A: 'x ', B: 7 } }],
    [
      'a template within a template',
      element('Event', { hole: 0 }),
      [{ instance: { template: element('UserData', { hole: 0 }), values: [{ instance: inner }] } }],
      { UserData: { EventData: { A: 'x ', B: 7 } } },
    ],
    ['an element as a value', element('Event', { hole: 0 }), [{ element: data('n', 'v') }], { n: 'v' }],
    [
      'an element whose value is missing',
      element('Event', { ...element('A', { hole: 0 }), dependency: 0 }, { ...element('B', { hole: 1 }), dependency: 1 }),
      [nothing, number(1)],
      { B: 1 },
    ],
    [
      'a name that means something to JavaScript',
      element('Event', element('__proto__', '1')),
      [],
      JSON.parse('{"__proto__":"1"}') as JsonValue,
    ],
  ]
  let ran = 0
  test.each(cases)('%s', (_name, template, values, expected) => {
    ran += 1
    // Twice: the second record points at the names and the template of the first.
    const { events, faults } = read(
      writeEvtx([
        [
          { template, values },
          { template, values },
        ],
      ]),
    )
    expect(faults).toEqual([])
    // As text, because an own `__proto__` is lost on comparing.
    expect(events.map(canonicalJson)).toEqual([canonicalJson({ Event: expected }), canonicalJson({ Event: expected })])
  })
  test('all were run', () => expect(ran).toBe(cases.length))
})

describe('what is broken is reported, and nothing else is lost', () => {
  const file = (): Buffer => writeEvtx([records(0, 3), records(3, 3), records(6, 3)])
  const chunkAt = (index: number): number => FILE_HEADER_BYTES + index * CHUNK_BYTES
  const chunk = (bytes: Buffer, index: number): Buffer => bytes.subarray(chunkAt(index), chunkAt(index + 1))

  const cases: readonly (readonly [
    string,
    ((bytes: Buffer) => Buffer) | ((bytes: Buffer) => void),
    readonly number[],
    readonly Partial<EvtxFinding>[],
  ])[] = [
    ['nothing', () => {}, range(0, 9), []],
    [
      'a bit in a record',
      (b) => flip(b, chunkAt(1) + 530),
      [0, 1, 2, 6, 7, 8],
      [
        {
          what: 'chunk',
          offset: chunkAt(1),
          reason: 'the checksum of its records is wrong; by its header it holds the records 4 to 6',
        },
      ],
    ],
    [
      "a bit in a chunk's header",
      (b) => flip(b, chunkAt(0) + 30),
      range(3, 9),
      [{ what: 'chunk', offset: chunkAt(0), reason: expect.stringContaining("the chunk's header is wrong") as string }],
    ],
    [
      'a chunk of rubbish',
      (b) => void chunk(b, 2).fill(0x41),
      range(0, 6),
      [{ what: 'chunk', offset: chunkAt(2), reason: 'no chunk begins where one must' }],
    ],
    ['a chunk never used', (b) => void chunk(b, 1).fill(0), [0, 1, 2, 6, 7, 8], []],
    [
      'the end of the file, with records',
      (b) => b.subarray(0, chunkAt(2) + 600),
      range(0, 6),
      [{ what: 'chunk', offset: chunkAt(2), reason: expect.stringContaining('ends after 600') as string }],
    ],
    ['the end of the file, without records', (b) => b.subarray(0, chunkAt(3) - 60_000), range(0, 9), []],
    [
      "the end of the file, in a chunk's header",
      (b) => b.subarray(0, chunkAt(2) + 100),
      range(0, 6),
      [{ what: 'chunk', offset: chunkAt(2) }],
    ],
    ["the file's header", (b) => flip(b, 20), range(0, 9), [{ what: 'file', offset: 0 }]],
    [
      'the version',
      (b) => {
        b.writeUInt16LE(9, 38)
        b.writeUInt32LE(crc32(b.subarray(0, 120)), 124)
      },
      range(0, 9),
      [{ what: 'file', reason: expect.stringContaining('9.1') as string }],
    ],
    [
      'the end of the file, in its header',
      (b) => b.subarray(0, 100),
      [],
      [{ what: 'file', reason: expect.stringContaining('100 bytes') as string }],
    ],
    [
      'one record, with the checksum made right',
      (b) => {
        const at = secondRecord(chunk(b, 1))
        chunk(b, 1)[at + 24] = 0x3f
        sealChunk(chunk(b, 1))
      },
      [0, 1, 2, 3, 5, 6, 7, 8],
      [{ what: 'record', reason: expect.stringContaining('record 5 cannot be read: 0x3f') as string }],
    ],
    [
      "a record's size, with the checksum made right",
      (b) => {
        chunk(b, 1).writeUInt32LE(9, secondRecord(chunk(b, 1)) + 4)
        sealChunk(chunk(b, 1))
      },
      [0, 1, 2, 3, 6, 7, 8],
      [
        {
          what: 'record',
          offset: chunkAt(1) + secondRecord(chunk(file(), 1)),
          reason: expect.stringContaining('the rest of the chunk is lost') as string,
        },
      ],
    ],
    [
      'where the records end, with the checksum made right',
      (b) => {
        chunk(b, 0).writeUInt32LE(4_000_000_000, 48)
        sealChunk(chunk(b, 0))
      },
      range(3, 9),
      [{ what: 'chunk', reason: expect.stringContaining('4000000000') as string }],
    ],
  ]
  let ran = 0
  test.each(cases)('%s', (_name, change, expected, findings) => {
    ran += 1
    const bytes = file()
    const { events, faults } = read(change(bytes) ?? bytes)
    expect(numbers(events)).toEqual(expected)
    expect(faults).toEqual(findings.map((finding) => expect.objectContaining(finding)))
  })
  test('all were run', () => expect(ran).toBe(cases.length))

  test('a log that was copied while it was written is read as far as its records are whole and in order', () => {
    const bytes = writeEvtx([records(0, 2), records(2, 4)], 1)
    const last = chunk(bytes, 1)
    // The header still says what it said after the first two records.
    last.writeUInt32LE(third(last), 48)
    expect(numbers(read(bytes).events)).toEqual(range(0, 6))
    const stale = Buffer.from(last.subarray(RECORDS_AT, third(last)))
    const behind = last.indexOf(Buffer.alloc(64), RECORDS_AT)
    // What an older use of the chunk left behind the records.
    last.set(stale, behind + 8)
    expect(numbers(read(bytes).events)).toEqual(range(0, 6))
    expect(read(bytes).faults).toEqual([])
  })
})

const RECORDS_AT = 512
function flip(bytes: Buffer, at: number): void {
  bytes.writeUInt8(bytes.readUInt8(at) ^ 1, at)
}

const secondRecord = (chunk: Buffer): number => RECORDS_AT + chunk.readUInt32LE(RECORDS_AT + 4)
const third = (chunk: Buffer): number => secondRecord(chunk) + chunk.readUInt32LE(secondRecord(chunk) + 4)

test('however the bytes come, the records are the same', () => {
  const bytes = writeEvtx([records(0, 50), records(50, 50)])
  for (const pieces of [1000, 4096, 65_537, bytes.length]) expect(numbers(read(bytes, pieces).events)).toEqual(range(0, 100))
  expect([isEvtx(bytes), isEvtx(bytes.subarray(0, 7)), isEvtx(Buffer.from('ElfChnk\0'))]).toEqual([true, false, false])
})

describe('a record that would unfold without end is a finding', () => {
  const holes = Array.from({ length: 5000 }, () => ({ hole: 0 }))
  const long = string('x'.repeat(15_000))
  test.each<[string, WrittenInstance]>([
    ['one value, five thousand times', { template: { name: 'Event', children: holes }, values: [long] }],
    [
      'templates in templates',
      [1, 2, 3, 4, 5].reduce<WrittenInstance>(
        (instance, depth) => ({ template: { name: `E${depth}`, children: holes.slice(0, 50) }, values: [{ instance }] }),
        { template: { name: 'E', children: ['x'] }, values: [] },
      ),
    ],
  ])('%s', (_name, record) => {
    const { events, faults } = read(writeEvtx([[record, ...records(0, 2)]]))
    expect(faults).toEqual([
      { what: 'record', offset: FILE_HEADER_BYTES + RECORDS_AT, reason: expect.stringContaining('it unfolds to too') as string },
    ])
    expect(numbers(events)).toEqual([0, 1])
  })

  test('deep elements', () => {
    const deep = range(0, 200).reduce<WrittenElement>((child) => ({ name: 'E', children: [child] }), { name: 'E' })
    expect(read(writeEvtx([[{ template: deep, values: [] }]])).faults).toEqual([
      expect.objectContaining({ reason: expect.stringContaining('deeper than') as string }),
    ])
  })
})

test('whatever the bytes are: no throw, and every record or chunk is read or reported', () => {
  const mixed: WrittenElement = {
    name: 'Event',
    attributes: [['xmlns', 'urn:x']],
    children: [
      { name: 'System', children: [{ hole: 0 }, { entity: 'amp' }, { cdata: 'c' }] },
      { hole: 1 },
      { name: 'Data', attributes: [['Name', { hole: 2 }]], children: [{ hole: 3 }] },
    ],
  }
  const nested: WrittenInstance = { template: numbered, values: [number(1)] }
  const original = writeEvtx([
    range(0, 5).map(() => ({
      template: mixed,
      values: [
        string('text'),
        { instance: nested },
        string('n'),
        { type: 0x93, bytes: Buffer.from('010100000000000512000000', 'hex') },
      ],
    })),
  ])
  const used = original.subarray(FILE_HEADER_BYTES).readUInt32LE(48)
  let reads = 0
  let reported = 0
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.nat(used - 1), fc.integer({ min: 0, max: 255 })), { minLength: 1, maxLength: 12 }),
      fc.boolean(),
      fc.integer({ min: 0, max: original.length }),
      (changes, live, cut) => {
        const bytes = Buffer.from(original)
        for (const [at, value] of changes) bytes[FILE_HEADER_BYTES + at] = value
        bytes[120] = live ? 1 : 0
        // With its checksums made right, the change reaches the records.
        sealChunk(bytes.subarray(FILE_HEADER_BYTES))
        const { events, faults } = read(cut % 5 === 0 ? bytes.subarray(0, cut) : bytes)
        reads += events.length
        reported += faults.length
        expect(JSON.stringify(events).length).toBeLessThan(9_000_000)
      },
    ),
    { numRuns: 2000 },
  )
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 20_000 }), (bytes) => void read(bytes)),
    { numRuns: 200 },
  )
  expect(reads).toBeGreaterThan(1000)
  expect(reported).toBeGreaterThan(1000)
})

const regression = sharedData('sigma/regression')
test.skipIf(regression === undefined)(
  'every recording of SigmaHQ is what stands beside it as JSON (skipped without ../shared/data)',
  () => {
    let equal = 0
    const paths = globSync(`${regression}/**/*.evtx`)
    for (const path of paths) {
      const { events, faults } = read(readFileSync(path))
      expect(faults).toEqual([])
      const beside = documents(readFileSync(path.replace(/\.evtx$/, '.json'), 'utf8'))
      expect(events.map(withoutTrailingSpace)).toEqual(beside.map(withoutTrailingSpace))
      equal += events.length
    }
    process.stdout.write(`${equal} records of ${paths.length} recordings are equal to their JSON\n`)
    expect(paths.length).toBeGreaterThanOrEqual(106)
    expect(equal).toBeGreaterThanOrEqual(118)
  },
)

/** Pretty-printed documents in a row: each ends with a brace in the first column. */
function documents(text: string): JsonValue[] {
  return text
    .split(/(?<=^\})\s*$/m)
    .filter((part) => part.trim() !== '')
    .map((part) => JSON.parse(part) as JsonValue)
}

/** The recordings' JSON was written by a program that cuts white space off the end of values; the log itself keeps it, and so do we. */
function withoutTrailingSpace(value: JsonValue): JsonValue {
  return JSON.parse(JSON.stringify(value), (_key, member: JsonValue) =>
    typeof member === 'string' ? member.trimEnd() : member,
  ) as JsonValue
}
