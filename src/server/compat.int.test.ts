import { createSocket } from 'node:dgram'
import { mkdtempSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Duplex, Writable } from 'node:stream'
import { Client as Client9 } from '@elastic/elasticsearch'
import { Client as OpenSearch } from '@opensearch-project/opensearch'
import { OTLPLogExporter as JsonExporter } from '@opentelemetry/exporter-logs-otlp-http'
import { OTLPLogExporter as ProtobufExporter } from '@opentelemetry/exporter-logs-otlp-proto'
import { resourceFromAttributes } from '@opentelemetry/resources'
import { BatchLogRecordProcessor, LoggerProvider, type LogRecordExporter } from '@opentelemetry/sdk-logs'
import { Client as Client7 } from 'es7'
import { Client as Client8 } from 'es8'
import pino from 'pino'
import { pinoLoki } from 'pino-loki'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import type { AccessTables } from '../access/tables.ts'
import { createToken } from '../access/tokens.ts'
import { imbalance } from '../collect/counts.ts'
import { readSource } from '../collect/queries.ts'
import type { Counts } from '../collect/schema.ts'
import type { CollectTables } from '../collect/tables.ts'
import { getPath, type JsonObject } from '../kernel/json.ts'
import { readConfig } from '../platform/config.ts'
import { createLog } from '../platform/log.ts'
import { type Kanpeki, serve } from './serve.ts'

/** The real clients of other products, against the real server: lake, writer and accounts included. */

const require = createRequire(import.meta.url)
// Its types name a default export that it does not have.
const pinoElasticsearch = require('pino-elasticsearch') as (options: object) => Duplex
const folder = mkdtempSync(join(tmpdir(), 'kanpeki-compat-'))
let kanpeki: Kanpeki
let url = ''
const secrets = new Map<string, string>()

beforeAll(async () => {
  const config = readConfig(folder, { port: '0', 'compat-port': '0', 'gelf-port': '0' }, {})
  kanpeki = await serve(config, createLog({ write: () => {}, pretty: false, now: Date.now }))
  url = kanpeki.compatUrl!
})
afterAll(async () => {
  await kanpeki.stop()
  rmSync(folder, { recursive: true })
})

/** A token whose name is its client's: each client has a source of its own. */
async function tokenOf(name: string): Promise<string> {
  const known = secrets.get(name)
  if (known !== undefined) return known
  const db = kanpeki.services.state.tables<AccessTables>()
  const { token } = await createToken(db, { scope: 'default', name, grant: 'ingest', owner: null }, Date.now())
  secrets.set(name, token)
  return token
}

/** The documents that are stored of a source, now: nothing is waited for. */
async function stored(source: string): Promise<JsonObject[]> {
  const query = { kind: 'term', field: 'kanpeki.source', match: { kind: 'text', text: source, quoted: true } } as const
  const { events } = await kanpeki.services.lake.search({ scope: 'default', query, limit: 1000 })
  return events.map((event) => event.doc)
}

async function accounts(source: string): Promise<Counts> {
  await kanpeki.services.pipeline.ask({ kind: 'settled' })
  const row = await readSource(kanpeki.services.state.tables<CollectTables>(), 'default', source)
  expect(imbalance(pick(row!))).toBeUndefined()
  return pick(row!)
}

function pick(row: Counts): Counts {
  const { received, parsed, unknown, stored, repeated, dropped, gaps, bytes } = row
  return { received, parsed, unknown, stored, repeated, dropped, gaps, bytes }
}

/** All of them, each once, with these fields: said right behind the client's own "done". */
async function expectAll(source: string, ids: readonly string[], idField: string, fields: JsonObject): Promise<JsonObject[]> {
  const docs = await stored(source)
  expect(docs.map((doc) => getPath(doc, idField)).sort()).toEqual([...ids].sort())
  for (const doc of docs) {
    const got = Object.fromEntries(Object.keys(fields).map((name) => [name, getPath(doc, name)]))
    expect(got).toEqual(fields)
  }
  expect(await accounts(source)).toMatchObject({
    received: ids.length,
    parsed: ids.length,
    unknown: 0,
    repeated: 0,
    dropped: 0,
    gaps: 0,
  })
  return docs
}

