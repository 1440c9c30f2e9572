import { createSocket } from 'node:dgram'
import { connect } from 'node:net'
import { deflateSync, gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { canSeeTimers, keptAlive } from '../../../platform/testing/kept-alive.ts'
import { Mailbox } from '../../mailbox.ts'
import { ChunkStore } from './chunks.ts'
import { NulFramer } from './framing.ts'
import { gelfDocument, gelfRecord } from './message.ts'
import { gelfConfig } from './schema.ts'
import { listenTcp } from './tcp.ts'
import { listenUdp } from './udp.ts'

const chunk = (id: string, place: number, count: number, part: string | Buffer): Buffer =>
  Buffer.concat([
    Buffer.from([0x1e, 0x0f]),
    Buffer.from(id.padEnd(8).slice(0, 8)),
    Buffer.from([place, count]),
    Buffer.from(part),
  ])

function store(more: Partial<{ timeoutMs: number; maxMessages: number; maxBytes: number }> = {}): {
  readonly chunks: ChunkStore
  readonly lost: () => number
} {
  let lost = 0
  const chunks = new ChunkStore({ timeoutMs: 5000, maxMessages: 100, maxBytes: 100_000, ...more }, (messages) => {
    lost += messages
  })
  return { chunks, lost: () => lost }
}

describe('chunks', () => {
  test('in any order, interleaved, twice: each message once', () => {
    const message = fc.tuple(fc.uint8Array({ minLength: 1, maxLength: 200 }), fc.integer({ min: 1, max: 40 }))
    fc.assert(
      fc.property(fc.array(message, { minLength: 1, maxLength: 8 }), fc.infiniteStream(fc.nat()), (messages, random) => {
        const { chunks, lost } = store()
        const all = messages.flatMap(([bytes, size], n) => {
          const count = Math.min(128, Math.ceil(bytes.length / size))
          return Array.from({ length: count }, (_, place) =>
            chunk(
              `m${n}`,
              place,
              count,
              Buffer.from(bytes.slice(place * size, place === count - 1 ? undefined : (place + 1) * size)),
            ),
          )
        })
        const shuffled = [...all, ...all].map((one) => [random.next().value, one] as const).sort(([a], [b]) => a - b)
        const whole = shuffled.flatMap(([, one]) => chunks.add(one, 'peer', 0) ?? [])
        expect(whole.map((bytes) => Buffer.from(bytes).toString('hex')).sort()).toEqual(
          messages.map(([bytes]) => Buffer.from(bytes).toString('hex')).sort(),
        )
        chunks.close()
        expect(lost()).toBe(0)
      }),
      { numRuns: 200 },
    )
  })

  test('what is not complete in time is lost once, and its late chunks begin nothing', () => {
    const { chunks, lost } = store()
    expect(chunks.add(chunk('a', 0, 2, 'x'), 'peer', 0)).toBeUndefined()
    chunks.expire(4999)
    expect(lost()).toBe(0)
    chunks.expire(5000)
    expect(lost()).toBe(1)
    expect(chunks.add(chunk('a', 1, 2, 'y'), 'peer', 5001)).toBeUndefined()
    chunks.close()
    expect(lost()).toBe(1)
  })

  test('neither messages nor bytes without end are held; the oldest go first', () => {
    const many = store({ maxMessages: 3 })
    for (let n = 0; n < 10; n++) many.chunks.add(chunk(`m${n}`, 0, 2, 'x'), 'peer', n)
    expect(many.lost()).toBe(7)
    expect(many.chunks.add(chunk('m9', 1, 2, 'y'), 'peer', 10)?.toString()).toBe('xy')
    const large = store({ maxBytes: 100 })
    for (let n = 0; n < 10; n++) large.chunks.add(chunk(`m${n}`, 0, 2, 'x'.repeat(60)), 'peer', n)
    expect(large.lost()).toBe(9)
    large.chunks.add(chunk('huge', 0, 2, 'x'.repeat(200)), 'peer', 11)
    expect(large.lost()).toBe(11)
  })

  test('two senders may choose the same id; what is no chunk says why', () => {
    const { chunks } = store()
    chunks.add(chunk('a', 0, 2, 'x'), 'one', 0)
    expect(chunks.add(chunk('a', 1, 2, 'y'), 'two', 0)).toBeUndefined()
    expect(chunks.add(chunk('a', 1, 2, 'y'), 'one', 0)?.toString()).toBe('xy')
    expect(chunks.add(chunk('b', 2, 2, ''), 'one', 0)).toContain('number 2 of 2')
    expect(chunks.add(chunk('b', 0, 0, ''), 'one', 0)).toContain('number 0 of 0')
    expect(chunks.add(chunk('b', 0, 129, ''), 'one', 0)).toContain('of 129')
    expect(chunks.add(Buffer.from([0x1e, 0x0f, 1]), 'one', 0)).toContain('without its header')
  })
})

test('messages of a TCP stream end at NUL, however they are cut into chunks', () => {
  const text = fc.string({ unit: 'binary', minLength: 3, maxLength: 20 }).map((one) => `{${one.replaceAll('\0', '.')}}`)
  fc.assert(
    fc.property(fc.array(text, { maxLength: 10 }), fc.array(fc.nat(30)), (messages, cuts) => {
      const bytes = Buffer.from(messages.map((one) => `${one}\0`).join(''))
      const framer = new NulFramer(1000)
      const frames = []
      let at = 0
      for (const cut of [...cuts, bytes.length]) {
        frames.push(...framer.push(bytes.subarray(at, at + cut)))
        at += cut
      }
      expect([framer.open, framer.end()]).toEqual([false, []])
      expect(frames.map((frame) => frame.bytes.toString())).toEqual(messages.map((one) => Buffer.from(one).toString()))
    }),
  )
  const framer = new NulFramer(10)
  for (let n = 0; n < 100; n++) expect(framer.push(Buffer.alloc(1_000_000, 0x61))).toEqual([])
  expect(framer.push(Buffer.from('\0{}'))[0]).toMatchObject({ length: 100_000_000, bytes: Buffer.alloc(10, 0x61) })
  expect(framer.end()).toEqual([{ bytes: Buffer.from('{}'), length: 2, cut: true }])
})

test('a message is plain, gzip or zlib; what is none is kept with its reason', () => {
  const json = Buffer.from('{"version":"1.1","host":"h","short_message":"a"}')
  for (const packed of [json, gzipSync(json), deflateSync(json), deflateSync(json, { level: 9 })])
    expect(gelfRecord('i', packed, 1000, 'o').record.json).toEqual({ message: 'a', 'host.name': 'h', 'gelf.version': '1.1' })
  const cases: readonly (readonly [Buffer, string])[] = [
    [Buffer.from('hello'), 'broken JSON'],
    [Buffer.from('[]'), 'not a JSON object'],
    [gzipSync(json).subarray(0, 20), 'cannot be decompressed'],
    [gzipSync(Buffer.alloc(50_000_000)), 'when decompressed'],
    [Buffer.from(`{"a":"${'x'.repeat(2000)}"}`), 'too long'],
  ]
  for (const [bytes, reason] of cases) expect(gelfRecord('i', bytes, 1000, 'o').record.unreadable).toContain(reason)
})

test('what a message unpacks to counts as held, so that small datagrams fill no memory', async () => {
  const mailbox = new Mailbox({ batchRecords: 2000, batchBytes: 1_048_576, lingerMs: 10_000, maxBytes: 2_000_000 })
  const config = gelfConfig.parse({ port: 0, tcp: false })
  const listener = await listenUdp(config, 0, 't', mailbox, () => {})
  const sender = createSocket('udp4')
  const bomb = gzipSync(`{"short_message":"${'a'.repeat(900_000)}"}`)
  for (let n = 0; n < 6; n++) await new Promise((resolve) => sender.send(bomb, listener.port, '127.0.0.1', resolve))
  await expect.poll(() => mailbox.full).toBe(true)
  sender.close()
  await listener.close()
  const { records, bytes } = (await mailbox.take())!
  expect([records.length, bytes > 1_800_000]).toEqual([2, true])
})

test.runIf(canSeeTimers)('connections are asked after: a sender that is gone without a word keeps none', async () => {
  const mailbox = new Mailbox({ batchRecords: 1, batchBytes: 1, lingerMs: 1, maxBytes: 1 })
  const listener = await listenTcp(gelfConfig.parse({ port: 0, udp: false }), 't', mailbox, () => {})
  const sender = connect(listener.port, '127.0.0.1')
  await expect.poll(() => keptAlive(listener.port)).toBe(true)
  sender.destroy()
  await listener.close()
})

test('one address gets a part of the connections', async () => {
  const mailbox = new Mailbox({ batchRecords: 1, batchBytes: 1, lingerMs: 1, maxBytes: 1 })
  const refusals: (readonly [number, string])[] = []
  const listener = await listenTcp(gelfConfig.parse({ port: 0, udp: false, maxConnections: 100 }), 't', mailbox, (...said) =>
    refusals.push(said),
  )
  const senders = Array.from({ length: 26 }, () => connect(listener.port, '127.0.0.1').on('error', () => {}))
  await expect.poll(() => refusals).toEqual([[1, '25 from 127.0.0.1']])
  for (const sender of senders) sender.destroy()
  await listener.close()
})

test('a level and a time that are none stay as they came', () => {
  const doc = gelfDocument({ host: 'h', short_message: 'm', level: 'audit', timestamp: '2026-01-02T03:04:05Z' })
  expect(doc).toEqual({ message: 'm', 'host.name': 'h', 'gelf.level': 'audit', 'gelf.timestamp': '2026-01-02T03:04:05Z' })
})

test('its fields in ECS; none stands in the place of a field set', () => {
  expect(
    gelfDocument({
      version: '1.1',
      host: 'h',
      short_message: 'short',
      full_message: 'long',
      timestamp: 1_767_323_045.678,
      level: 4,
      _user: 'bare',
      _user_id: 9,
      _: 'x',
      _message: 'other',
    }),
  ).toEqual({
    message: 'short',
    'host.name': 'h',
    '@timestamp': '2026-01-02T03:04:05.678Z',
    'log.level': 'warning',
    'log.syslog.severity.code': 4,
    'gelf.version': '1.1',
    'gelf.full_message': 'long',
    'gelf.user': 'bare',
    user_id: 9,
    'gelf.': 'x',
    'gelf.message': 'other',
  })
})
