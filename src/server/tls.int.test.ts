import { execFile, execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { request as httpRequest } from 'node:http'
import { Agent, request as httpsRequest } from 'node:https'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect as tlsConnect } from 'node:tls'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { createSealer } from '../platform/secrets/sealer.ts'
import { testCaller } from '../platform/testing/caller.ts'
import { openServerTls, type ServerTls } from '../platform/tls/server-tls.ts'
import { type RunningServer, startHttpServer } from './http-server.ts'

const folder = mkdtempSync(join(tmpdir(), 'kanpeki-https-'))
const [certFile, keyFile] = [join(folder, 'cert.pem'), join(folder, 'key.pem')]
const log = { info: () => {}, warn: () => {}, error: () => {} }
let tls: ServerTls
let server: RunningServer

function newPair(): void {
  const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1']
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', keyFile]
  execFileSync('openssl', ['req', '-x509', ...key, '-out', certFile, ...subject], { stdio: 'ignore' })
}

beforeAll(async () => {
  newPair()
  tls = await openServerTls(
    { host: '127.0.0.1', certFile, keyFile, names: [] },
    { folder, sealer: createSealer([randomBytes(32)]), clock: { now: Date.now }, log },
  )
  server = await startHttpServer(
    {
      version: '0.0.0',
      console: join(folder, 'console'),
      healthy: () => true,
      hot: (request, response) => {
        if (request.url !== '/_hot') return false
        let bytes = 0
        request.on('data', (chunk: Buffer) => {
          bytes += chunk.length
        })
        request.on('end', () => response.end(String(bytes)))
        return true
      },
      authenticate: async () => testCaller(),
      checkForgery: () => {},
      refused: () => {},
      report: () => {},
      routes: [],
      tls: tls.context,
    },
    '127.0.0.1',
    0,
  )
})
afterAll(async () => {
  tls.close()
  rmSync(folder, { recursive: true })
})

interface Reply {
  readonly status: number
  readonly headers: Readonly<Record<string, unknown>>
  readonly text: string
}

function ask(path: string, options: { ca?: string; agent?: Agent; body?: Buffer; plain?: boolean } = {}): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const { ca = readFileSync(tls.servedFile, 'utf8'), agent, body } = options
    const method = body === undefined ? 'GET' : 'POST'
    const common = { host: '127.0.0.1', port: server.port, path, method }
    const sent =
      options.plain === true
        ? httpRequest(common)
        : httpsRequest({ ...common, ca, agent: agent ?? new Agent({ maxCachedSessions: 0 }) })
    sent.on('response', (response) => {
      let text = ''
      response.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk
      })
      response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, text }))
    })
    sent.on('error', reject)
    sent.end(body)
  })
}

it('answers over TLS with HSTS, and takes large bodies', async () => {
  const reply = await ask('/healthz')
  expect([reply.status, reply.text]).toEqual([200, '{"status":"ok"}'])
  expect(reply.headers['strict-transport-security']).toBe('max-age=31536000; includeSubDomains')
  expect((await ask('/_hot', { body: Buffer.alloc(3_000_000, 'x') })).text).toBe('3000000')
})

it('is not believed by a client that does not know the certificate', async () => {
  await expect(ask('/healthz', { ca: '' })).rejects.toThrow(/self-signed|unable/i)
})

/** What openssl says of a handshake. The server runs in this process, so that nothing here may block. */
function handshake(...flags: string[]): Promise<string> {
  return new Promise((resolve) => {
    const child = execFile(
      'openssl',
      ['s_client', '-connect', `127.0.0.1:${server.port}`, ...flags],
      { timeout: 20_000 },
      (_error, stdout, stderr) => resolve(stdout + stderr),
    )
    child.stdin?.end()
  })
}

