import { once } from 'node:events'
import { createServer, type IncomingMessage, type RequestListener } from 'node:http'
import { connect, createServer as createTcpServer, type Server } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { trustedProxies } from './client-address.ts'
import { DENY, type Guarded, type GuardedOptions, guarded, wafOf } from './testing/gates.ts'

let open: Guarded[] = []
afterEach(async () => {
  await Promise.all(open.splice(0).map((each) => each.close()))
  open = []
})

async function gate(application: RequestListener, options: GuardedOptions = {}): Promise<Guarded> {
  const made = await guarded(application, options)
  open.push(made)
  return made
}

/** An application that tells what it was asked. */
const echo: RequestListener = (request, response) => {
  void bodyOf(request).then((body) => {
    response.setHeader('content-type', 'application/json')
    response.end(JSON.stringify({ method: request.method, url: request.url, headers: request.rawHeaders, body }))
  })
}

async function bodyOf(message: IncomingMessage): Promise<string> {
  let body = ''
  message.setEncoding('latin1')
  for await (const chunk of message) body += chunk
  return body
}

const pause = (time: number) => new Promise((resolve) => setTimeout(resolve, time))

const GET = 'GET / HTTP/1.1\r\nHost: shop.example\r\nConnection: close\r\n\r\n'
const post = (body: string, extra = '') =>
  `POST / HTTP/1.1\r\nHost: shop.example\r\nConnection: close\r\nContent-Length: ${body.length}\r\n${extra}\r\n${body}`

function told(answer: string): { method: string; url: string; headers: string[]; body: string } {
  return JSON.parse(answer.slice(answer.indexOf('{'), answer.lastIndexOf('}') + 1)) as ReturnType<typeof told>
}

