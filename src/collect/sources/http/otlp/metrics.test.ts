import fc from 'fast-check'
import { expect, it } from 'vitest'
import { encodeFields } from '../../../protobuf.ts'
import { metricsReply, readMetrics } from './metrics.ts'

const NOW = 1_795_305_600_000
const at = String(BigInt(NOW) * 1_000_000n)
const request = (metrics: readonly object[], attributes: readonly object[] = []) =>
  Buffer.from(JSON.stringify({ resourceMetrics: [{ resource: { attributes }, scopeMetrics: [{ metrics }] }] }))
const point = { timeUnixNano: at, asDouble: 12.5 }

const cases: readonly (readonly [what: string, body: Buffer, points: readonly object[], others: number])[] = [
  [
    'a gauge',
    request([{ name: 'm', unit: 's', gauge: { dataPoints: [point] } }]),
    [{ metric: 'm', unit: 's', value: 12.5, at: NOW }],
    0,
  ],
  [
    'an integer as text',
    request([{ name: 'm', sum: { dataPoints: [{ asInt: '-7' }] } }]),
    [{ value: -7, unit: '', at: null }],
    0,
  ],
  [
    'an integer as a number',
    request([{ name: 'm', sum: { dataPoints: [{ asInt: 3, timeUnixNano: 5 }] } }]),
    [{ value: 3, at: 0 }],
    0,
  ],
  [
    'attributes of the point before those of the resource',
    request(
      [{ name: 'm', gauge: { dataPoints: [{ ...point, attributes: [{ key: 'host', value: { stringValue: 'b' } }] }] } }],
      [
        { key: 'host', value: { stringValue: 'a' } },
        { key: 'n', value: { intValue: '4' } },
      ],
    ),
    [{ attributes: { host: 'b', n: '4' } }],
    0,
  ],
  ['a point that says it has no value', request([{ name: 'm', gauge: { dataPoints: [{ ...point, flags: 1 }] } }]), [], 1],
  ['no number', request([{ name: 'm', gauge: { dataPoints: [{ asDouble: 'NaN' }, {}, 3] } }]), [], 3],
  ['a histogram', request([{ name: 'm', histogram: { dataPoints: [{ count: '2', sum: 3 }] } }]), [], 1],
  ['nothing', Buffer.from('{}'), [], 0],
  ['an empty message', Buffer.alloc(0), [], 0],
]

it.each(cases)('reads %s', (_, body, points, others) => {
  expect(readMetrics(body)).toMatchObject({ points, others })
})

it('says what is no request, and never throws', () => {
  expect(cases).toHaveLength(9)
  for (const text of ['[1]', '{"resourceMetrics":3}', '{"a":', 'hello'])
    expect(readMetrics(Buffer.from(text)), text).toBeTypeOf('string')
  expect(readMetrics(encodeFields([[1, Buffer.from([0xff])]]))).toBeTypeOf('string')
  let read = 0
  fc.assert(
    fc.property(
      fc.oneof(
        fc.uint8Array(),
        fc.json().map((text) => Buffer.from(text)),
      ),
      (bytes) => {
        readMetrics(bytes)
        read += 1
      },
    ),
    { numRuns: 300 },
  )
  expect(read).toBe(300)
})

it('answers in the encoding of the request', () => {
  expect(JSON.parse(String(metricsReply({ taken: 1, rejected: 0, message: undefined }, false).body))).toEqual({})
  expect(JSON.parse(String(metricsReply({ taken: 0, rejected: 2, message: 'no' }, false).body))).toEqual({
    partialSuccess: { rejectedDataPoints: '2', errorMessage: 'no' },
  })
  expect(metricsReply({ taken: 1, rejected: 0, message: undefined }, true).body).toHaveLength(0)
  expect([...metricsReply({ taken: 1, rejected: 2, message: 'no' }, true).body]).toEqual([10, 6, 8, 2, 18, 2, 110, 111])
})