it.each([
  { flags: ['-tls1_3'], agreed: /New, TLSv1\.3, Cipher is TLS_AES_256_GCM_SHA384/ },
  { flags: ['-tls1_2'], agreed: /New, TLSv1\.2, Cipher is ECDHE-ECDSA-AES256-GCM-SHA384/ },
  { flags: ['-alpn', 'h2,http/1.1'], agreed: /ALPN protocol: http\/1\.1/ },
  // At security level 0 the client itself would take these.
  { flags: ['-tls1_1', '-cipher', 'ALL:@SECLEVEL=0'], agreed: /alert protocol version|Cipher is \(NONE\)/ },
  { flags: ['-tls1', '-cipher', 'ALL:@SECLEVEL=0'], agreed: /alert protocol version|Cipher is \(NONE\)/ },
  { flags: ['-tls1_2', '-cipher', 'ECDHE-ECDSA-AES128-SHA:@SECLEVEL=0'], agreed: /handshake failure|Cipher is \(NONE\)/ },
])('with openssl s_client $flags', async ({ flags, agreed }) => expect(await handshake(...flags)).toMatch(agreed))

it('tells a plain HTTP client so, at once', async () => {
  const reply = await ask('/_bulk', { plain: true })
  expect(reply.status).toBe(400)
  expect(JSON.parse(reply.text)).toMatchObject({ code: 'tls_required', remedy: expect.stringContaining('https://') })
  const posted = await ask('/_bulk', { plain: true, body: Buffer.alloc(300_000) })
  expect(posted.status).toBe(400)
  expect(posted.headers['strict-transport-security']).toBeUndefined()
})

it('outlives clients that send rubbish or go away', async () => {
  for (const bytes of [Buffer.from([0x16, 3, 1, 0xff, 0xff, 1]), Buffer.from('\0\0\0'), randomBytes(2_000)]) {
    await new Promise<void>((resolve) => {
      const socket = connect(server.port, '127.0.0.1', () => socket.end(bytes))
      socket.on('error', () => {})
      socket.on('close', () => resolve())
      socket.resume()
    })
  }
  await new Promise<void>((resolve) => {
    const socket = connect(server.port, '127.0.0.1', () => socket.destroy())
    socket.on('close', () => resolve())
  })
  expect((await ask('/healthz')).status).toBe(200)
})

it('shows a replaced certificate to new connections and keeps those that are open', async () => {
  const before = readFileSync(tls.servedFile, 'utf8')
  const agent = new Agent({ keepAlive: true, maxSockets: 1, maxCachedSessions: 0 })
  expect((await ask('/healthz', { agent, ca: before })).status).toBe(200)
  newPair()
  tls.onChange(() => server.refreshTls())
  expect(await tls.check()).toBe(true)
  expect((await ask('/healthz', { agent, ca: before })).status).toBe(200)
  agent.destroy()
  await expect(ask('/healthz', { ca: before })).rejects.toThrow(/self-signed|unable/i)
  expect((await ask('/healthz')).status).toBe(200)
})

it('asks for a client certificate but takes people without one', async () => {
  const socket = tlsConnect({ host: '127.0.0.1', port: server.port, ca: readFileSync(tls.servedFile) })
  await new Promise<void>((resolve) => socket.once('secureConnect', () => resolve()))
  expect(socket.authorized).toBe(true)
  socket.on('error', () => {})
  socket.end()
  expect(await handshake()).toMatch(/No client certificate CA names sent|Requested Signature Algorithms/)
})

it('stops although a connection has sent nothing, and another is amid its handshake', async () => {
  const silent = connect(server.port, '127.0.0.1')
  const halfway = connect(server.port, '127.0.0.1', () => halfway.write(Buffer.from([0x16, 3, 1, 2, 0])))
  const ended = [silent, halfway].map(
    (socket) =>
      new Promise<void>((resolve) => {
        socket.on('error', () => {})
        socket.on('close', () => resolve())
      }),
  )
  expect((await ask('/healthz')).status).toBe(200)
  await server.close()
  await Promise.all(ended)
}, 10_000)