const numbers = (count: number): string[] => Array.from({ length: count }, (_, n) => `m${n}`)

interface DocumentClient {
  index(options: object): PromiseLike<unknown>
  create(options: object): PromiseLike<unknown>
  close(): Promise<void> | void
}

/** The part of the clients' interfaces that all four share. */
interface BulkClient {
  readonly helpers: {
    bulk(options: {
      datasource: object[]
      flushBytes: number
      onDocument: () => { create: { _index: string } }
      onDrop: (doc: unknown) => void
    }): PromiseLike<{ successful: number; failed: number }>
  }
  bulk(options: object): PromiseLike<unknown>
  info(): PromiseLike<unknown>
  close(): Promise<void> | void
}

const ELASTIC: readonly (readonly [name: string, make: (token: string) => BulkClient])[] = [
  ['es7', (token) => new Client7({ node: url, auth: { apiKey: token }, maxRetries: 0 }) as unknown as BulkClient],
  ['es8', (token) => new Client8({ node: url, auth: { apiKey: token }, maxRetries: 0 }) as unknown as BulkClient],
  ['es9', (token) => new Client9({ node: url, auth: { apiKey: token }, maxRetries: 0 }) as unknown as BulkClient],
  ['es9-gzip', (token) => new Client9({ node: url, auth: { apiKey: token }, compression: true }) as unknown as BulkClient],
  [
    'opensearch',
    (token) =>
      new OpenSearch({ node: url, auth: { username: 'kanpeki', password: token }, maxRetries: 0 }) as unknown as BulkClient,
  ],
]

describe.each(ELASTIC)('%s', (name, make) => {
  test('bulk: all events, once, searchable when the client says so', async () => {
    const client = make(await tokenOf(name))
    const ids = numbers(500)
    const dropped: unknown[] = []
    const done = await client.helpers.bulk({
      datasource: ids.map((message) => ({ message, host: { name: 'web1' }, '@timestamp': '2026-01-02T03:04:05.678Z' })),
      flushBytes: 10_000,
      onDocument: () => ({ create: { _index: 'logs-app' } }),
      onDrop: (doc) => dropped.push(doc),
    })
    expect([done.successful, done.failed, dropped]).toEqual([500, 0, []])
    await expectAll(`http:${name}`, ids, 'message', { 'host.name': 'web1', '@timestamp': '2026-01-02T03:04:05.678Z' })
    await client.info()
    await client.close()
  })

  test('a wrong token is the client’s own ResponseError', async () => {
    const client = make('kpk_wrong')
    const operations = [{ create: { _index: 'a' } }, { message: 'x' }]
    const error = await Promise.resolve(client.bulk({ body: operations, operations })).catch((caught: unknown) => caught)
    expect(error).toMatchObject({ name: 'ResponseError', statusCode: 401 })
    await client.close()
  })
})

describe.each(ELASTIC)('%s, one document at a time', (name, make) => {
  test('index and create: each is an event, once', async () => {
    const source = `${name}-document`
    // An index and an id are one event, whoever sends it.
    const index = `logs-${name}`
    const client = make(await tokenOf(source)) as unknown as DocumentClient
    const ids = numbers(3)
    for (const [at, message] of ids.entries()) {
      const document = { message, host: { name: 'web9' } }
      // By its position: without an id, with one, and made.
      const asked = [{}, { id: 'a b/ü' }, { id: 'c', op_type: 'create' }][at]
      expect(answerOf(await client.index({ index, ...asked, ...bodyOf(name, document) }))).toMatchObject({
        _index: index,
        ...('id' in asked! ? { _id: asked.id } : { _id: expect.any(String) }),
        result: 'created',
      })
    }
    const again = { message: 'm2', host: { name: 'web9' } }
    const request = { index, id: 'c', ...bodyOf(name, again) }
    expect(answerOf(await client.create(request))).toMatchObject({ _id: 'c', result: 'noop' })
    const docs = await stored(`http:${source}`)
    expect(docs.map((doc) => getPath(doc, 'message')).sort()).toEqual(ids)
    expect(await accounts(`http:${source}`)).toMatchObject({ received: 4, parsed: 3, unknown: 0, repeated: 1 })
    await client.close()
  })
})

