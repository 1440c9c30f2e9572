import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { type ClientHttp2Stream, connect as connectHttp2 } from 'node:http2'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect } from 'node:tls'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { makeServerCertificate } from '../../platform/tls/make-certificate.ts'
import { remoteJudge } from '../logins/judges.ts'
import { type ServedGate, serveGate } from './serve-gate.ts'
import { DENY, wafOf } from './testing/gates.ts'
import { WafSettings } from './waf-settings.ts'

const folder = mkdtempSync(join(tmpdir(), 'waf-tls-'))
let served: ServedGate
let port = 0
const LARGE = 3_000_000
const application = createServer((request, response) => {
  if (request.url === '/large') {
    response.end('x'.repeat(LARGE))
    return
  }
  let body = ''
  request.on('data', (chunk) => {
    body += chunk
  })
  request.on('end', () => {
    if (request.url === '/twice') response.setHeader('etag', ['"a"', '"b"'])
    response.setHeader('proxy-connection', 'keep-alive')
    response.setHeader('set-cookie', ['a=1', 'b=2'])
    response.end(JSON.stringify({ method: request.method, url: request.url, headers: request.headers, body }))
  })
})

beforeAll(async () => {
  const tls = await Promise.all(
    ['shop.example', '*.intra.example'].map(async (name, at) => {
      const { cert, key } = await makeServerCertificate([name], Date.now())
      const files = { certFile: join(folder, `${at}.crt`), keyFile: join(folder, `${at}.key`) }
      writeFileSync(files.certFile, cert)
      writeFileSync(files.keyFile, key)
      return { names: [name], ...files }
    }),
  )
  application.listen(0, '127.0.0.1')
  await once(application, 'listening')
  const upstream = `http://127.0.0.1:${(application.address() as AddressInfo).port}`
  const settings = WafSettings.parse({
    listen: { host: '127.0.0.1', port: 0 },
    upstreams: [upstream],
    rules: ['none'],
    tls,
    limits: { bodyPauseSeconds: 1 },
  })
  const waf = wafOf({
    head: (target) => (target.includes('evil') ? DENY : undefined),
    body: (body) => (body.includes('evil') ? DENY : undefined),
  })
  served = serveGate(
    settings,
    { waf, shadow: undefined },
    { warn: () => {}, judge: remoteJudge(() => {}, 1000), scan: async () => [] },
  )
  served.listener.server.listen(0, '127.0.0.1')
  await once(served.listener.server, 'listening')
  port = (served.listener.server.address() as AddressInfo).port
})

afterAll(async () => {
  application.closeAllConnections()
  application.close()
  await served.close()
  rmSync(folder, { recursive: true })
})

function subjectFor(servername: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1', servername, rejectUnauthorized: false }, () => {
      resolve(socket.getPeerCertificate().subjectaltname ?? '')
      socket.destroy()
    })
    socket.on('error', reject)
  })
}

interface Answer {
  readonly status: number
  readonly headers: Record<string, unknown>
  readonly body: string
}

/** One request in HTTP/2. */
async function ask(headers: Record<string, string | string[]>, body?: string): Promise<Answer> {
  const session = connectHttp2(`https://127.0.0.1:${port}`, { servername: 'shop.example', rejectUnauthorized: false })
  try {
    const stream = session.request({ ':authority': 'shop.example', ...headers }, { endStream: body === undefined })
    if (body !== undefined) stream.end(body)
    const [head] = (await once(stream, 'response')) as [Record<string, unknown>]
    let text = ''
    for await (const chunk of stream) text += chunk
    return { status: head[':status'] as number, headers: head, body: text }
  } finally {
    session.close()
  }
}

