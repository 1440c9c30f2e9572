import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { gzipSync } from 'node:zlib'
import { customFetch, discovery } from 'openid-client'
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { rejectionOf } from '../testing/code-of.ts'
import { makeServerCertificate } from '../tls/make-certificate.ts'
import { createOutgoing, type Outgoing } from './outgoing.ts'

interface Seen {
  readonly path: string
  readonly method: string
  readonly headers: IncomingMessage['headers']
  readonly body: string
}

const warned: unknown[] = []
const log = { warn: (message: string, detail?: unknown) => void warned.push([message, detail]) }
const seen: Seen[] = []
let server: Server
/** Every name in these tests resolves to loopback; which names may do so is what is tested. */
const loopback = async () => [{ address: '127.0.0.1', family: 4 }]
let outgoing: Outgoing
let port: number

const answers: Record<string, RequestListener> = {
  '/ok': (_, response) => response.setHeader('x-a', ['1', '2']).end('hello'),
  '/none': (_, response) => response.writeHead(204).end(),
  '/big': (_, response) => {
    response.write('x'.repeat(600))
    response.end('x'.repeat(600))
  },
  '/declared': (_, response) => response.writeHead(200, { 'content-length': '99999999' }).write('x'),
  '/gzip': (_, response) => response.setHeader('content-encoding', 'gzip').end(gzipSync('x'.repeat(1_000_000))),
  '/never': () => undefined,
  '/slowly': (_, response) => response.writeHead(200).write('x'),
  '/reset': (request) => request.socket.destroy(),
  '/loop': (_, response) => response.writeHead(302, { location: '/loop' }).end(),
  '/to-ok': (_, response) => response.writeHead(302, { location: '/ok' }).end(),
  '/to-ok-307': (_, response) => response.writeHead(307, { location: '/ok' }).end(),
  '/.well-known/openid-configuration': (_, response) =>
    response.setHeader('content-type', 'application/json').end(
      JSON.stringify({
        issuer: `http://allowed.test:${port}`,
        authorization_endpoint: `http://allowed.test:${port}/auth`,
        jwks_uri: `http://allowed.test:${port}/jwks`,
        response_types_supported: ['code'],
        subject_types_supported: ['public'],
        id_token_signing_alg_values_supported: ['RS256'],
      }),
    ),
}