/** Clients 8 and 9 have a name of their own for the body. */
const bodyOf = (name: string, body: object): object => (/^es[89]/.test(name) ? { document: body } : { body })

/** What client 7 and OpenSearch wrap in the response. */
function answerOf(answer: unknown): unknown {
  return (answer as { readonly body?: unknown }).body ?? answer
}

test('a document of several lines as curl sends it, and one that is none', async () => {
  const send = async (path: string, body: string, headers: Record<string, string> = {}): Promise<[number, unknown]> => {
    const authorization = `Bearer ${await tokenOf('curl-document')}`
    const response = await fetch(`${url}${path}`, { method: 'POST', body, headers: { authorization, ...headers } })
    return [response.status, await response.json()]
  }
  expect(await send('/logs/_doc?pretty', '{\n  "message": "several lines"\n}\n')).toMatchObject([201, { result: 'created' }])
  expect(await send('/logs/_doc', 'no document')).toMatchObject([400, { error: { type: 'document_parsing_exception' } }])
  expect(await send('/logs/_doc', '{}', { 'content-encoding': 'gzip, gzip' })).toMatchObject([
    415,
    { error: { reason: expect.stringContaining('send one of gzip, deflate, br, zstd, or none') } },
  ])
  const messages = (await stored('http:curl-document')).map((doc) => getPath(doc, 'message'))
  expect(messages).toContain('several lines')
  expect(await accounts('http:curl-document')).toMatchObject({ received: 2, parsed: 1, unknown: 1 })
})

describe('pino-elasticsearch', () => {
  test('a logger’s lines arrive with time, level, host and pid', async () => {
    const token = await tokenOf('pino-es')
    const stream = pinoElasticsearch({
      node: url,
      auth: { username: 'kanpeki', password: token },
      index: 'pino',
      flushBytes: 2000,
    })
    const inserted = new Promise((resolve, reject) => {
      stream.once('insert', resolve)
      stream.on('insertError', reject)
      stream.on('error', reject)
    })
    const logger = pino({ base: { pid: 42, hostname: 'web2' } }, stream)
    const ids = numbers(100)
    for (const message of ids) logger.warn({ user: { name: 'alice' } }, message)
    stream.end()
    expect(await inserted).toMatchObject({ total: 100, failed: 0, successful: 100 })
    await expectAll('http:pino-es', ids, 'message', {
      'log.level': 'warn',
      'host.name': 'web2',
      'process.pid': 42,
      'user.name': 'alice',
    })
  })

  test('a wrong token is an error of its stream', async () => {
    const stream = pinoElasticsearch({ node: url, auth: { username: 'kanpeki', password: 'wrong' }, flushBytes: 1 })
    const failed = new Promise<unknown>((resolve) => stream.once('error', resolve))
    stream.write(`${JSON.stringify({ msg: 'x', time: Date.now() })}\n`)
    stream.end()
    expect(await failed).toMatchObject({ statusCode: 401 })
  })
})

interface SplunkLogger {
  error: (error: unknown) => void
  send(context: object, done?: (error: unknown, response: { statusCode: number }, body: unknown) => void): void
  flush(done: (error: unknown, response: { statusCode: number }, body: { text: string; code: number }) => void): void
}
const { Logger: Splunk } = require('splunk-logging') as { readonly Logger: new (options: object) => SplunkLogger }

