import { createHash } from 'node:crypto'
import { createRequire } from 'node:module'
import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { getPath, type JsonObject } from '../../../kernel/json.ts'
import { countOutcomes, imbalance } from '../../counts.ts'
import { parseRecord } from '../../normalise/parse-record.ts'
import { encodeFields } from '../../protobuf.ts'
import { BODY_FORMATS, type BodyFormat, type IngestBody, type IngestReply, type SplitBody } from './body.ts'
import { replyTo, splitBody } from './formats.ts'
import { readLabels } from './loki/labels.ts'

const { compress } = createRequire(import.meta.url)('snappyjs') as { readonly compress: (bytes: Buffer) => Buffer }

function input(format: BodyFormat, body: string | Uint8Array, more: Partial<IngestBody> = {}): IngestBody {
  const bytes = Buffer.from(body as string)
  return {
    source: 'http:test',
    scope: 'default',
    tokenId: 't1',
    format,
    index: undefined,
    body: bytes,
    digest: createHash('sha256').update(bytes).digest('hex'),
    origin: '192.0.2.1',
    received: 1_767_323_045_678,
    ...more,
  }
}

function answer(split: SplitBody): IngestReply {
  const outcomes = split.records.map((record) => (record.unreadable === undefined ? 'parsed' : 'unknown'))
  const counts = countOutcomes(outcomes, { gaps: split.gaps ?? 0, dropped: split.refused })
  expect(imbalance(counts)).toBeUndefined()
  return replyTo(split, { outcomes, counts, tookMs: 1, sequence: 1 })
}

const text = (reply: IngestReply): string => Buffer.from(reply.body).toString()

/** The documents as the writer makes them; an unreadable record is its reason. */
function read(split: SplitBody): (JsonObject | string)[] {
  return split.records.map((record) => {
    if (record.unreadable !== undefined) return record.unreadable
    const parsed = parseRecord(record, { received: 0, zoneMinutes: 0, prefer: [] })
    if ('unknown' in parsed) return parsed.unknown
    const { ecs, observed } = parsed.events[0]!
    return observed === undefined ? ecs : { ...ecs, '@timestamp': new Date(observed).toISOString() }
  })
}

function expectFields(doc: JsonObject | string | undefined, fields: JsonObject): void {
  expect(typeof doc).toBe('object')
  expect(Object.fromEntries(Object.keys(fields).map((name) => [name, getPath(doc as JsonObject, name)]))).toEqual(fields)
}

describe('Splunk’s event collector', () => {
  const cases: readonly (readonly [name: string, body: string, records: readonly string[], status: number, code: number])[] = [
    ['one event', '{"event":"a"}', ['a'], 200, 0],
    ['several without anything between', '{"event":"a"}{"event":"b"}', ['a', 'b'], 200, 0],
    ['several by lines', '{"event":"a"}\r\n\n{"event":"b"}\n', ['a', 'b'], 200, 0],
    ['a list', '[{"event":"a"},{"event":"b"}]', ['a', 'b'], 200, 0],
    ['an object with a message', '{"event":{"message":"a","severity":"info"}}', ['a'], 200, 0],
    ['a number', '{"event":7}', ['7'], 200, 0],
    ['a document as text', '{"event":"{\\"message\\":\\"a\\"}"}', ['a'], 200, 0],
    ['nothing', '', [], 400, 5],
    ['no event', '{"event":"a"}{"host":"x"}', ['a', 'Event field is required'], 400, 12],
    ['a blank event', '{"event":""}', ['Event field cannot be blank'], 400, 13],
    ['a broken one among others', '{"event":"a"}\n{"event":\n{"event":"b"}', ['a', 'another document begins', 'b'], 400, 6],
    ['no JSON', 'hello', ['not a JSON object'], 400, 6],
  ]
  test.each(cases)('%s', (_name, body, records, status, code) => {
    const split = splitBody(input('hec', body))
    const words = read(split).map((doc) => (typeof doc === 'string' ? doc : doc['message']))
    expect(words).toEqual(records.map((word) => expect.stringContaining(word)))
    const reply = answer(split)
    expect([reply.status, (JSON.parse(text(reply)) as { code: number }).code]).toEqual([status, code])
  })

  test('its words in ECS; those of the query hold where the event says nothing', () => {
    const body = '{"time":"1767323045.678","host":"h","fields":{"env":"prod"},"event":"a"}{"event":"b","sourcetype":"own"}'
    const words = { host: 'q', source: 'C:\\app.log', sourcetype: 'st', index: 'i' }
    const [a, b] = read(splitBody(input('hec', body, { words })))
    expectFields(a, {
      '@timestamp': '2026-01-02T03:04:05.678Z',
      'host.name': 'h',
      'labels.env': 'prod',
      'event.dataset': 'st',
      'log.file.path': 'C:\\app.log',
    })
    expectFields(b, { 'host.name': 'q', 'splunk.sourcetype': 'own', 'splunk.index': 'i' })
  })

  test('raw lines, read by the parsers of their kind', () => {
    const line = '192.0.2.5 - - [02/Jan/2026:03:04:05 +0000] "GET /admin HTTP/1.1" 404 10 "-" "curl/8"'
    const split = splitBody(input('hec-raw', `plain\n${line}\n`, { words: { host: 'web1' } }))
    const [plain, access] = read(split)
    expectFields(plain, { message: 'plain', 'host.name': 'web1' })
    expectFields(access, { 'source.ip': '192.0.2.5', 'http.response.status_code': 404, 'host.name': 'web1' })
    expect(answer(split).status).toBe(200)
  })
})

