import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterAll, afterEach, describe, expect, it } from 'vitest'
import { getPath, type JsonObject } from '../../kernel/json.ts'
import { trustedProxies } from '../proxy/client-address.ts'
import { type Guarded, type GuardedOptions, guarded, wafOf } from '../proxy/testing/gates.ts'
import { bodyInspector } from './body-events.ts'
import { botInspector } from './bots.ts'
import { apiInspector, CHECK_RULES, graphqlInspector, leakInspector, uploadInspector } from './inspectors.ts'
import { ApiSettings, BodySettings, BotSettings, GraphqlSettings, LeakSettings, UploadSettings } from './settings.ts'

const folder = mkdtempSync(join(tmpdir(), 'waf-checks-int-'))
afterAll(() => rmSync(folder, { recursive: true }))
let open: Guarded | undefined
afterEach(async () => {
  await open?.close()
  open = undefined
})

const CARD = 'The card is 4111 1111 1111 1111.'
const application = () =>
  createServer((request, response) => {
    request.resume()
    request.on('end', () => {
      response.setHeader('content-type', request.url === '/picture' ? 'image/png' : 'text/html')
      response.end(request.url === '/card' || request.url === '/picture' ? CARD : 'fine')
    })
  })

async function gate(inspectors: NonNullable<GuardedOptions['inspectors']>, options: GuardedOptions = {}): Promise<Guarded> {
  open = await guarded(application(), { ...options, inspectors })
  return open
}

const request = (method: string, path: string, body = '', type = 'application/json') =>
  `${method} ${path} HTTP/1.1\r\nHost: shop.example\r\nConnection: close\r\n${
    body === '' ? '' : `Content-Type: ${type}\r\nContent-Length: ${Buffer.byteLength(body)}\r\n`
  }\r\n${body}`
const statusOf = (answer: string) => Number(/^HTTP\/1\.1 (\d+)/.exec(answer)?.[1])

describe('answers that give something away', () => {
  it.each(['block', 'watch'] as const)('%s', async (cards) => {
    const { talk, records } = await gate([leakInspector(LeakSettings.parse({ cards, except: ['/mine'] }))])
    const answer = await talk(request('GET', '/card'))
    expect(statusOf(answer)).toBe(cards === 'block' ? 403 : 200)
    expect(answer.includes('4111')).toBe(cards === 'watch')
    expect(records[0]).toMatchObject({
      blocked: cards === 'block',
      rules: [CHECK_RULES.cards],
      messages: [{ data: '1: 411111******1111' }],
    })
    expect(statusOf(await talk(request('GET', '/picture')))).toBe(200)
    expect(statusOf(await talk(request('GET', '/other')))).toBe(200)
    expect(records.slice(1).map(({ rules }) => rules)).toEqual([[], []])
  })

  it('in detection they pass, and the record says what would have been', async () => {
    const { talk, records } = await gate([leakInspector(LeakSettings.parse({ cards: 'block' }))], { mode: 'detect' })
    expect(statusOf(await talk(request('GET', '/card')))).toBe(200)
    expect(records[0]).toMatchObject({ blocked: false, interruption: { ruleId: CHECK_RULES.cards, status: 403 } })
  })
})