describe('splunk-logging', () => {
  const flushed = (logger: SplunkLogger): Promise<{ error: unknown; status: number; body: { text: string; code: number } }> =>
    new Promise((resolve) => logger.flush((error, response, body) => resolve({ error, status: response?.statusCode, body })))

  test('a batch of events arrives with time, host, source and level', async () => {
    const logger = new Splunk({ url, token: await tokenOf('splunk'), maxBatchCount: 0 })
    const ids = numbers(100)
    for (const message of ids)
      logger.send({
        message,
        severity: 'ERROR',
        metadata: { host: 'web3', source: '/var/log/app.log', sourcetype: 'app', index: 'main', time: 1_767_323_045.678 },
      })
    expect(await flushed(logger)).toMatchObject({ error: null, status: 200, body: { text: 'Success', code: 0 } })
    await expectAll('http:splunk', ids, 'message', {
      '@timestamp': '2026-01-02T03:04:05.678Z',
      'host.name': 'web3',
      'log.level': 'error',
      'log.file.path': '/var/log/app.log',
      'event.dataset': 'app',
      'splunk.index': 'main',
    })
  })

  test('a wrong token is its own error', async () => {
    const logger = new Splunk({ url, token: 'wrong', maxBatchCount: 0 })
    const errors: unknown[] = []
    logger.error = (error) => errors.push(error)
    logger.send({ message: 'x' })
    expect(await flushed(logger)).toMatchObject({ status: 403, body: { text: 'Invalid token', code: 4 } })
    expect(String(errors[0])).toContain('Invalid token')
  })
})

const EXPORTERS: readonly (readonly [name: string, make: (token: string) => LogRecordExporter])[] = [
  ['otlp-json', (token) => new JsonExporter({ url: `${url}/v1/logs`, headers: { authorization: `Bearer ${token}` } })],
  ['otlp-protobuf', (token) => new ProtobufExporter({ url: `${url}/v1/logs`, headers: { authorization: `Bearer ${token}` } })],
  [
    'otlp-protobuf-gzip',
    (token) =>
      new ProtobufExporter({
        url: `${url}/v1/logs`,
        headers: { authorization: `Bearer ${token}` },
        compression: 'gzip' as never,
      }),
  ],
]

describe.each(EXPORTERS)('the OpenTelemetry exporter, %s', (name, make) => {
  const results: { code: number; error?: Error }[] = []
  const emit = async (token: string, ids: readonly string[]): Promise<void> => {
    const exporter = make(token)
    const spied: LogRecordExporter = {
      export: (logs, done) =>
        exporter.export(logs, (result) => {
          results.push(result)
          done(result)
        }),
      forceFlush: () => exporter.forceFlush?.() ?? Promise.resolve(),
      shutdown: () => exporter.shutdown(),
    }
    const provider = new LoggerProvider({
      resource: resourceFromAttributes({ 'service.name': 'shop', 'host.name': 'web4', 'service.instance.id': 'i-1' }),
      processors: [new BatchLogRecordProcessor({ exporter: spied, maxExportBatchSize: 50 })],
    })
    const logger = provider.getLogger('checkout', '1.2.3')
    for (const body of ids)
      logger.emit({
        timestamp: new Date('2026-01-02T03:04:05.678Z'),
        severityNumber: 17,
        severityText: 'ERROR',
        body,
        attributes: {
          'user.id': 'u1',
          'http.response.status_code': 503,
          'exception.type': 'Timeout',
          cart: ['a', 'b'],
          ratio: 0.5,
        },
      })
    await provider.forceFlush()
    await provider.shutdown()
  }

  test('records arrive with resource, scope, severity and attributes', async () => {
    results.length = 0
    const ids = numbers(120)
    await emit(await tokenOf(name), ids)
    expect(results.every(({ code }) => code === 0)).toBe(true)
    expect(results.length).toBeGreaterThan(1)
    await expectAll(`http:${name}`, ids, 'message', {
      '@timestamp': '2026-01-02T03:04:05.678Z',
      'log.level': 'error',
      'event.severity': 17,
      'service.name': 'shop',
      'service.node.name': 'i-1',
      'host.name': 'web4',
      'log.logger': 'checkout',
      'user.id': 'u1',
      'http.response.status_code': 503,
      'error.type': 'Timeout',
      cart: ['a', 'b'],
      ratio: 0.5,
    })
  })

  test('a wrong token is its own error', async () => {
    results.length = 0
    await emit('wrong', ['x']).catch(() => {})
    expect(results[0]).toMatchObject({ code: 1, error: { name: 'OTLPExporterError', code: 401 } })
  })
})