beforeAll(async () => {
  server = createServer(async (request, response) => {
    const url = new URL(request.url ?? '/', 'http://x')
    const parts: Buffer[] = []
    for await (const part of request) parts.push(part as Buffer)
    seen.push({
      path: url.pathname,
      method: request.method ?? '',
      headers: request.headers,
      body: Buffer.concat(parts).toString(),
    })
    const to = url.searchParams.get('to')
    if (to !== null) response.writeHead(302, { location: to }).end()
    else (answers[url.pathname] ?? ((_, none) => none.writeHead(404).end()))(request, response)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  port = (server.address() as AddressInfo).port
  outgoing = createOutgoing({ allow: ['allowed.test', 'other.test'], log, resolve: loopback })
})
afterAll(() => {
  server.closeAllConnections()
  server.close()
})
beforeEach(() => {
  seen.length = 0
  warned.length = 0
})

const at = (path: string) => `http://allowed.test:${port}${path}`

it('calls an allowed name at the address that was checked', async () => {
  const response = await outgoing.fetch(at('/ok'), { headers: { authorization: 'Bearer x' } })
  expect([response.status, await response.text(), response.headers.get('x-a')]).toEqual([200, 'hello', '1, 2'])
  expect(seen[0]!.headers).toMatchObject({
    host: `allowed.test:${port}`,
    authorization: 'Bearer x',
    'accept-encoding': 'identity',
  })
  const empty = await outgoing.fetch(at('/none'))
  expect([empty.status, await empty.text()]).toEqual([204, ''])
})

it.each([
  'http://127.0.0.1:PORT/ok',
  'http://127.1:PORT/ok',
  'http://2130706433:PORT/ok',
  'http://0x7f000001:PORT/ok',
  'http://0x7f.1:PORT/ok',
  'http://0177.0.0.1:PORT/ok',
  'http://017700000001:PORT/ok',
  'http://127.0.0.1.:PORT/ok',
  'http://０１７７.0.0.1:PORT/ok',
  'http://127。0。0。1:PORT/ok',
  'http://[::1]:PORT/ok',
  'http://[::ffff:127.0.0.1]:PORT/ok',
  'http://[::ffff:7f00:1]:PORT/ok',
  'http://[0:0:0:0:0:ffff:7f00:1]:PORT/ok',
  'http://[64:ff9b::127.0.0.1]:PORT/ok',
  'http://[2002:7f00:1::]:PORT/ok',
  'http://[fe80::1%25eth0]:PORT/ok',
  'http://0.0.0.0:PORT/ok',
  'http://0:PORT/ok',
  'http://localhost:PORT/ok',
  'http://localhost.:PORT/ok',
  'http://LOCALHOST:PORT/ok',
  'http://elsewhere.test:PORT/ok',
  'http://allowed.test.evil.test:PORT/ok',
  'http://allowed.test@127.0.0.1:PORT/ok',
  'http://allowed.test:PORT@127.0.0.1:PORT/ok',
  'http://user:secret@allowed.test:PORT/ok',
  'http://127.0.0.1:PORT\\@allowed.test/ok',
  'http://127.0.0.1:PORT#@allowed.test/ok',
  'http://169.254.169.254/latest/meta-data/',
  'http://[fd00:ec2::254]/latest/meta-data/',
  'file:///etc/passwd',
  'ftp://allowed.test/ok',
  'data:text/plain,x',
  'gopher://allowed.test:PORT/_x',
  'unix:/run/docker.sock:/x',
  '//allowed.test/ok',
  '/ok',
  '',
])('refuses %s without connecting', async (url) => {
  expect(await rejectionOf(outgoing.fetch(url.replaceAll('PORT', String(port))))).toBe('outgoing_refused')
  expect(seen).toEqual([])
  expect(JSON.stringify(warned)).not.toContain('secret')
})

it.each([
  'http://127.0.0.1:PORT/ok',
  'http://[::ffff:7f00:1]:PORT/ok',
  'http://2130706433:PORT/ok',
  'http://elsewhere.test:PORT/ok',
  '//elsewhere.test:PORT/ok',
  'http://169.254.169.254/',
  'file:///etc/passwd',
  'http://user:secret@allowed.test:PORT/ok',
])('checks a redirect to %s like a first call', async (to) => {
  const url = at(`/?to=${encodeURIComponent(to.replaceAll('PORT', String(port)))}`)
  expect(await rejectionOf(outgoing.fetch(url))).toBe('outgoing_refused')
  expect(seen).toHaveLength(1)
  expect(warned).toHaveLength(1)
})

it('is not fooled by a name that resolves differently the second time', async () => {
  let asked = 0
  const rebinding = createOutgoing({
    allow: ['10.255.255.1'],
    log,
    resolve: async () => {
      asked += 1
      return [{ address: asked === 1 ? '10.255.255.1' : '127.0.0.1', family: 4 }]
    },
  })
  expect(await rejectionOf(rebinding.fetch(`http://rebind.test:${port}/ok`, { timeoutMs: 200 }))).toMatch(
    /^outgoing_(timeout|failed)$/,
  )
  expect([asked, seen.length]).toEqual([1, 0])
  const mixed = createOutgoing({
    allow: [],
    log,
    resolve: async () => [
      { address: '192.0.1.1', family: 4 },
      { address: '127.0.0.1', family: 4 },
    ],
  })
  expect(await rejectionOf(mixed.fetch(`http://mixed.test:${port}/ok`))).toBe('outgoing_refused')
})

it('ends at too many redirects, too many bytes, too much time, packed replies and cut connections', async () => {
  expect(await rejectionOf(outgoing.fetch(at('/loop')))).toBe('outgoing_refused')
  expect(seen).toHaveLength(6)
  expect(await rejectionOf(outgoing.fetch(at('/to-ok'), { redirect: 'error' }))).toBe('outgoing_refused')
  expect(await rejectionOf(outgoing.fetch(at('/big'), { maxBytes: 1000 }))).toBe('outgoing_too_large')
  expect(await rejectionOf(outgoing.fetch(at('/declared')))).toBe('outgoing_too_large')
  expect(await rejectionOf(outgoing.fetch(at('/gzip')))).toBe('outgoing_failed')
  expect(await rejectionOf(outgoing.fetch(at('/never'), { timeoutMs: 50 }))).toBe('outgoing_timeout')
  expect(await rejectionOf(outgoing.fetch(at('/slowly'), { timeoutMs: 50 }))).toBe('outgoing_timeout')
  expect(await rejectionOf(outgoing.fetch(at('/reset')))).toBe('outgoing_failed')
  const stuck = createOutgoing({ allow: [], log, resolve: () => new Promise(() => undefined) })
  expect(await rejectionOf(stuck.fetch('http://stuck.test/', { timeoutMs: 50 }))).toBe('outgoing_timeout')
  const abort = new AbortController()
  abort.abort(new Error('the caller left'))
  await expect(outgoing.fetch(at('/ok'), { signal: abort.signal })).rejects.toThrow('the caller left')
})

it('carries a body on only where fetch does, and credentials only to their own origin', async () => {
  await outgoing.fetch(at('/to-ok'), { method: 'POST', body: new URLSearchParams({ a: '1' }) })
  expect(seen[0]).toMatchObject({
    method: 'POST',
    body: 'a=1',
    headers: { 'content-type': expect.stringContaining('urlencoded') as string },
  })
  expect(seen[1]).toMatchObject({ method: 'GET', body: '' })
  expect(seen[1]!.headers).not.toHaveProperty('content-type')
  await outgoing.fetch(at('/to-ok-307'), { method: 'POST', body: 'again' })
  expect(seen[3]).toMatchObject({ method: 'POST', body: 'again' })
  seen.length = 0
  const headers = { authorization: 'Bearer secret', cookie: 'a=b', 'x-own': '1' }
  await outgoing.fetch(at(`/?to=${encodeURIComponent(`http://other.test:${port}/ok`)}`), { headers })
  expect(seen[0]!.headers).toMatchObject(headers)
  expect(seen[1]!.headers).toMatchObject({ 'x-own': '1' })
  for (const name of ['authorization', 'cookie']) expect(seen[1]!.headers).not.toHaveProperty(name)
})

it('checks certificates, and follows no redirect from https to http', async () => {
  const { cert, key } = await makeServerCertificate(['allowed.test'], Date.now())
  const secure = createTlsServer({ cert, key }, (_, response) => response.writeHead(302, { location: at('/ok') }).end())
  await new Promise<void>((resolve) => secure.listen(0, '127.0.0.1', resolve))
  const url = `https://allowed.test:${(secure.address() as AddressInfo).port}/`
  await expect(outgoing.fetch(url)).rejects.toMatchObject({ code: 'outgoing_failed' })
  const trusting = createOutgoing({ allow: ['allowed.test', 'other.test'], log, resolve: loopback, ca: cert })
  await expect(trusting.fetch(url)).rejects.toMatchObject({ code: 'outgoing_refused' })
  await expect(trusting.fetch(url.replace('allowed', 'other'))).rejects.toMatchObject({ code: 'outgoing_failed' })
  expect(seen).toEqual([])
  secure.close()
})

it('serves openid-client as its own fetch', async () => {
  const config = await discovery(new URL(at('')), 'kanpeki', undefined, undefined, {
    [customFetch]: outgoing.fetch,
    execute: [(await import('openid-client')).allowInsecureRequests],
  })
  expect(config.serverMetadata().jwks_uri).toBe(at('/jwks'))
  await expect(
    discovery(new URL(`http://elsewhere.test:${port}`), 'kanpeki', undefined, undefined, {
      [customFetch]: outgoing.fetch,
      execute: [(await import('openid-client')).allowInsecureRequests],
    }),
  ).rejects.toThrow()
})