const any = (value: string): Buffer => encodeFields([[1, value]])
const pair = (key: string, value: string): Buffer =>
  encodeFields([
    [1, key],
    [2, any(value)],
  ])
const record = (...fields: Parameters<typeof encodeFields>[0]): Buffer => encodeFields(fields)
const request = (...records: Buffer[]): Buffer =>
  encodeFields([
    [
      1,
      encodeFields([
        ...records.map((one) => [2, encodeFields([[2, one]])] as const),
        [1, encodeFields([[1, pair('host.name', 'h')]])],
      ]),
    ],
  ])

describe('OTLP', () => {
  test('both encodings, told apart by looking', () => {
    const json =
      '\n{ "resourceLogs":[{"resource":{"attributes":[{"key":"host.name","value":{"stringValue":"h"}}]},"scopeLogs":[{"logRecords":[{"body":{"stringValue":"a"}}]}]}]}'
    for (const body of [Buffer.from(json), request(record([5, any('a')]))]) {
      const split = splitBody(input('otlp', body))
      expectFields(read(split)[0], { message: 'a', 'host.name': 'h' })
      expect(split.protobuf).toBe(body[0] === 0x0a && body[1] !== 0x7b)
    }
    // A message whose first length is "{": 123 bytes.
    const tricky = request(record([5, any('x'.repeat(95))]))
    expect(tricky.subarray(0, 2).toString()).toBe('\n{')
    expect(splitBody(input('otlp', tricky)).protobuf).toBe(true)
  })

  test('what attributes say, by rank; names of whole field sets do no harm', () => {
    const one = record(
      [5, encodeFields([[6, encodeFields([[1, pair('message', 'mapped')]])]])],
      [6, pair('host.name', 'own')],
      [6, pair('event', 'bare')],
      [6, pair('exception.type', 'E')],
      [2, 9],
      [9, Buffer.from('0102030405060708090a0b0c0d0e0f10', 'hex')],
    )
    const [doc] = read(splitBody(input('otlp', request(one))))
    expectFields(doc, {
      message: 'mapped',
      'host.name': 'own',
      'otel.resource.host.name': 'h',
      'otel.attributes.event': 'bare',
      'error.type': 'E',
      'log.level': 'info',
      'trace.id': '0102030405060708090a0b0c0d0e0f10',
    })
  })

  test('a broken record is a partial success, a broken request a status; all is kept', () => {
    const partly = splitBody(input('otlp', request(record([5, any('a')]), Buffer.from('ff', 'hex'))))
    expect(read(partly)).toEqual([expect.any(Object), expect.stringContaining('not a log record')])
    const reply = answer(partly)
    expect([reply.status, reply.type, text(reply)]).toEqual([
      200,
      'application/x-protobuf',
      expect.stringContaining('not a log record'),
    ])
    const json = splitBody(input('otlp', '{"resourceLogs":[{"scopeLogs":[{"logRecords":[1,{"body":{"stringValue":"a"}}]}]}]}'))
    expect(JSON.parse(text(answer(json)))).toEqual({
      partialSuccess: { rejectedLogRecords: '1', errorMessage: 'not a log record' },
    })
    for (const body of ['{"broken', '{"a":1}', Buffer.from('0aff', 'hex'), 'hello']) {
      const split = splitBody(input('otlp', body))
      expect([split.records.length, answer(split).status]).toEqual([1, 400])
    }
    for (const body of ['', '{}', '{"resourceLogs":[]}']) {
      const split = splitBody(input('otlp', body))
      expect([split.records.length, answer(split).status]).toEqual([0, 200])
    }
  })

  test('values without end are refused', () => {
    let value = any('x')
    for (let depth = 0; depth < 60; depth++) value = encodeFields([[5, encodeFields([[1, value]])]])
    expect(read(splitBody(input('otlp', request(record([5, value])))))).toEqual([expect.stringContaining('nested deeper')])
  })
})