describe('a request through the gate', () => {
  it('reaches the application with its own headers, the client and its host named, and no hop header', async () => {
    const { talk, records } = await gate(echo)
    const answer = await talk(
      'GET /a?b=c HTTP/1.1\r\nHost: shop.example\r\nX-CRS-Test: t1\r\nX-Forwarded-For: 6.6.6.6\r\nForwarded: for=6.6.6.6\r\nKeep-Alive: 5\r\nX-Hop: 1\r\nCookie: a=b\r\nConnection: close, X-Hop, Cookie\r\nTE: trailers\r\n\r\n',
    )
    const { url, headers } = told(answer)
    expect(url).toBe('/a?b=c')
    expect(headers).toEqual([
      ...['Host', 'shop.example', 'X-CRS-Test', 't1', 'Cookie', 'a=b'],
      ...[
        'X-Forwarded-For',
        '127.0.0.1',
        'X-Forwarded-Proto',
        'http',
        'X-Forwarded-Host',
        'shop.example',
        'Connection',
        'keep-alive',
      ],
    ])
    expect(records).toMatchObject([{ id: 't1', status: 200, uri: '/a?b=c', client: '127.0.0.1', blocked: false }])
  })

  it('passes nothing on that only the firewall may say, however its name is written', async () => {
    const { talk } = await gate(echo)
    const names = [
      'X_Forwarded_For',
      'x.forwarded.host',
      'X-Forwarded-Prefix',
      'X_Forwarded_Port',
      'X-Real-IP',
      'True_Client_IP',
      'Client-IP',
      'CF-Connecting-IP',
      'Kanpeki_Step_Up',
      'Transfer_Encoding',
    ]
    const lines = names.map((name) => `${name}: evil\r\n`).join('')
    const { headers } = told(await talk(`GET / HTTP/1.1\r\nHost: a\r\n${lines}X_Own: 1\r\nConnection: close\r\n\r\n`))
    expect(headers).not.toContain('evil')
    expect(headers).toContain('X_Own')
  })

  it('believes a trusted proxy, and adds it to the chain', async () => {
    const { talk, records } = await gate(echo, { trusted: trustedProxies(['127.0.0.1']) })
    const { headers } = told(
      await talk(
        'GET / HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 198.51.100.7\r\nX-Forwarded-Proto: https\r\nX-Forwarded-Prefix: /shop\r\nX-Real-IP: 198.51.100.7\r\nConnection: close\r\n\r\n',
      ),
    )
    expect(headers.join(' ')).toContain('X-Forwarded-Prefix /shop')
    expect(headers.join(' ')).toContain('X-Real-IP 198.51.100.7')
    expect(headers.join(' ')).toContain('X-Forwarded-For 198.51.100.7, 127.0.0.1 X-Forwarded-Proto https')
    expect(records[0]?.client).toBe('198.51.100.7')
  })

  it('keeps connections on both sides, and answers pipelined requests in order', async () => {
    const connections = new Set<unknown>()
    const { talk } = await gate((request, response) => {
      connections.add(request.socket)
      response.end(request.url)
    })
    const one = (path: string, more = '') => `GET ${path} HTTP/1.1\r\nHost: a\r\n${more}\r\n`
    const answer = await talk(one('/1') + one('/2') + one('/3', 'Connection: close\r\n'))
    expect(answer.match(/\/\d$|\/\d(?=HTTP)/gm)).toEqual(['/1', '/2', '/3'])
    expect(connections.size).toBe(1)
  })

  it('streams a chunked body that no rule wants, and a held one goes out with its length', async () => {
    const chunked =
      'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n5;x=y\r\nhello\r\n1\r\n!\r\n0\r\nT: 1\r\n\r\n'
    const streamed = told(await (await gate(echo)).talk(chunked))
    expect([streamed.body, streamed.headers.includes('Transfer-Encoding')]).toEqual(['hello!', true])
    const held = told(await (await gate(echo, { waf: wafOf({ body: () => undefined }) })).talk(chunked))
    expect([held.body, held.headers.join(' ')]).toEqual(['hello!', expect.stringContaining('Content-Length 6')])
  })

  it.each(['held', 'streamed'] as const)('takes a body, %s, that comes apart from its head and in pieces', async (how) => {
    const { port } = await gate(echo, how === 'held' ? { waf: wafOf({ body: () => undefined }) } : {})
    const body = 'x'.repeat(300)
    const whole = post(body)
    const head = whole.length - body.length
    for (const cuts of [[head], [head - 1], [head + 1], [10, head, head + 100], [head, head + 1, head + 299]]) {
      const socket = connect(port, '127.0.0.1').setNoDelay(true).setEncoding('latin1')
      const answer = bodyOf(socket as unknown as IncomingMessage)
      for (const [i, end] of [...cuts, whole.length].entries()) {
        socket.write(whole.slice(cuts[i - 1] ?? 0, end), 'latin1')
        await new Promise((resolve) => setTimeout(resolve, 5))
      }
      expect(told(await answer).body, String(cuts)).toBe(body)
    }
  })

  it('passes an answer on as it comes where no rule wants it', async () => {
    let go = () => {}
    const { talk } = await gate((_request, response) => {
      response.write('first')
      go = () => response.end('second')
    })
    await talk('GET / HTTP/1.1\r\nHost: a\r\n\r\n', 'first')
    go()
  })

  it('passes an answer on as it comes while rules watch it, and writes the record before its end', async () => {
    let go = () => {}
    const { port, records } = await gate(
      (_request, response) => {
        response.setHeader('content-length', 11)
        response.write('first')
        go = () => response.end('second')
      },
      { mode: 'detect', waf: wafOf({ answerBody: (body) => (body === 'firstsecond' ? DENY : undefined) }) },
    )
    let first = () => {}
    const begun = new Promise<void>((resolve) => {
      first = resolve
    })
    const socket = connect(port, '127.0.0.1')
    let recordsAtEnd = -1
    const ended = new Promise<void>((resolve) => {
      socket.on('data', (data) => {
        if (data.includes('first')) first()
        if (!data.includes('second')) return
        recordsAtEnd = records.length
        resolve()
      })
    })
    socket.write(GET)
    await begun
    expect(records).toEqual([])
    go()
    await ended
    socket.destroy()
    expect(recordsAtEnd).toBe(1)
    expect(records).toMatchObject([{ rules: [7], status: 200 }])
  })

  it('passes a change to WebSocket through, both ways', async () => {
    const application = createServer()
    application.on('upgrade', (_request, socket) => {
      socket.write(
        'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: x\r\n\r\nhello ',
      )
      socket.on('data', (data) => socket.write(data.toString().toUpperCase()))
    })
    const made = await guarded(application, {})
    open.push(made)
    const upgrade =
      'GET /ws HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\r\n'
    const answer = await made.talk(`${upgrade}world`, 'WORLD')
    expect(answer).toMatch(/^HTTP\/1\.1 101 [\s\S]*Upgrade: websocket[\s\S]*hello WORLD$/i)
    expect(made.records).toMatchObject([{ status: 101, uri: '/ws' }])
  })

  it('does not pass a change to HTTP/2 on: it would hide requests', async () => {
    const { talk } = await gate(echo)
    const { headers } = told(
      await talk(
        'GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade, HTTP2-Settings, close\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n\r\n',
      ),
    )
    expect(headers.join(' ')).not.toMatch(/upgrade|h2c|settings/i)
  })

  it('answers HEAD and 304 without a body, and keeps the connection in step', async () => {
    const { talk } = await gate((request, response) => {
      if (request.url === '/304') response.writeHead(304, { etag: '"x"' }).end()
      else response.end('body')
    })
    const answer = await talk(`HEAD / HTTP/1.1\r\nHost: a\r\n\r\nGET /304 HTTP/1.1\r\nHost: a\r\n\r\n${GET}`)
    expect(answer.match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 200', 'HTTP/1.1 304', 'HTTP/1.1 200'])
    expect(answer.match(/body/g)).toHaveLength(1)
  })
})

describe('a request that rules stop', () => {
  it.each([
    ['by its head', { head: (target: string) => (target.includes('evil') ? DENY : undefined) }, GET.replace('/', '/evil')],
    ['by its body', { body: (body: string) => (body.includes('evil') ? DENY : undefined) }, post('a=evil')],
    ["by its answer's head", { answer: () => DENY }, GET],
    ["by its answer's body", { answerBody: (body: string) => (body.includes('secret') ? DENY : undefined) }, GET],
  ])('%s gets the page, with the reference of its record', async (_name, rules, bytes) => {
    const { talk, records } = await gate((_request, response) => response.end('the secret'), { waf: wafOf(rules) })
    const answer = await talk(bytes)
    expect(answer).toMatch(/^HTTP\/1\.1 403 /)
    expect(answer).not.toContain('secret')
    expect(records).toMatchObject([{ status: 403, rules: [7], blocked: true, interruption: { ruleId: 7 } }])
    expect(answer).toContain(`<code>${records[0]?.reference}</code>`)
  })

  it('does not reach the application', async () => {
    let calls = 0
    const { talk } = await gate(
      (_request, response) => {
        calls += 1
        response.end()
      },
      { waf: wafOf({ body: () => DENY }) },
    )
    await talk(post('x'))
    expect(calls).toBe(0)
  })

  it('passes in detection, and the record says what would have been', async () => {
    const { talk, records } = await gate(echo, { mode: 'detect', waf: wafOf({ head: () => DENY }) })
    expect(await talk(GET)).toMatch(/^HTTP\/1\.1 200 /)
    expect(records).toMatchObject([{ status: 200, rules: [7], blocked: false, interruption: { status: 403 } }])
  })

  it('is only told by the shadow, whose record is apart', async () => {
    const { talk, records, shadowRecords } = await gate(echo, {
      shadowWaf: wafOf({ body: (body) => (body === 'x' ? DENY : undefined) }),
    })
    expect(await talk(post('x'))).toMatch(/^HTTP\/1\.1 200 /)
    expect(records).toMatchObject([{ rules: [], mode: 'block' }])
    expect(shadowRecords).toMatchObject([{ rules: [7], mode: 'shadow', blocked: false, reference: records[0]?.reference }])
  })

  it('is sent elsewhere, or dropped, where the rule says so', async () => {
    const redirect = await gate(echo, {
      waf: wafOf({ head: () => ({ ruleId: 7, action: 'redirect', status: 302, location: '/sorry' }) }),
    })
    expect(await redirect.talk(GET)).toMatch(/^HTTP\/1\.1 302 [\s\S]*Location: \/sorry/)
    const drop = await gate(echo, { waf: wafOf({ head: () => ({ ruleId: 7, action: 'drop', status: 403 }) }) })
    expect(await drop.talk(GET)).toBe('')
    expect(drop.records).toMatchObject([{ status: 0, blocked: true }])
  })
})

describe('rules that fail', () => {
  const broken = wafOf({
    body: () => {
      throw new Error('out of cheese')
    },
  })

  it('close the door where that is the setting', async () => {
    const { talk, records } = await gate(echo, { waf: broken, onEngineError: 'closed' })
    expect(await talk(post('x'))).toMatch(/^HTTP\/1\.1 503 /)
    expect(records).toMatchObject([{ status: 503, engineError: 'out of cheese' }])
  })

  it('leave it open where that is', async () => {
    const { talk, records } = await gate(echo, { waf: broken, onEngineError: 'open' })
    expect(told(await talk(post('x'))).body).toBe('x')
    expect(records).toMatchObject([{ status: 200, engineError: 'out of cheese' }])
  })
})

describe('limits', () => {
  it('refuses a body beyond what rules can see, or shows them its beginning', async () => {
    const seen: [number, boolean][] = []
    const waf = wafOf({ body: (body, truncated) => void seen.push([body.length, truncated]) }, 10)
    const refusing = await gate(echo, { waf })
    expect(await refusing.talk(post('x'.repeat(11)))).toMatch(/^HTTP\/1\.1 413 /)
    expect(seen).toEqual([])
    const partial = await gate(echo, { waf, onLargeBody: 'partial' })
    const large = 'x'.repeat(100_000)
    expect(told(await partial.talk(post(large))).body).toBe(large)
    expect(seen).toEqual([[10, true]])
  })

  it('lets a body beyond what rules can see pass in detection, and shows them its beginning', async () => {
    const seen: [number, boolean][] = []
    const waf = wafOf({ body: (body, truncated) => void seen.push([body.length, truncated]) }, 10)
    const { talk } = await gate(echo, { waf, mode: 'detect' })
    const large = 'x'.repeat(100_000)
    expect(told(await talk(post(large))).body).toBe(large)
    expect(seen).toEqual([[10, true]])
  })

  it('refuses a body beyond the largest, said or not', async () => {
    const { talk } = await gate(echo, { largestBody: 10 })
    expect(await talk(post('x'.repeat(11)))).toMatch(/^HTTP\/1\.1 413 /)
    const chunked = `POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n14\r\n${'x'.repeat(20)}\r\n0\r\n\r\n`
    expect(await talk(chunked)).toMatch(/^HTTP\/1\.1 413 /)
  })

  it('refuses a head that is too large', async () => {
    const { talk, records } = await gate(echo, { limits: { headBytes: 100 } })
    expect(await talk(`GET / HTTP/1.1\r\nX: ${'x'.repeat(100)}`)).toMatch(/^HTTP\/1\.1 431 /)
    expect(records).toMatchObject([{ id: null, fault: 'head-too-large' }])
  })

  it('gives a slow client that closes the whole of a held answer', async () => {
    const size = 12_000_000
    const waf = wafOf({ answerBody: () => undefined }, 2 * size)
    const { port } = await gate((_request, response) => void response.end(Buffer.alloc(size)), { waf })
    const socket = connect(port, '127.0.0.1')
    socket.write(GET)
    await once(socket, 'readable')
    socket.pause()
    await pause(3500)
    socket.resume()
    await once(socket, 'close')
    expect(socket.bytesRead).toBeGreaterThan(size)
  })

  it('ends a client that stops taking its answer, also where the application let it wait before', async () => {
    const { port } = await gate((_request, response) => void setTimeout(() => response.end(Buffer.alloc(50_000_000)), 600), {
      limits: { bodyPause: 300 },
    })
    const socket = connect(port, '127.0.0.1')
    socket.on('error', () => {})
    socket.write(GET)
    await once(socket, 'readable')
    socket.pause()
    await pause(1500)
    socket.resume()
    await once(socket, 'close')
    expect(socket.bytesRead).toBeLessThan(50_000_000)
  })

  it('leaves no connection to an application that answered before it had the whole body', async () => {
    let connections = 0
    const application = createServer((_request, response) => void response.end('early'))
    application.on('connection', (socket) => {
      connections += 1
      socket.on('close', () => {
        connections -= 1
      })
    })
    const made = await guarded(application, {})
    open.push(made)
    expect(await made.talk('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nabc')).toContain('early')
    await pause(100)
    expect(connections).toBe(0)
  })

  it('ends a client that sends its head, or its body, too slowly', async () => {
    const { talk, records } = await gate(echo, { limits: { headTime: 1, bodyPause: 1 }, waf: wafOf({ body: () => undefined }) })
    const [head, body] = await Promise.all([
      talk('GET / HTTP/1.1\r\nHost:'),
      talk('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhel'),
    ])
    expect([head, body].map((answer) => answer.slice(0, 12))).toEqual(['HTTP/1.1 408', 'HTTP/1.1 408'])
    expect(records.map(({ fault }) => fault)).toEqual(['timeout', 'timeout'])
  })
})

describe('an application that fails', () => {
  async function raw(answer: string): Promise<Server> {
    const server = createTcpServer((socket) => {
      socket.on('error', () => {})
      socket.on('data', () => socket.end(answer, 'latin1'))
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    return server
  }

  it.each([
    ['is gone at once', '', 502],
    ['speaks something else', 'SSH-2.0-x\r\n\r\n', 502],
    ['frames its answer in two lengths', 'HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab', 502],
    ['changes protocols unasked', 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\nunseen', 502],
    ['folds a header', 'HTTP/1.1 200 OK\r\nX: a\r\n b\r\nContent-Length: 0\r\n\r\n', 502],
  ])('and %s', async (_name, wire, status) => {
    const server = await raw(wire)
    const { port } = server.address() as { port: number }
    const { Pool } = await import('./upstream/pool.ts')
    const pool = new Pool({ host: '127.0.0.1', port }, { connectTime: 500, keep: 1 })
    const made = await guarded(echo, {})
    open.push(made)
    const other = await guarded(echo, { ...({ upstream: () => pool } as object) })
    open.push(other)
    expect(await other.talk(GET)).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `))
    server.close()
  })

  it('is asked again over a fresh connection where the kept one was closing', async () => {
    let requests = 0
    const made = await gate((request, response) => {
      requests += 1
      response.end('ok')
      // What an application that restarts does: the kept connection is closed without a word.
      if (requests === 1) setImmediate(() => request.socket.destroy())
    })
    await made.talk(GET)
    expect(await made.talk(GET)).toMatch(/^HTTP\/1\.1 200 /)
  })

  it('and answers too late is given up', async () => {
    const { talk, records } = await gate(() => {}, { answerTime: 20 })
    expect(await talk(GET)).toMatch(/^HTTP\/1\.1 504 /)
    expect(records).toMatchObject([{ status: 504, fault: 'timeout' }])
  })
})

describe('a client that leaves', () => {
  it('ends its request at the application, and leaves a record', async () => {
    let closed: () => void = () => {}
    const wasClosed = new Promise<void>((resolve) => {
      closed = resolve
    })
    let arrived: () => void = () => {}
    const hasArrived = new Promise<void>((resolve) => {
      arrived = resolve
    })
    const made = await gate((request) => {
      request.socket.on('close', closed)
      arrived()
    })
    const socket = connect(made.port, '127.0.0.1')
    socket.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n')
    await hasArrived
    socket.destroy()
    await wasClosed
    expect(made.records).toMatchObject([{ status: 499, fault: 'closed' }])
  })
})

describe('a gate that is closing', () => {
  it('answers what is under way, says so, and then ends the connection', async () => {
    let go: () => void = () => {}
    let arrived: () => void = () => {}
    const hasArrived = new Promise<void>((resolve) => {
      arrived = resolve
    })
    const made = await guarded((_request, response) => {
      go = () => response.end('late')
      arrived()
    }, {})
    const answer = made.talk('GET / HTTP/1.1\r\nHost: a\r\n\r\n')
    await hasArrived
    const drained = made.listener.drain(5000)
    go()
    expect(await answer).toMatch(/Connection: close[\s\S]*late$/)
    await drained
    await made.close().catch(() => {})
  })
})
