import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { getRequestListener } from '@hono/node-server'
import express from 'express'
import fastify from 'fastify'
import { Hono } from 'hono'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { AuditRecord } from '../proxy/audit-record.ts'
import { expressGuard } from './express.ts'
import { fastifyGuard } from './fastify.ts'
import { type Guard, openGuard } from './guard.ts'
import { honoGuard } from './hono.ts'
import { guardListener } from './node-http.ts'

const RULES = `SecRuleEngine On
SecRequestBodyAccess On
SecResponseBodyAccess On
SecResponseBodyMimeType text/plain application/json
SecRequestBodyLimit 2000
SecRule REQUEST_HEADERS:Content-Type "@contains json" "id:10,phase:1,pass,nolog,ctl:requestBodyProcessor=JSON"
SecRule REQUEST_URI "@contains evil-path" "id:1,phase:1,deny,status:403,log,msg:'Path'"
SecRule ARGS "@contains evil-arg" "id:2,phase:2,deny,status:403,log,msg:'Argument'"
SecRule RESPONSE_HEADERS:X-Leak "@unconditionalMatch" "id:3,phase:3,deny,status:403,log,msg:'Head'"
SecRule RESPONSE_BODY "@contains secret" "id:4,phase:4,deny,status:403,log,msg:'Body'"
SecRule REQUEST_URI "@contains elsewhere" "id:5,phase:1,redirect:https://shop.example/,status:302,log"
`
const folder = mkdtempSync(join(tmpdir(), 'waf-middleware-'))
const records: AuditRecord[] = []
let guard: Guard
let watching: Guard
beforeAll(() => {
  const file = join(folder, 'rules.conf')
  writeFileSync(file, RULES)
  guard = openGuard({ rules: [file], onRecord: (record) => records.push(record) })
  watching = openGuard({ rules: [file], mode: 'detect', onRecord: (record) => records.push(record) })
  expect(guard.refused).toEqual([])
})
afterAll(() => rmSync(folder, { recursive: true }))
beforeEach(() => {
  records.length = 0
})

/** The same little application in each framework: it tells what it was sent. */
const FRAMEWORKS: Readonly<Record<string, (guard: Guard) => Promise<Server>>> = {
  'plain http': async (guard) =>
    createServer(
      guardListener(guard, (request, response) => {
        let body = ''
        request.setEncoding('utf8')
        request.on('data', (chunk) => {
          body += chunk
        })
        request.on('end', () => {
          if (request.url === '/leak') response.setHeader('x-leak', '1')
          if (request.url === '/stream') {
            response.writeHead(200, { 'content-type': 'text/plain' })
            response.write('a ')
            response.end('sec' + 'ret')
          } else {
            response.setHeader('content-type', 'application/json')
            response.end(JSON.stringify({ body: body === '' ? null : parsed(body) }))
          }
        })
      }),
    ),
  express: async (guard) => {
    const app = express()
    app.use(expressGuard(guard))
    app.use(express.json(), express.urlencoded())
    app.use((request, response) => {
      if (request.path === '/leak') response.set('x-leak', '1')
      if (request.path === '/stream') {
        response.type('text/plain')
        response.write('a ')
        response.end('secret')
      } else response.json({ body: (request.body as unknown) ?? null })
    })
    return createServer(app)
  },
  fastify: async (guard) => {
    const app = fastify()
    app.register(fastifyGuard(guard))
    app.addContentTypeParser('application/x-www-form-urlencoded', { parseAs: 'string' }, (_request, body, done) =>
      done(null, parsed(String(body))),
    )
    app.all('/*', async (request, reply) => {
      if (request.url === '/leak') reply.header('x-leak', '1')
      if (request.url === '/stream') return reply.type('text/plain').send('a secret')
      return { body: request.body ?? null }
    })
    await app.ready()
    const { server } = app
    return server
  },
  hono: async (guard) => {
    const app = new Hono()
    app.use(honoGuard(guard))
    app.all('*', async (context) => {
      const text = await context.req.text()
      if (context.req.path === '/leak') context.header('x-leak', '1')
      if (context.req.path === '/stream') return context.text('a secret')
      return context.json({ body: text === '' ? null : parsed(text) })
    })
    return createServer(getRequestListener(app.fetch))
  },
}

function parsed(body: string): unknown {
  return body.startsWith('{') ? (JSON.parse(body) as unknown) : Object.fromEntries(new URLSearchParams(body))
}