describe('pino-loki', () => {
  const written = (token: string, ids: readonly string[]): Promise<void> =>
    new Promise((resolve, reject) => {
      const stream = pinoLoki({
        host: url,
        basicAuth: { username: 'kanpeki', password: token },
        batching: { interval: 1 },
        labels: { app: 'shop' },
      })
      stream.once('close', resolve)
      stream.once('error', reject)
      const logger = pino({ base: { hostname: 'web5' } }, stream as unknown as Writable)
      for (const message of ids) logger.error({ order: 7 }, message)
      stream.end()
    })

  test('a logger’s lines arrive with their labels', async () => {
    const ids = numbers(100)
    await written(await tokenOf('loki'), ids)
    await expectAll('http:loki', ids, 'message', {
      'log.level': 'error',
      'host.name': 'web5',
      'service.name': 'shop',
      order: 7,
      'labels.app': 'shop',
    })
  })

  test('a wrong token is said on its console', async () => {
    const said: string[] = []
    const spy = vi.spyOn(console, 'error').mockImplementation((...words: unknown[]) => void said.push(words.join(' ')))
    await written('wrong', ['x'])
    spy.mockRestore()
    expect(said.join()).toMatch(/401|token/i)
  })
})

interface Gelf {
  setConfig(config: object): Gelf
  adapter: unknown
  error(message: string, extra: object, done: (error: unknown) => void): void
}
/** gelf-pro is one object with one adapter; a fresh copy for each. */
function gelf(adapterName: string, port: number): Gelf {
  for (const file of Object.keys(require.cache)) if (file.includes('gelf-pro')) delete require.cache[file]
  const made = require('gelf-pro') as Gelf
  return made.setConfig({ adapterName, adapterOptions: { host: '127.0.0.1', port }, fields: { facility: 'shop' } })
}

describe('gelf-pro', () => {
  test('over UDP (chunked and deflated) and TCP all messages arrive', async () => {
    const { gelf: to } = addresses()
    const ids: string[] = []
    for (const [adapter, count] of [
      ['udp', 50],
      ['tcp', 20],
    ] as const) {
      const logger = gelf(adapter, to!.port)
      for (let n = 0; n < count; n++) {
        ids.push(`${adapter}${n}`)
        // Noise does not deflate: every fifth message takes many chunks.
        const noise =
          n % 5 === 0
            ? Array.from({ length: 3000 }, () => Math.random().toString(36))
                .join('')
                .slice(0, 30_000)
            : 'x'
        await new Promise<void>((resolve, reject) =>
          logger.error(`${adapter}${n}`, { noise, order: 7, user: { name: 'alice' } }, (error) =>
            error ? reject(error as Error) : resolve(),
          ),
        )
      }
    }
    const source = 'gelf:main'
    const deadline = Date.now() + 20_000
    while ((await stored(source)).length < ids.length && Date.now() < deadline) await new Promise((done) => setTimeout(done, 50))
    const docs = await expectAll(source, ids, 'message', {
      'log.level': 'error',
      'log.syslog.severity.code': 3,
      facility: 'shop',
      order: 7,
      user_name: 'alice',
    })
    expect(docs.filter((doc) => String(doc['noise']).length === 30_000)).toHaveLength(14)
  })

  test('a message whose chunks never come is a gap', async () => {
    const before = (await accounts('gelf:main')).gaps
    const socket = createSocket('udp4')
    const chunk = Buffer.concat([Buffer.from([0x1e, 0x0f]), Buffer.from('deadbeef'), Buffer.from([0, 2]), Buffer.from('{"a')])
    await new Promise<void>((resolve) => socket.send(chunk, addresses().gelf!.port, '127.0.0.1', () => resolve()))
    socket.close()
    const deadline = Date.now() + 20_000
    while ((await accounts('gelf:main')).gaps === before && Date.now() < deadline)
      await new Promise((done) => setTimeout(done, 100))
    expect((await accounts('gelf:main')).gaps).toBe(before + 1)
  })
})