describe('Loki', () => {
  const entry = (seconds: number, nanos: number, line: string): Buffer =>
    encodeFields([
      [
        1,
        encodeFields([
          [1, seconds],
          [2, nanos],
        ]),
      ],
      [2, line],
      [
        3,
        encodeFields([
          [1, 'trace'],
          [2, 't1'],
        ]),
      ],
    ])
  const push = encodeFields([
    [
      1,
      encodeFields([
        [1, '{app="shop", path="C:\\\\x", level="warn"}'],
        [2, entry(1767323045, 678901234, 'a')],
        [2, entry(1767323045, 678901234, '{"message":"b"}')],
      ]),
    ],
  ])

  test('JSON and snappy protobuf say the same', () => {
    const json = JSON.stringify({
      streams: [
        {
          stream: { app: 'shop', path: 'C:\\x', level: 'warn' },
          values: [
            ['1767323045678901234', 'a', { trace: 't1' }],
            ['1767323045678901234', '{"message":"b"}', { trace: 't1' }],
          ],
        },
      ],
    })
    const [fromJson, fromProtobuf] = [Buffer.from(json), Buffer.from(compress(push))].map((body) => {
      const split = splitBody(input('loki', body))
      expect([answer(split).status, split.records.length]).toEqual([204, 2])
      return read(split)
    })
    expect(fromProtobuf).toEqual(fromJson)
    expectFields(fromJson![1], {
      '@timestamp': '2026-01-02T03:04:05.678Z',
      message: 'b',
      'service.name': 'shop',
      'log.level': 'warn',
      'labels.path': 'C:\\x',
      'labels.trace': 't1',
    })
  })

  test('labels that cannot be read cost their own stream only, and a time that is none stays', () => {
    const odd = encodeFields([
      [1, '{app=shop}'],
      [2, entry(1767323045, 0, 'c')],
    ])
    const split = splitBody(input('loki', compress(Buffer.concat([encodeFields([[1, odd]]), push]))))
    expect(answer(split).status).toBe(400)
    expect(split.records.map(({ unreadable, text }) => unreadable && text)).toEqual(['c', undefined, undefined])
    const [doc] = read(splitBody(input('loki', '{"streams":[{"stream":{},"values":[["yesterday","x"]]}]}')))
    expectFields(doc, { message: 'x', 'loki.time': 'yesterday' })
  })

  test('what is none is a 400 and an unknown', () => {
    for (const body of ['{}', '{"streams":[{"stream":{}}]}', '{"streams":[{"stream":{},"values":[["1"]]}]}', 'hello', '{"b'])
      expect([body, answer(splitBody(input('loki', body))).status]).toEqual([body, 400])
    expect(readLabels('{a="b", c=`d`}')).toEqual({ a: 'b', c: 'd' })
    expect(readLabels('{x="a\\"b\\n\\u00e9"}')).toEqual({ x: 'a"b\né' })
    for (const broken of ['', 'a="b"', '{a=b}', '{a="b" c="d"}', '{="x"}']) expect(() => readLabels(broken)).toThrow(RangeError)
  })
})

