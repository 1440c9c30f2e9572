import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { request as httpRequest } from 'node:http'
import { connect, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import { z } from 'zod'
import { KanpekiError } from '../kernel/error.ts'
import { type Caller, type Permission, RawReply, route } from '../platform/http/route.ts'
import { testCaller } from '../platform/testing/caller.ts'
import { type RunningServer, startHttpServer } from './http-server.ts'
import { createLive } from './live.ts'

const folder = mkdtempSync(join(tmpdir(), 'kanpeki-console-'))
const reported: unknown[] = []
const refusals: string[] = []
const withdrawn = new Set<string>()
const looks: boolean[] = []
const live = createLive()
let healthy = true
let server: RunningServer
let url: string

const caller = (kind: Caller['kind'], ...permissions: Permission[]): Caller =>
  testCaller({ kind, id: kind, permissions: new Set<Permission>(['public', ...permissions]) })

beforeAll(async () => {
  mkdirSync(join(folder, 'console/assets'), { recursive: true })
  writeFileSync(join(folder, 'console/index.html'), '<!doctype html><title>Kanpeki</title>')
  writeFileSync(join(folder, 'console/assets/main-1.js'), 'export {}')
  writeFileSync(join(folder, 'secret.txt'), 'secret')
  server = await startHttpServer(
    {
      version: '0.0.0',
      console: join(folder, 'console/'),
      healthy: () => healthy,
      hot: (request, response) => {
        if (request.url !== '/_hot') return false
        response.end('hot')
        return true
      },
      authenticate: async (request, looking) => {
        if (looking !== undefined) looks.push(looking)
        const who = request.headers.authorization
        if (who === 'bad' || withdrawn.has(who ?? '')) throw new KanpekiError('unauthenticated', 'unknown')
        return who === undefined ? caller('anonymous') : caller('token', who as Permission)
      },
      checkForgery: (request) => {
        if (request.headers['x-forged'] !== undefined) throw new KanpekiError('csrf', 'forged')
      },
      report: (error) => reported.push(error),
      refused: (code, _request, who) => refusals.push(`${code} ${who?.kind ?? 'nobody'}`),
      routes: [
        route({
          method: 'POST',
          path: '/api/v1/things/:id',
          permission: 'alerts:write',
          summary: 'Test',
          params: z.object({ id: z.coerce.number().int() }),
          body: z.object({ name: z.string().max(5) }),
          response: z.object({ id: z.number(), name: z.string() }),
          handle: async ({ params, body }) => ({ id: params.id, name: body.name }),
        }),
        route({
          method: 'GET',
          path: '/api/v1/broken',
          permission: 'public',
          summary: 'Test',
          handle: async () => {
            throw new Error('the password is hunter2')
          },
        }),
        route({
          method: 'POST',
          path: '/api/v1/sign-in',
          permission: 'public',
          summary: 'Test',
          body: z.object({ name: z.string() }),
          handle: async () => ({}),
        }),
        route({
          method: 'GET',
          path: '/api/v1/list',
          permission: 'alerts:write',
          summary: 'Test',
          handle: async () => ({}),
        }),
        route({
          method: 'GET',
          path: '/ledger/tile/*',
          permission: 'public',
          summary: 'Test',
          params: z.object({ '*': z.string() }),
          handle: async ({ params }) => new RawReply('text/plain', params['*']),
        }),
        route({
          method: 'GET',
          path: '/api/v1/file',
          permission: 'public',
          summary: 'Test',
          query: z.object({ cache: z.string().optional() }),
          handle: async ({ query }) =>
            new RawReply('text/plain', 'x', query.cache === undefined ? {} : { 'cache-control': query.cache }),
        }),
        route({
          method: 'GET',
          path: '/api/v1/live',
          permission: 'public',
          summary: 'Test',
          handle: async ({ signal }) => new RawReply('text/event-stream', live.stream(signal)),
        }),
      ],
    },
    '127.0.0.1',
    0,
  )
  url = `http://127.0.0.1:${server.port}`
})

afterAll(async () => {
  await server.close()
  rmSync(folder, { recursive: true })
})

function post(path: string, body: unknown, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(`${url}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  })
}

/** Sends bytes as they are, which fetch would tidy, and reads until the end. */
function raw(request: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(Number(new URL(url).port), '127.0.0.1', () => socket.write(request, 'latin1'))
    let reply = ''
    socket.on('data', (bytes) => {
      reply += bytes
    })
    socket.on('close', () => resolve(reply))
    socket.on('error', reject)
  })
}

it('asks for the permission before it looks at the input', async () => {
  const anonymous = await post('/api/v1/things/1', { wrong: true })
  expect(anonymous.status).toBe(401)
  expect(anonymous.headers.get('www-authenticate')).toBe('Bearer')
  expect((await post('/api/v1/things/1', { wrong: true }, { authorization: 'alerts:read' })).status).toBe(403)
  expect((await post('/api/v1/things/1', { name: 'a' }, { authorization: 'bad' })).status).toBe(401)
  expect((await post('/api/v1/things/1', { name: 'a' }, { authorization: 'alerts:write', 'x-forged': '1' })).status).toBe(403)
  const done = await post('/api/v1/things/7', { name: 'a' }, { authorization: 'alerts:write' })
  expect([done.status, await done.json()]).toEqual([200, { id: 7, name: 'a' }])
})

it('says as a problem what is wrong with the input, and where', async () => {
  const reply = await post('/api/v1/things/x', { name: 'too long' }, { authorization: 'alerts:write' })
  expect(reply.headers.get('content-type')).toContain('application/problem+json')
  expect(await reply.json()).toMatchObject({ status: 400, code: 'invalid_input', errors: [{ path: 'id' }] })
  const broken = await fetch(`${url}/api/v1/things/1`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: 'alerts:write' },
    body: '{',
  })
  expect(broken.status).toBe(400)
  const polluted = await fetch(`${url}/api/v1/things/1`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: 'alerts:write' },
    body: '{"name":"a","__proto__":{"admin":true}}',
  })
  expect(polluted.status).toBe(400)
  expect((await post('/api/v1/things/1', { name: 'x'.repeat(5_000_000) }, { authorization: 'alerts:write' })).status).toBe(413)
})

it('tells nothing of its insides when something fails, and reports it', async () => {
  const reply = await fetch(`${url}/api/v1/broken`)
  expect(reply.status).toBe(500)
  expect(await reply.text()).not.toMatch(/hunter2|at .*\.ts/)
  expect(reported).toHaveLength(1)
})

it('refuses names that it does not know, since without them more would be done', async () => {
  const problemOf = async (reply: Response) => [
    reply.status,
    ((await reply.json()) as { errors?: { path: string }[] }).errors?.[0]?.path,
  ]
  const may = { authorization: 'alerts:write' }
  expect(await problemOf(await post('/api/v1/things/1', { name: 'a', nmae: 'b' }, may))).toEqual([400, 'nmae'])
  expect(await problemOf(await post('/api/v1/things/1?dryRun=true', { name: 'a' }, may))).toEqual([400, 'dryRun'])
  // A write works in the scope of its header.
  expect(await problemOf(await post('/api/v1/things/1?scope=tokyo', { name: 'a' }, may))).toEqual([400, 'scope'])
  expect(await problemOf(await fetch(`${url}/api/v1/list?serverity=high`, { headers: may }))).toEqual([400, 'serverity'])
  expect((await fetch(`${url}/api/v1/list?scope=tokyo`, { headers: may })).status).toBe(200)
  expect((await fetch(`${url}/api/v1/file?utm_source=mail`)).status).toBe(200)
})

it('tells another method from another path', async () => {
  const reply = await fetch(`${url}/api/v1/things/1`, { method: 'PUT' })
  expect([reply.status, reply.headers.get('allow'), ((await reply.json()) as { code: string }).code]).toEqual([
    405,
    'POST',
    'method_not_allowed',
  ])
  expect((await fetch(`${url}/api/v1/file`, { method: 'OPTIONS' })).headers.get('allow')).toBe('GET, HEAD')
  expect((await fetch(`${url}/api/v1/thing`, { method: 'PUT' })).status).toBe(404)
  // What an address with a slash at its end makes of a path.
  expect((await fetch(`${url}//api/v1/file`)).status).toBe(404)
})

it.each(['GET // HTTP/1.1', 'POST // HTTP/1.1', 'GET //[ HTTP/1.1', 'OPTIONS * HTTP/1.1', 'GET http://[/ HTTP/1.1'])(
  'fails at no address: %s',
  async (line) => {
    const reported0 = reported.length
    expect(await raw(`${line}\r\nHost: x\r\nConnection: close\r\n\r\n`)).toMatch(/^HTTP\/1\.1 (200|4\d\d) /)
    expect(reported).toHaveLength(reported0)
  },
)

it.each([
  ['GARBAGE\r\n\r\n', 400],
  [`GET /healthz HTTP/1.1\r\nHost: x\r\nX: ${'a'.repeat(20_000)}\r\n\r\n`, 431],
  ['POST /api/v1/things/1 HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n', 400],
])('says as a problem, too, what is no HTTP: %j', async (bytes, status) => {
  const [head = '', body = ''] = (await raw(bytes)).split('\r\n\r\n')
  expect(head).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `))
  expect(head).toMatch(/content-type: application\/problem\+json/)
  expect(JSON.parse(body)).toMatchObject({ type: 'about:blank', status, code: expect.any(String), title: expect.any(String) })
})

it('reads JSON in UTF-8 and nothing else, instead of replacing letters', async () => {
  const send = async (type: string, body: Buffer, coding?: string): Promise<unknown> => {
    const headers = {
      authorization: 'alerts:write',
      'content-type': type,
      ...(coding === undefined ? {} : { 'content-encoding': coding }),
    }
    const reply = await fetch(`${url}/api/v1/things/1`, { method: 'POST', headers, body: new Uint8Array(body) })
    const { name, code } = (await reply.json()) as { name?: string; code?: string }
    return [reply.status, name ?? code]
  }
  const name = (bytes: Buffer): Buffer => Buffer.concat([Buffer.from('{"name":"'), bytes, Buffer.from('"}')])
  const japanese = name(Buffer.from('完璧'))
  expect(await send('application/json', japanese)).toEqual([200, '完璧'])
  expect(await send('application/json; charset="UTF-8"', Buffer.concat([Buffer.from('\ufeff'), japanese]))).toEqual([200, '完璧'])
  expect(await send('application/json', name(Buffer.from([0x8a, 0xae])))).toEqual([400, 'invalid_input'])
  expect(await send('application/json', name(Buffer.from([0xed, 0xa0, 0x80])))).toEqual([400, 'invalid_input'])
  expect(await send('application/json; charset=shift_jis', japanese)).toEqual([415, 'unsupported_media_type'])
  expect(await send('application/json', japanese, 'gzip')).toEqual([415, 'unsupported_media_type'])
  expect(await send('text/plain', japanese)).toEqual([415, 'unsupported_media_type'])
  expect(await send('application/json', Buffer.alloc(0))).toEqual([400, 'bad_request'])
})

it('holds no body of whom it does not know, and asks again once a body was long in coming', async () => {
  const began = (headers: string, then: (socket: Socket) => void, path = '/api/v1/things/1'): Promise<string> =>
    new Promise((resolve, reject) => {
      const socket = connect(server.port, '127.0.0.1', () => {
        const head = `POST ${path} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 12\r\n${headers}`
        socket.write(`${head}\r\n{"name":`)
        then(socket)
      })
      socket.once('data', (bytes) => {
        resolve(String(bytes).slice(9, 12))
        socket.destroy()
      })
      socket.once('error', reject)
    })
  expect(await began('', () => {})).toBe('401')
  expect(await began('', () => {}, '/api/v1/nothing')).toBe('404')
  expect(await began('', () => {}, '/api/v1/list')).toBe('405')
  expect(await began('Authorization: alerts:read\r\n', () => {})).toBe('403')
  const soon = began('Authorization: alerts:write\r\n', (socket) => setTimeout(() => socket.write('"a"}'), 100))
  expect(await soon).toBe('200')
  const late = began('Authorization: alerts:write\r\n', (socket) => {
    setTimeout(() => withdrawn.add('alerts:write'), 100)
    setTimeout(() => socket.write('"a"}'), 2_200)
  })
  expect(await late).toBe('401')
  withdrawn.clear()
  const big = JSON.stringify({ name: 'x'.repeat(300_000) })
  expect(
    (await fetch(`${url}/api/v1/sign-in`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: big })).status,
  ).toBe(413)
}, 10_000)

it('lets nothing be kept that does not say so itself', async () => {
  const kept = async (path: string): Promise<string | null> => (await fetch(`${url}${path}`)).headers.get('cache-control')
  expect(await kept('/api/v1/file?cache=public')).toBe('public')
  for (const path of ['/api/v1/file', '/api/v1/file?cache=a&cache=b', '/api/v1/nothing', '/healthz', '/api/v1/openapi.json'])
    expect([path, await kept(path)]).toEqual([path, 'no-store'])
  expect((await post('/api/v1/things/1', {})).headers.get('cache-control')).toBe('no-store')
})

it('says who tried what they may not', async () => {
  refusals.length = 0
  await post('/api/v1/things/1', {})
  await post('/api/v1/things/1', { name: 'x' }, { authorization: 'alerts:read' })
  await post('/api/v1/things/1', { wrong: true }, { authorization: 'alerts:write' })
  expect(refusals).toEqual(['unauthenticated anonymous', 'forbidden token'])
})

it('knows no TRACE, and lists no folder', async () => {
  const traced = await raw('TRACE / HTTP/1.1\r\nHost: x\r\nX-Secret: hunter2\r\nConnection: close\r\n\r\n')
  expect(traced).toMatch(/^HTTP\/1\.1 4\d\d /)
  expect(traced).not.toContain('hunter2')
  const folderReply = await fetch(`${url}/assets/`)
  expect(await folderReply.text()).not.toContain('main-1.js')
})

it('is healthy only while it accepts work', async () => {
  const reply = await fetch(`${url}/healthz`)
  expect([reply.status, await reply.json()]).toEqual([200, { status: 'ok' }])
  healthy = false
  expect((await fetch(`${url}/healthz`)).status).toBe(503)
  healthy = true
})

it('serves the console at any path, with a policy that allows no foreign and no inline script', async () => {
  const page = await fetch(`${url}/triage/some-alert`)
  expect(await page.text()).toContain('<title>Kanpeki')
  const policy = page.headers.get('content-security-policy') ?? ''
  expect(policy).toContain("default-src 'none'")
  expect(policy).toContain("script-src 'self';")
  expect(policy).toContain("frame-ancestors 'none'")
  expect((await fetch(`${url}/assets/main-1.js`)).headers.get('cache-control')).toContain('immutable')
  expect((await fetch(`${url}/api/v1/nothing`)).status).toBe(404)
  expect(await (await fetch(`${url}/_hot`)).text()).toBe('hot')
})

it.each(['/../secret.txt', '/%2e%2e/secret.txt', '/..%2fsecret.txt', '/assets/../../secret.txt', '/%00', '/%ff'])(
  'never leaves the console folder: %s',
  async (path) => {
    // fetch would tidy the path before sending it.
    const body = await new Promise<string>((resolve, reject) => {
      httpRequest({ port: server.port, path }, (response) => {
        let text = ''
        response.setEncoding('utf8').on('data', (chunk: string) => {
          text += chunk
        })
        response.on('end', () => resolve(text))
      })
        .on('error', reject)
        .end()
    })
    expect(body).not.toContain('secret')
  },
)

it('streams what changed', async () => {
  const reply = await fetch(`${url}/api/v1/live`)
  const reader = reply.body!.pipeThrough(new TextDecoderStream()).getReader()
  let text = (await reader.read()).value ?? ''
  live.publish('alerts')
  live.publish('cards')
  live.publish('alerts')
  while (!text.includes('data:')) text += (await reader.read()).value ?? ''
  await reader.cancel()
  expect(text).toContain('event: change\ndata: {"topics":["alerts","cards"]}\n\n')
})

it('ends a stream whose reader may no longer have it', async () => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
  try {
    const reply = await fetch(`${url}/api/v1/live`, { headers: { authorization: 'alerts:write' } })
    const reader = reply.body!.getReader()
    await reader.read()
    await vi.advanceTimersByTimeAsync(16_000)
    live.publish('cards')
    expect(new TextDecoder().decode((await reader.read()).value)).toContain('cards')
    withdrawn.add('alerts:write')
    await vi.advanceTimersByTimeAsync(16_000)
    await expect(reader.read()).rejects.toThrow()
    expect(looks).toEqual([true, true])
  } finally {
    vi.useRealTimers()
    withdrawn.clear()
  }
})

it('describes every route in OpenAPI with its permission', async () => {
  const description = (await (await fetch(`${url}/api/v1/openapi.json`)).json()) as {
    openapi: string
    paths: Record<
      string,
      Record<string, { 'x-permission': string; parameters: { in: string; name: string; required: boolean }[] }>
    >
  }
  expect(description.openapi).toBe('3.1.0')
  expect(description.paths['/api/v1/things/{id}']?.['post']?.['x-permission']).toBe('alerts:write')
  expect(Object.keys(description.paths)).toContain('/healthz')
  for (const [path, methods] of Object.entries(description.paths))
    for (const { parameters } of Object.values(methods)) {
      const named = parameters.filter((one) => one.in === 'path' && one.required).map(({ name }) => `{${name}}`)
      expect(named).toEqual(path.match(/\{\w+\}/g) ?? [])
    }
})