function addresses(): { gelf?: { port: number } } {
  const snippet = kanpeki.addresses()
  return snippet.gelf === undefined ? {} : { gelf: snippet.gelf }
}

describe('the listener itself', () => {
  test('Splunk’s acknowledgements are true only for what was given', async () => {
    const authorization = `Splunk ${await tokenOf('hec-ack')}`
    const headers = { authorization, 'x-splunk-request-channel': 'c1', 'content-type': 'application/x-www-form-urlencoded' }
    const ask = async (channel: string): Promise<unknown> =>
      (
        await fetch(`${url}/services/collector/ack?channel=${channel}`, {
          method: 'POST',
          headers: { authorization },
          body: '{"acks":[0,1,2]}',
        })
      ).json()
    expect(await ask('c1')).toEqual({ acks: { 0: false, 1: false, 2: false } })
    for (const [n, path] of ['/services/collector', '/services/collector/raw?source=x'].entries()) {
      const body = n === 0 ? '{"event":"a1"}{"event":"a2"}' : 'a3\na4\n'
      const reply = await fetch(`${url}${path}`, { method: 'POST', headers, body })
      expect(await reply.json()).toEqual({ text: 'Success', code: 0, ackId: n })
    }
    expect(await ask('c1')).toEqual({ acks: { 0: true, 1: true, 2: false } })
    expect(await ask('c2')).toEqual({ acks: { 0: false, 1: false, 2: false } })
    expect((await stored('http:hec-ack')).map((doc) => doc['message']).sort()).toEqual(['a1', 'a2', 'a3', 'a4'])
  })

  test('it says what it is on every reply, and serves neither console nor API', async () => {
    const authorization = `Bearer ${await tokenOf('es9')}`
    const cases: readonly (readonly [string, string, number])[] = [
      ['GET', '/', 200],
      ['HEAD', '/', 200],
      ['GET', '/_license', 200],
      ['GET', '/_xpack', 200],
      ['GET', '/_cluster/health', 200],
      ['HEAD', '/_index_template/logs', 200],
      ['PUT', '/_index_template/logs', 200],
      ['GET', '/_template/logs', 200],
      ['GET', '/_ilm/policy/logs', 200],
      ['PUT', '/_ilm/policy/logs', 200],
      ['GET', '/_data_stream/logs', 200],
      ['PUT', '/_data_stream/logs', 200],
      ['GET', '/_ingest/pipeline/logs', 200],
      ['PUT', '/_ingest/pipeline/logs', 200],
      ['HEAD', '/logs-app', 200],
      ['GET', '/services/collector/health', 200],
      ['GET', '/services/collector/health/1.0', 200],
      ['GET', '/api/v1/alerts', 404],
      ['GET', '/sign-in', 404],
      ['POST', '/nowhere', 404],
    ]
    for (const [method, path, status] of cases) {
      const reply = await fetch(url + path, { method, headers: { authorization } })
      expect([method, path, reply.status, reply.headers.get('x-elastic-product')]).toEqual([
        method,
        path,
        status,
        'Elasticsearch',
      ])
      await reply.body?.cancel()
    }
    expect((await fetch(url)).status).toBe(401)
    expect(
      (await fetch(`${kanpeki.url}/services/collector/health`, { headers: { accept: 'text/html' } })).headers.get('content-type'),
    ).not.toContain('application/json')
  })
})