test('an event that is too long is cut, kept and told, in every format that wraps events', () => {
  const long = 'x'.repeat(1_100_000)
  const bodies: readonly (readonly [BodyFormat, string])[] = [
    ['hec', JSON.stringify({ event: long })],
    ['hec-raw', long],
    ['otlp', JSON.stringify({ resourceLogs: [{ scopeLogs: [{ logRecords: [{ body: { stringValue: long } }] }] }] })],
    ['loki', JSON.stringify({ streams: [{ stream: {}, values: [['1', long]] }] })],
    ['generic', JSON.stringify({ long })],
    ['falco', JSON.stringify({ rule: 'r', output: long })],
    ['alertmanager', JSON.stringify({ alerts: [{ annotations: { summary: long } }] })],
    ['k8s-audit', JSON.stringify({ items: [{ long }] })],
    ['sns', JSON.stringify({ Type: 'Notification', MessageId: 'm', TopicArn: 'a', Message: long })],
    ['firehose', JSON.stringify({ requestId: 'r', records: [{ data: Buffer.from(long).toString('base64') }] })],
  ]
  for (const [format, body] of bodies) {
    const { records } = splitBody(input(format, body))
    expect([format, records.map(({ unreadable }) => unreadable)]).toEqual([format, [expect.stringContaining('too long')]])
    expect(records[0]!.text!.length).toBeLessThan(10_000)
  }
})

test('more events than allowed are refused as a whole', () => {
  const limits = { maxLineBytes: 1000, maxRecords: 2 }
  expect(() => splitBody(input('hec', '{"event":"a"}'.repeat(3)), limits)).toThrow(
    expect.objectContaining({ code: 'too_many_records' }),
  )
})

test('any bytes in any format: no throw, every record identified, the reply is made', () => {
  const snippet = fc.constantFrom(
    '{"event":"a"}',
    '{"streams":[',
    '[1,2',
    '{"records":[{"data":"H4sI"}]}',
    '{"alerts":[{}]}',
    '{"items":[1]}',
  )
  const body = fc.oneof(
    fc.uint8Array({ maxLength: 80 }).map((bytes) => Buffer.from(bytes)),
    fc.json().map((json) => Buffer.from(json)),
    fc.array(fc.oneof(snippet, fc.string({ unit: 'binary' })), { maxLength: 6 }).map((parts) => Buffer.from(parts.join(''))),
    fc.uint8Array({ maxLength: 60 }).map((bytes) => Buffer.from(compress(Buffer.from(bytes)))),
    fc.uint8Array({ maxLength: 60 }).map((bytes) => encodeFields([[1, bytes]])),
  )
  let ran = 0
  fc.assert(
    fc.property(fc.constantFrom(...BODY_FORMATS), body, (format, bytes) => {
      ran++
      const split = splitBody(
        input(format, bytes, format === 'generic' ? { mapping: { fields: { message: 'a.0' }, constants: {} } } : {}),
      )
      expect(new Set(split.records.map(({ id }) => id)).size).toBe(split.records.length)
      read(split)
      expect(answer(split).status).toBeGreaterThanOrEqual(200)
    }),
    { numRuns: 3000 },
  )
  expect(ran).toBeGreaterThanOrEqual(3000)
})

test('a program or person called host is one to Falco; a container of that name is the host', () => {
  const fields = {
    'proc.name': 'host',
    'user.name': 'host',
    'container.id': 'host',
    'container.name': 'host',
    'proc.pname': '<NA>',
  }
  const [doc] = read(splitBody(input('falco', JSON.stringify({ rule: 'r', output: 'o', output_fields: fields }))))
  expectFields(doc, { 'process.name': 'host', 'user.name': 'host' })
  for (const none of ['container', 'process.parent.name']) expect(getPath(doc as JsonObject, none)).toBeUndefined()
})

test('a line of Firehose that is too long to hold says so, also where nothing ends it', () => {
  for (const end of ['', '\n']) {
    const data = gzipSync(`${'a'.repeat(9 * 1024 * 1024)}${end}`).toString('base64')
    const { records } = splitBody(input('firehose', JSON.stringify({ requestId: 'r', records: [{ data }] })))
    expect(records.map(({ unreadable }) => unreadable?.slice(0, 24))).toEqual(['too long: 9437184 bytes '])
  }
})

test('an object where a text or a number belongs stops nothing, whatever members it has', () => {
  const odd = { toString: 1, valueOf: 1 }
  const alert = { labels: { alertname: odd }, annotations: { summary: odd } }
  const record = { severityNumber: odd, droppedAttributesCount: odd, timeUnixNano: odd, body: { stringValue: 'x' } }
  for (const [format, body] of [
    ['alertmanager', { alerts: [alert] }],
    ['otlp', { resourceLogs: [{ scopeLogs: [{ logRecords: [record] }] }] }],
  ] as const) {
    const split = splitBody(input(format, JSON.stringify(body)))
    expect([answer(split).status, split.records.map(({ unreadable }) => unreadable)]).toEqual([200, [undefined]])
  }
})