describe('TLS in front', () => {
  it.each([
    ['shop.example', 'DNS:shop.example'],
    ['a.INTRA.example', 'DNS:*.intra.example'],
    ['a.b.intra.example', 'DNS:shop.example'],
    ['unknown.example', 'DNS:shop.example'],
  ])('chooses the certificate for %s', async (name, expected) => expect(await subjectFor(name)).toBe(expected))

  it('speaks HTTP/1.1 with whoever wants it', async () => {
    const socket = connect({
      port,
      host: '127.0.0.1',
      servername: 'shop.example',
      rejectUnauthorized: false,
      ALPNProtocols: ['http/1.1'],
    })
    socket.write('GET /a HTTP/1.1\r\nHost: shop.example\r\nConnection: close\r\n\r\n')
    let text = ''
    for await (const chunk of socket) text += chunk
    expect(text).toMatch(/^HTTP\/1\.1 200 [\s\S]*"x-forwarded-proto":"https"/)
  })
})

describe('HTTP/2 in front', () => {
  it('is one request in HTTP/1.1 to the application', async () => {
    const { status, headers, body } = await ask(
      { ':method': 'POST', ':path': '/a?b=c', cookie: ['a=1', 'b=2'], 'x-own': '1' },
      'hello',
    )
    expect(status).toBe(200)
    expect(headers['set-cookie']).toEqual(['a=1', 'b=2'])
    expect(JSON.parse(body)).toMatchObject({
      ...{ method: 'POST', url: '/a?b=c', body: 'hello' },
      headers: { host: 'shop.example', cookie: 'a=1; b=2', 'x-own': '1', 'content-length': '5' },
    })
  })

  it.each<[string, Record<string, string>, string | undefined, number]>([
    ['by its path', { ':path': '/evil' }, undefined, 403],
    ['by its body', { ':method': 'POST', ':path': '/' }, 'evil', 403],
    ['for a host beside another authority', { ':path': '/', host: 'other.example' }, undefined, 400],
  ])('is stopped %s', async (_name, headers, body, status) => expect((await ask(headers, body)).status).toBe(status))

  /** A request whose body is left open; what came back, when the stream ended. */
  async function halfOpen(path: string, begun: (stream: ClientHttp2Stream) => void): Promise<{ status: number; size: number }> {
    const session = connectHttp2(`https://127.0.0.1:${port}`, { servername: 'shop.example', rejectUnauthorized: false })
    const stream = session.request({ ':authority': 'shop.example', ':method': 'POST', ':path': path }, { endStream: false })
    let status = 0
    let size = 0
    stream.on('response', (head) => {
      status = Number(head[':status'])
    })
    stream.on('data', (chunk: Buffer) => {
      size += chunk.length
    })
    stream.on('error', () => {})
    begun(stream)
    await once(stream, 'close')
    session.close()
    return { status, size }
  }

  it('is not kept open for a body that nobody wants any more', async () => {
    expect(await halfOpen('/evil', () => {})).toMatchObject({ status: 403 })
    expect((await ask({ ':method': 'HEAD', ':path': '/a' })).status).toBe(200)
  })

  it('ends a client that sends its body in a trickle', async () => {
    const trickle = (stream: ClientHttp2Stream) => {
      const timer = setInterval(() => stream.write('a'), 200)
      stream.on('close', () => clearInterval(timer))
    }
    expect(await halfOpen('/', trickle)).toMatchObject({ status: 408 })
  })

  it('ends a client that stops taking its answer', async () => {
    const { status, size } = await halfOpen('/large', (stream) => {
      stream.end()
      stream.on('response', () => {
        stream.pause()
        setTimeout(() => stream.resume(), 3500)
      })
    })
    expect(status).toBe(200)
    expect(size).toBeLessThan(LARGE)
  })

  it('does not fall over an answer that HTTP/2 cannot carry', async () => {
    expect((await ask({ ':path': '/twice' })).status).toBe(502)
    expect((await ask({ ':path': '/' })).status).toBe(200)
  })

  it('carries many requests at once', async () => {
    const session = connectHttp2(`https://127.0.0.1:${port}`, { servername: 'shop.example', rejectUnauthorized: false })
    const paths = Array.from({ length: 50 }, (_, at) => `/${at}`)
    const urls = await Promise.all(
      paths.map(async (path) => {
        const stream = session.request({ ':authority': 'shop.example', ':path': path })
        let text = ''
        for await (const chunk of stream) text += chunk
        return (JSON.parse(text) as { url: string }).url
      }),
    )
    session.close()
    expect(urls).toEqual(paths)
  })
})