test('a generic webhook is read as its source’s settings say, from the next request on', async () => {
  const db = kanpeki.services.state.tables<AccessTables>()
  const { token: admin } = await createToken(db, { scope: 'default', name: 'admin', grant: 'admin', owner: null }, Date.now())
  const api = (method: string, path: string, body: object): Promise<Response> =>
    fetch(`${kanpeki.url}/api/v1/sources${path}`, {
      method,
      headers: { authorization: `Bearer ${admin}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    })
  const hook = async (body: object): Promise<number> => {
    const reply = await fetch(`${kanpeki.url}/api/v1/ingest/webhook/generic?source=acme`, {
      method: 'POST',
      headers: { authorization: `Bearer ${await tokenOf('acme-hook')}` },
      body: JSON.stringify(body),
    })
    await reply.body?.cancel()
    return reply.status
  }
  const mapping = { records: 'items', fields: { 'user.name': 'who.login', message: 'what' } }
  expect((await api('POST', '', { kind: 'http', name: 'acme', config: { mapping } })).status).toBe(200)
  expect(
    await hook({
      items: [
        { who: { login: 'alice' }, what: 'one' },
        { who: { login: 'bob' }, what: 'two' },
      ],
    }),
  ).toBe(200)
  const [first] = await stored('http:acme')
  expect(getPath(first!, 'user.name')).toMatch(/alice|bob/)
  expect((await api('PATCH', '/http:acme', { mapping: { fields: { message: 'text' } } })).status).toBe(200)
  expect(await hook({ text: 'three' })).toBe(200)
  expect((await stored('http:acme')).map((doc) => doc['message']).sort()).toEqual(['one', 'three', 'two'])
  expect((await api('PATCH', '/http:acme', { mapping: { fields: { 'not a name!': 'x' } } })).status).toBe(400)
  expect((await api('PATCH', '/http:acme', { enabled: false })).status).toBe(400)
  expect((await api('PATCH', '/gelf:main', { mapping })).status).toBe(400)
  // What is only read, not opened, is passed over at the next start.
  await kanpeki.collecting.manager.startAll()
  const shippers = (await (
    await fetch(`${kanpeki.url}/api/v1/shippers`, { headers: { authorization: `Bearer ${admin}` } })
  ).json()) as {
    shippers: { id: string; text: string }[]
  }
  expect(shippers.shippers.find(({ id }) => id === 'splunk-hec')?.text).toContain(`${url}/services/collector/event`)
})

test('with TLS the listener speaks TLS, and tells who speaks plain text', async () => {
  const own = mkdtempSync(join(tmpdir(), 'kanpeki-compat-tls-'))
  const config = readConfig(own, { port: '0', 'compat-port': '0', tls: 'on' }, {})
  const secure = await serve(config, createLog({ write: () => {}, pretty: false, now: Date.now }))
  try {
    expect(secure.compatUrl).toMatch(/^https:/)
    const db = secure.services.state.tables<AccessTables>()
    const { token } = await createToken(db, { scope: 'default', name: 'tls', grant: 'ingest', owner: null }, Date.now())
    const client = new Client9({
      node: secure.compatUrl!,
      auth: { apiKey: token },
      tls: { rejectUnauthorized: false },
      maxRetries: 0,
    })
    expect((await client.bulk({ operations: [{ create: {} }, { message: 'x' }] })).errors).toBe(false)
    await client.close()
    const strict = new Client9({ node: secure.compatUrl!, auth: { apiKey: token }, maxRetries: 0 })
    await expect(strict.bulk({ operations: [{ create: {} }, {}] })).rejects.toMatchObject({ name: 'ConnectionError' })
    await strict.close()
    const plain = await fetch(secure.compatUrl!.replace('https:', 'http:'))
    expect([plain.status, await plain.json()]).toEqual([400, expect.objectContaining({ code: 'tls_required' })])
  } finally {
    await secure.stop()
    rmSync(own, { recursive: true })
  }
})

test('a port in use is said with its own option, and nothing is left open', async () => {
  const own = mkdtempSync(join(tmpdir(), 'kanpeki-compat-taken-'))
  const config = readConfig(own, { port: '0', 'compat-port': new URL(url).port }, {})
  const started = serve(config, createLog({ write: () => {}, pretty: false, now: Date.now }))
  await expect(started).rejects.toMatchObject({ code: 'listen', remedy: expect.stringContaining('--compat-port 0') })
  // The folder is free again: a second start comes as far.
  const again = serve(config, createLog({ write: () => {}, pretty: false, now: Date.now }))
  await expect(again).rejects.toMatchObject({ code: 'listen' })
  rmSync(own, { recursive: true })
})