it('lets through what an API describes, and leaves everything else of the site alone', async () => {
  const file = join(folder, 'api.yaml')
  writeFileSync(
    file,
    `openapi: 3.1.0
paths:
  /orders:
    post: { requestBody: { required: true, content: { application/json: { schema: { type: object, required: [sku], properties: { sku: { type: string, pattern: '^[A-Z]{3}$' } } } } } } }
`,
  )
  const api = ApiSettings.parse({ name: 'shop', openapi: file, base: '/api', answer: 'block' })
  const { talk, records } = await gate([apiInspector(api)])
  const asked = [
    request('POST', '/api/orders', '{"sku":"ABC"}'),
    request('POST', '/api/orders', '{"sku":"abc\' or 1"}'),
    request('POST', '/api/orders'),
    request('GET', '/api/orders'),
    request('GET', '/api/.env'),
    request('GET', '/anything'),
    request('POST', '/API/orders', '{"sku":"abc"}'),
    request('POST', '//api/orders', '{"sku":"abc"}'),
    request('POST', '/%61pi/orders', '{"sku":"abc"}'),
  ]
  const statuses: number[] = []
  for (const each of asked) statuses.push(statusOf(await talk(each)))
  expect(statuses).toEqual([200, 400, 400, 404, 404, 200, 404, 404, 404])
  expect(records.slice(0, 6).map(({ messages }) => messages[0]?.data)).toEqual([
    undefined,
    'body: /sku must match pattern "^[A-Z]{3}$"',
    'body: it is missing',
    'the API knows this path with POST only',
    'the API has no such path',
    undefined,
  ])
})

it('bounds GraphQL, also where it comes in pieces', async () => {
  const { talk } = await gate([graphqlInspector(GraphqlSettings.parse({ answer: 'block', depth: 3 }))])
  expect(statusOf(await talk(request('POST', '/graphql', '{"query":"{ a { b } }"}')))).toBe(200)
  expect(statusOf(await talk(request('POST', '/graphql', '{"query":"{ a { b { c { d } } } }"}')))).toBe(400)
  for (const path of ['/graphql/', '/GraphQL', '//graphql', '/%67raphql', '/graphql/x', '/a/../graphql'])
    expect(statusOf(await talk(request('POST', path, '{"query":"{ a { b { c { d } } } }"}'))), path).toBe(400)
  expect(statusOf(await talk(request('POST', '/graphqlx', '{"query":"{ a { b { c { d } } } }"}')))).toBe(200)
  const chunked =
    'POST /graphql HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n9\r\n{"query":\r\nc\r\n"{__schema{a\r\n4\r\n}}"}\r\n0\r\n\r\n'
  expect(statusOf(await talk(chunked))).toBe(400)
})

describe('uploads', () => {
  const form = (content: string) =>
    `--B\r\nContent-Disposition: form-data; name="picture"; filename="a.png"\r\n\r\n${content}\r\n--B--\r\n`
  const upload = (content: string) => request('POST', '/up', form(content), 'multipart/form-data; boundary=B')
  it('are looked at before the application gets them', async () => {
    const scan = async (data: Buffer) => (data.includes('<?php') ? ['WebShell'] : [])
    const { talk, records } = await gate([uploadInspector(UploadSettings.parse({ rules: ['x'], answer: 'block' }), scan)])
    expect(statusOf(await talk(upload('a picture')))).toBe(200)
    expect(statusOf(await talk(upload('<?php system($_GET[0]);')))).toBe(403)
    expect(records[1]?.messages).toEqual([
      { id: CHECK_RULES.upload, msg: expect.any(String), data: 'WebShell', var: 'FILES:picture' },
    ])
  })

  it('are looked at however their path is spelt, and told where a part of them is not', async () => {
    const scan = async (data: Buffer) => (data.includes('<?php') ? ['WebShell'] : [])
    const settings = UploadSettings.parse({ rules: ['x'], answer: 'block', paths: ['/up'], bytes: 5000 })
    const { talk, records } = await gate([uploadInspector(settings, scan)])
    for (const path of ['/UP', '//up', '/%75p', '/up/x'])
      expect(statusOf(await talk(request('POST', path, form('<?php'), 'multipart/form-data; boundary=B'))), path).toBe(403)
    const packed = gzipSync(Buffer.alloc(20_000)).toString('latin1')
    const head = `Content-Type: application/octet-stream\r\nContent-Encoding: gzip\r\nContent-Length: ${packed.length}`
    await talk(`POST /up HTTP/1.1\r\nHost: a\r\nConnection: close\r\n${head}\r\n\r\n${packed}`)
    expect(records.at(-1)?.messages).toMatchObject([{ id: CHECK_RULES.uploadUnseen }])
  })

  it.each([
    ['closed', 503],
    ['open', 200],
  ] as const)('where nobody can look, the door is %s', async (onEngineError, status) => {
    const scan = async () => Promise.reject(new Error('the engine fell over'))
    const { talk, records } = await gate([uploadInspector(UploadSettings.parse({ rules: ['x'] }), scan)], { onEngineError })
    expect(statusOf(await talk(upload('a picture')))).toBe(status)
    expect(records[0]?.engineError).toBe('the engine fell over')
  })
})

