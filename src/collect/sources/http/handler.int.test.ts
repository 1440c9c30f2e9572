import { createServer, type Server } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { brotliCompressSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib'
import { Client } from '@elastic/elasticsearch'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { systemClock } from '../../../kernel/clock.ts'
import { KanpekiError } from '../../../kernel/error.ts'
import type { Caller, Permission } from '../../../platform/http/route.ts'
import { testCaller } from '../../../platform/testing/caller.ts'
import { imbalance } from '../../counts.ts'
import { Recorder } from '../../testing/recorder.ts'
import { createIngestHandler } from './handler.ts'
import { memoryBudget } from './read-body.ts'
import { mainTarget } from './target.ts'

const MAX_BODY = 1_000_000

let recorder: Recorder
let server: Server
let url: string
let logged: string[]
let waiting: Promise<void> | undefined
let refusal: KanpekiError | undefined

function caller(id: string, permission: Permission): Caller {
  return testCaller({ kind: 'token', id, name: `Shipper ${id}`, permissions: new Set([permission]) })
}

beforeEach(async () => {
  recorder = new Recorder()
  logged = []
  waiting = undefined
  refusal = undefined
  const handler = createIngestHandler({
    targetOf: mainTarget,
    async authenticate(request) {
      const token = /^(?:Bearer|ApiKey) (.+)$/.exec(request.headers.authorization ?? '')?.[1]
      return token === 'good' ? caller('a', 'ingest') : token === 'reader' ? caller('r', 'events:read') : undefined
    },
    commit: async (body) => {
      await waiting
      return recorder.commitBody(body)
    },
    refusal: () => refusal,
    clock: systemClock,
    log: (message, detail) => logged.push(`${message} ${JSON.stringify(detail)}`),
    maxBodyBytes: MAX_BODY,
    budget: memoryBudget(4 * MAX_BODY),
  })
  server = createServer((request, response) => {
    if (!handler(request, response)) response.writeHead(404).end('not ingest')
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})

afterEach(async () => {
  expect(imbalance(recorder.counts)).toBeUndefined()
  server.closeAllConnections()
  await new Promise((resolve) => server.close(resolve))
})

function post(path: string, body: string | Buffer, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(url + path, { method: 'POST', body: Buffer.from(body), headers: { authorization: 'Bearer good', ...headers } })
}

const ONE = '{"create":{}}\n{"message":"one"}\n'

describe('the real @elastic/elasticsearch client', () => {
  const client = (): Client => new Client({ node: url, auth: { apiKey: 'good' } })

  test('bulk() and the bulk helper get through, with ids, compressed or not', async () => {
    for (const compression of [false, true]) {
      const es = new Client({ node: url, auth: { apiKey: 'good' }, compression })
      const prefix = compression ? 'z' : 'p'
      const direct = await es.bulk({
        operations: [
          { index: { _index: 'logs', _id: `${prefix}1` } },
          { message: '一' },
          { create: { _index: 'logs' } },
          { n: prefix },
        ],
      })
      expect(direct.errors).toBe(false)
      expect(direct.items.map((item) => item.index?.status ?? item.create?.status)).toEqual([201, 201])
      const dropped: unknown[] = []
      const helped = await es.helpers.bulk({
        datasource: Array.from({ length: 500 }, (_, n) => ({ n, prefix })),
        onDocument: () => ({ create: { _index: 'logs' } }),
        onDrop: (doc) => dropped.push(doc),
        flushBytes: 5000,
      })
      expect(helped).toMatchObject({ total: 500, failed: 0, successful: 500 })
      expect(dropped).toEqual([])
      await es.close()
    }
    expect(recorder.counts).toMatchObject({ received: 1004, stored: 1004, unknown: 0 })
    expect(new Set(recorder.bodies.map((body) => body.source))).toEqual(new Set(['http:shipper-a']))
  })

  test('a busy writer is a 429 that the client can wait for', async () => {
    let refusals = 2
    recorder.fault = () => (refusals-- > 0 ? new KanpekiError('queue_full', 'The writer is busy.') : undefined)
    const es = client()
    const result = await es
      .bulk({ operations: [{ create: { _index: 'logs' } }, { n: 1 }] }, { maxRetries: 0 })
      .catch((error: unknown) => error)
    expect(result).toMatchObject({ statusCode: 429, headers: { 'retry-after': '1' } })
    refusals = 0
    expect((await es.bulk({ operations: [{ create: { _index: 'logs' } }, { n: 1 }] })).errors).toBe(false)
    await es.close()
  })

  test('without a token the client says 401', async () => {
    const es = new Client({ node: url, auth: { apiKey: 'bad' } })
    await expect(es.bulk({ operations: [{ create: {} }, {}] })).rejects.toMatchObject({ statusCode: 401 })
    await es.close()
  })

  test('ping and info answer', async () => {
    const es = client()
    expect(await es.ping()).toBe(true)
    expect((await es.info()).tagline).toBe('You Know, for Search')
    await es.close()
  })
})

describe('a retry', () => {
  test('of a batch whose reply was lost stays one; two equal events in one batch stay two', async () => {
    const body = '{"create":{}}\n{"message":"same"}\n'.repeat(2)
    // The reply is lost: the connection is cut as soon as the batch is committed.
    await new Promise<void>((resolve) => {
      const port = (server.address() as AddressInfo).port
      const socket = connect(port, '127.0.0.1', () => {
        socket.write(
          `POST /_bulk HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer good\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
        )
      })
      socket.once('data', () => socket.destroy())
      socket.once('close', () => resolve())
    })
    expect(recorder.counts.stored).toBe(2)
    const again = (await (await post('/_bulk', body)).json()) as {
      errors: boolean
      items: { create: { status: number; result: string } }[]
    }
    expect(again.errors).toBe(false)
    expect(again.items.map((item) => [item.create.status, item.create.result])).toEqual([
      [200, 'noop'],
      [200, 'noop'],
    ])
    expect(recorder.counts).toMatchObject({ received: 4, stored: 2, repeated: 2 })
  })

  test('is known by its content: compressed differently it is the same', async () => {
    const encodings: [string, Buffer][] = [
      ['gzip', gzipSync(ONE)],
      ['deflate', deflateSync(ONE)],
      ['br', brotliCompressSync(ONE)],
      ['zstd', zstdCompressSync(ONE)],
    ]
    expect((await post('/_bulk', ONE)).status).toBe(200)
    for (const [encoding, body] of encodings)
      expect((await post('/_bulk', body, { 'content-encoding': encoding })).status).toBe(200)
    expect(recorder.counts).toMatchObject({ received: 5, stored: 1, repeated: 4 })
  })
})

describe('what a sender may get wrong', () => {
  test('each has its answer, always with the product header', async () => {
    const cases: [string, () => Promise<Response>, number, string][] = [
      ['no token', () => post('/_bulk', ONE, { authorization: '' }), 401, 'token is missing'],
      ['another scope', () => post('/_bulk', ONE, { authorization: 'Bearer reader' }), 403, 'may not send'],
      ['no gzip', () => post('/_bulk', ONE, { 'content-encoding': 'gzip' }), 400, 'cannot be decompressed'],
      [
        'cut gzip',
        () => post('/_bulk', gzipSync(ONE.repeat(99)).subarray(0, 50), { 'content-encoding': 'gzip' }),
        400,
        'cannot be decompressed',
      ],
      ['an unknown encoding', () => post('/_bulk', ONE, { 'content-encoding': 'lzma' }), 415, 'lzma'],
      ['a large body', () => post('/_bulk', 'x'.repeat(MAX_BODY + 1)), 413, 'larger than'],
      ['a bomb', () => post('/_bulk', gzipSync(Buffer.alloc(50 * MAX_BODY)), { 'content-encoding': 'gzip' }), 413, 'larger than'],
      ['a bad source name', () => post('/api/v1/ingest/..%2F', 'a'), 400, 'source name'],
    ]
    for (const [name, send, status, words] of cases) {
      const response = await send()
      expect([name, response.status, response.headers.get('x-elastic-product')]).toEqual([name, status, 'Elasticsearch'])
      expect(await response.text()).toContain(words)
    }
    expect(recorder.counts.received).toBe(0)
    expect((await post('/_bulk', ONE)).status).toBe(200)
  })

  test('a chunked 100 MB line is cut off and disturbs nobody', async () => {
    const chunk = Buffer.alloc(1_000_000, 0x61)
    let sent = 0
    const endless = new ReadableStream({
      pull(controller) {
        if (sent++ < 100) controller.enqueue(chunk)
        else controller.close()
      },
    })
    const options = { method: 'POST', body: endless, duplex: 'half', headers: { authorization: 'Bearer good' } }
    const [big, small] = await Promise.all([
      fetch(`${url}/_bulk`, options as RequestInit).then(
        (response) => response.status,
        () => 'cut off',
      ),
      post('/_bulk', ONE),
    ])
    expect([413, 'cut off']).toContain(big)
    expect(small.status).toBe(200)
    expect(recorder.counts).toMatchObject({ received: 1, stored: 1 })
  })

  test('broken JSON and invalid UTF-8 are an error for the item and an unknown for us', async () => {
    const body = Buffer.concat([
      Buffer.from(`${ONE}{"create":{}}\n{"broken\n`),
      Buffer.from('{"create":{}}\n{"m":"\xff"}\n', 'latin1'),
    ])
    const reply = (await (await post('/_bulk', body)).json()) as { errors: boolean; items: { create: { status: number } }[] }
    expect(reply.errors).toBe(true)
    expect(reply.items.map((item) => item.create.status)).toEqual([201, 400, 400])
    expect(recorder.counts).toMatchObject({ received: 3, parsed: 1, unknown: 2 })
  })

  test('a sender that vanishes in the middle leaves nothing behind', async () => {
    const port = (server.address() as AddressInfo).port
    const closed = new Promise<void>((resolve) => server.once('connection', (socket) => socket.once('close', () => resolve())))
    const socket = connect(port, '127.0.0.1')
    socket.write('POST /_bulk HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer good\r\nContent-Length: 1000\r\n\r\n{"create":{}}\n')
    setTimeout(() => socket.destroy(), 50)
    await closed
    expect(recorder.counts.received).toBe(0)
    expect((await post('/_bulk', ONE)).status).toBe(200)
  })
})

describe('when we cannot', () => {
  const cases: [string, number, string | null][] = [
    ['queue_full', 429, '1'],
    ['stopping', 503, '5'],
    ['disk_full', 503, '30'],
  ]
  test.each(cases)('%s answers %i with a time to come back', async (code, status, retry) => {
    recorder.fault = () => new KanpekiError(code, `because ${code}`)
    const response = await post('/_bulk', ONE)
    expect([response.status, response.headers.get('retry-after')]).toEqual([status, retry])
    expect(await response.text()).toContain(`because ${code}`)
    recorder.fault = undefined
    expect(await (await post('/_bulk', ONE)).json()).toMatchObject({ errors: false, items: [{ create: { result: 'created' } }] })
  })

  test('bodies in memory are bounded: one too many is told to wait, not held', async () => {
    let release = (): void => {}
    const gate = new Promise<void>((resolve) => {
      release = resolve
    })
    waiting = gate
    const bodies = Array.from({ length: 6 }, (_, n) => `{"create":{}}\n{"n":${n},"x":"${'x'.repeat(900_000)}"}\n`)
    const replies = bodies.map((body) => post('/_bulk', body).then((response) => response.status))
    const refused = await Promise.race(replies)
    expect(refused).toBe(429)
    release()
    const statuses = await Promise.all(replies)
    expect(new Set(statuses)).toEqual(new Set([200, 429]))
    for (const [at, status] of statuses.entries())
      if (status === 429) expect((await post('/_bulk', bodies[at]!)).status).toBe(200)
    expect(recorder.counts).toMatchObject({ received: 6, stored: 6 })
  })

  test('what refuses everything is asked before a body is read', async () => {
    refusal = new KanpekiError('stopping', 'Kanpeki is stopping.')
    const response = await post('/_bulk', gzipSync(ONE), { 'content-encoding': 'gzip' })
    expect([response.status, recorder.bodies.length]).toEqual([503, 0])
  })

  test('a fault of ours is a 500 that tells no internals but logs them', async () => {
    recorder.fault = () => new TypeError('secret detail')
    const response = await post('/_bulk', ONE)
    expect(response.status).toBe(500)
    expect(await response.text()).not.toContain('secret')
    expect(logged.join()).toContain('secret detail')
  })
})

test('NDJSON and log lines by source name', async () => {
  const reply = await post('/api/v1/ingest/web1', '{"a":1}\nplain\n{"a":\n')
  expect(await reply.json()).toMatchObject({ received: 3, stored: 3, parsed: 2, unknown: 1, repeated: 0, dropped: 0 })
  expect(recorder.bodies[0]?.source).toBe('http:web1')
})

test('what is not ingest is left alone; content types are not looked at', async () => {
  expect((await fetch(url, { headers: { accept: 'text/html' } })).status).toBe(404)
  expect((await fetch(`${url}/api/v1/alerts`)).status).toBe(404)
  for (const type of [
    'application/x-www-form-urlencoded',
    'text/plain',
    'application/vnd.elasticsearch+x-ndjson; compatible-with=9',
  ])
    expect((await post('/logs-x/_bulk', `${ONE}${' '.repeat(type.length)}`, { 'content-type': type })).status).toBe(200)
  expect(recorder.bodies.map((body) => body.index)).toEqual(['logs-x', 'logs-x', 'logs-x'])
})