describe.each(Object.keys(FRAMEWORKS))('%s', (name) => {
  let server: Server
  let url = ''
  beforeAll(async () => {
    server = await FRAMEWORKS[name]!(guard)
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  })
  afterAll(() => {
    server.closeAllConnections()
    server.close()
  })
  const post = (body: string, type: string) => fetch(`${url}/form`, { method: 'POST', body, headers: { 'content-type': type } })

  it('answers as ever, with one record', async () => {
    const answer = await fetch(`${url}/a?b=c`, { headers: { 'x-crs-test': 'me' } })
    expect([answer.status, await answer.json()]).toEqual([200, { body: null }])
    expect(records).toMatchObject([{ id: 'me', status: 200, rules: [], uri: '/a?b=c', client: '127.0.0.1', blocked: false }])
  })

  it.each([
    ['a form', 'a=b&c=d', 'application/x-www-form-urlencoded', { a: 'b', c: 'd' }],
    ['JSON', '{"a":["b"]}', 'application/json', { a: ['b'] }],
    ['a large body', JSON.stringify({ a: 'x'.repeat(1500) }), 'application/json', { a: 'x'.repeat(1500) }],
  ])('leaves %s to the application', async (_what, body, type, expected) => {
    const answer = await post(body, type)
    expect([answer.status, await answer.json()]).toEqual([200, { body: expected }])
  })

  it.each([
    ['path', 1, () => fetch(`${url}/evil-path`)],
    ['query', 2, () => fetch(`${url}/?a=evil-arg`)],
    ['form', 2, () => post('a=evil-arg', 'application/x-www-form-urlencoded')],
    ['JSON', 2, () => post('{"a":{"b":"evil-arg"}}', 'application/json')],
    ["answer's head", 3, () => fetch(`${url}/leak`)],
    ["answer's body", 4, () => fetch(`${url}/stream`)],
  ] as const)('stops an attack in the %s, with its page', async (_what, rule, ask) => {
    const answer = await ask()
    const page = await answer.text()
    expect(answer.status).toBe(403)
    expect(records).toMatchObject([{ status: 403, rules: [rule], blocked: true }])
    expect(page).toContain(records[0]!.reference)
    expect(page).not.toContain('secret')
    expect(answer.headers.get('kanpeki-reference')).toBe(records[0]!.reference)
  })

  it('sends elsewhere, and refuses what is too large to be seen', async () => {
    const redirected = await fetch(`${url}/elsewhere`, { redirect: 'manual' })
    expect([redirected.status, redirected.headers.get('location')]).toEqual([302, 'https://shop.example/'])
    expect((await post('x'.repeat(2001), 'text/plain')).status).toBe(413)
  })
})

describe.each(Object.keys(FRAMEWORKS))('%s in detection', (name) => {
  it.each([10, 50_000])('passes what rules ask to stop, and what is too large for them by %d bytes, whole', async (more) => {
    const server = await FRAMEWORKS[name]!(watching)
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const sent = { a: 'evil-arg', b: 'x'.repeat(2000 + more) }
    const answer = await fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`, {
      method: 'POST',
      body: JSON.stringify(sent),
      headers: { 'content-type': 'application/json' },
    })
    expect([answer.status, await answer.json()]).toEqual([200, { body: sent }])
    expect(records).toMatchObject([{ status: 200, rules: [2], blocked: false, interruption: { status: 413 } }])
    server.closeAllConnections()
    server.close()
  })
})

describe('an answer that is held and goes beyond the limit', () => {
  it.each([
    ['in pieces that end right at it', [40, 60, 70, 30]],
    ['with its last piece', [60, 40, 50]],
    ['at once', [300]],
  ])('%s passes whole', async (_how, sizes) => {
    const file = join(folder, 'small.conf')
    writeFileSync(file, `${RULES}SecResponseBodyLimit 100\n`)
    const server = createServer(
      guardListener(openGuard({ rules: [file] }), (_request, response) => {
        response.setHeader('content-type', 'text/plain')
        for (const [at, size] of sizes.slice(0, -1).entries()) response.write(String(at).repeat(size))
        response.end('z'.repeat(sizes.at(-1)!))
      }),
    )
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const answer = await fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`)
    expect(await answer.text()).toHaveLength(sizes.reduce((sum, size) => sum + size, 0))
    server.close()
  })
})