describe('clients that are programs', () => {
  const site = (path: string) => (path.startsWith('/there') ? 200 : 404)
  const open404 = () =>
    createServer((asked, response) => {
      response.statusCode = site(asked.url ?? '')
      response.end()
    })
  it('look for what is not there, and people do not', async () => {
    const events: JsonObject[] = []
    let now = 0
    const bots = BotSettings.parse({ misses: 10, paths: 8, seconds: 60, answer: 'block', holdSeconds: 100, traps: ['/.secret'] })
    open = await guarded(open404(), {
      inspectors: [
        botInspector(
          bots,
          (event) => events.push(event),
          () => now,
        ),
      ],
      trusted: trustedProxies(['127.0.0.1']),
    })
    const get = async (path: string, from: string): Promise<number> => {
      now += 1000
      return statusOf(
        await open!.talk(`GET ${path} HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: ${from}\r\nConnection: close\r\n\r\n`),
      )
    }
    const person: number[] = []
    for (let at = 0; at < 60; at += 1) person.push(await get(at % 5 === 0 ? '/missing.png' : `/there/${at}`, '192.0.2.1'))
    expect(person.filter((status) => status === 403)).toEqual([])
    const scanner: number[] = []
    for (let at = 0; at < 15; at += 1) scanner.push(await get(`/${at}.bak`, '192.0.2.2'))
    expect(scanner.filter((status) => status === 403)).toHaveLength(5)
    expect(await get('/.secret/key', '192.0.2.3')).toBe(403)
    expect(await get('/there', '192.0.2.3')).toBe(403)
    expect(events.map((event) => [getPath(event, 'event.action'), getPath(event, 'source.ip')])).toEqual([
      ['client-scanner', '192.0.2.2'],
      ['client-trap', '192.0.2.3'],
    ])
    now += 200_000
    expect(await get('/there', '192.0.2.2')).toBe(200)
  })
})

describe('bodies as events', () => {
  it('are masked and cut, of what was found something in', async () => {
    const events: JsonObject[] = []
    const waf = wafOf({ head: (target) => (target.includes('evil') ? { ruleId: 7, action: 'deny', status: 403 } : undefined) })
    const messageful = { ...waf, begin: (mode: 'detect' | 'block') => withMessage(waf.begin(mode)) }
    const settings = BodySettings.parse({ answers: true, bytes: 60 })
    const { talk } = await gate(
      [
        bodyInspector(
          settings,
          (event) => events.push(event),
          () => 0,
        ),
      ],
      { waf: messageful, mode: 'detect' },
    )
    const body = `{"name":"sato","password":"hunter2","card":"4111111111111111","x":"${'y'.repeat(5000)}"}`
    await talk(request('POST', '/good', body))
    expect(events).toEqual([])
    await talk(request('POST', '/evil', body))
    expect(events).toHaveLength(1)
    expect(getPath(events[0]!, 'http.request.body.content')).toBe('{"name":"sato","password":"********","card":"****************')
    expect(events[0]).toMatchObject({
      http: { response: { status_code: 200, body: { content: 'fine' } } },
      waf: { body: { cut: ['request'] } },
    })
  })
})

/** The gate's test rules say that they stopped, without words. */
function withMessage(transaction: ReturnType<ReturnType<typeof wafOf>['begin']>): typeof transaction {
  return {
    ...transaction,
    finish: () => {
      const record = transaction.finish()
      return { ...record, messages: record.rules.map((id) => ({ id, msg: 'Found', data: '', var: 'ARGS' })) }
    },
  }
}
