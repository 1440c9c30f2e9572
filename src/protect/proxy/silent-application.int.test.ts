import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import { connect, type Socket } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { type Guarded, type GuardedOptions, guarded, wafOf } from './testing/gates.ts'

const TIME = 150
let open: Guarded[] = []
afterEach(async () => {
  await Promise.all(open.splice(0).map((each) => each.close()))
  open = []
})

async function gate(application: RequestListener, options: GuardedOptions = {}): Promise<Guarded> {
  const made = await guarded(application, { answerTime: TIME, ...options })
  open.push(made)
  return made
}

const pause = (time: number) => new Promise((resolve) => setTimeout(resolve, time))
const GET = 'GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n'
const HOLDING = { waf: wafOf({ answerBody: () => undefined }) }

/** Answers in two pieces, with a pause between them. */
const inPieces =
  (type: string, between: number): RequestListener =>
  (_request, response) => {
    response.writeHead(200, { 'content-type': type })
    response.write('one')
    if (Number.isFinite(between)) setTimeout(() => response.end('two'), between)
  }

async function opened(port: number): Promise<Socket> {
  const socket = connect(port, '127.0.0.1')
  await once(socket, 'connect')
  return socket
}

describe('an application that falls silent within its answer', () => {
  it('is given up, with a record, where the answer is held', async () => {
    const { talk, records } = await gate(inPieces('text/html', Number.POSITIVE_INFINITY), HOLDING)
    expect(await talk(GET)).toMatch(/^HTTP\/1\.1 504 /)
    expect(records).toMatchObject([{ status: 504, fault: 'timeout' }])
  })

  it.each([
    ['passes', {}],
    ['is watched', { ...HOLDING, mode: 'detect' as const }],
  ])('breaks off what %s, so that the client sees that something is missing', async (_how, options) => {
    const { talk, records } = await gate(inPieces('text/html', Number.POSITIVE_INFINITY), options)
    const answer = await talk(GET)
    expect(answer).toContain('one')
    expect(answer).not.toContain('0\r\n\r\n')
    expect(records).toHaveLength(1)
  })

  it('may pause, as long as it is not for the whole time', async () => {
    const { talk } = await gate(inPieces('text/html', TIME / 3), HOLDING)
    expect(await talk(GET)).toContain('onetwo')
  })

  it.each(['text/event-stream', 'application/grpc-web+proto'])('may be silent in a stream of %s', async (type) => {
    const { talk } = await gate(inPieces(type, TIME * 3))
    expect(await talk(GET)).toContain('two')
  })

  it('may be silent after a change of protocol', async () => {
    const made = await guarded(
      createServer().on('upgrade', (_request, socket) => {
        socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n')
        setTimeout(() => socket.end('late'), TIME * 3)
      }),
      { answerTime: TIME },
    )
    open.push(made)
    expect(await made.talk('GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n')).toContain('late')
  })

  it('is not held to it while the client takes nothing', async () => {
    const size = 32 << 20
    const { port } = await gate((_request, response) => response.end(Buffer.alloc(size)))
    const socket = await opened(port)
    socket.write(GET)
    socket.pause()
    await pause(TIME * 3)
    let seen = 0
    socket.on('data', (chunk) => {
      seen += chunk.length
    })
    socket.resume()
    await once(socket, 'close')
    expect(seen).toBeGreaterThan(size)
  })
})

describe('a body that streams to the application', () => {
  const HEAD = 'POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: '

  it('may take longer than the application has for its answer', async () => {
    const { port } = await gate((request, response) => {
      request.resume()
      request.on('end', () => response.end('whole'))
    })
    const socket = await opened(port)
    socket.write(`${HEAD}6\r\n\r\n`)
    let answer = ''
    socket.setEncoding('latin1').on('data', (text: string) => {
      answer += text
    })
    for (let piece = 0; piece < 6; piece += 1) {
      await pause(TIME / 2)
      socket.write('x')
    }
    await once(socket, 'close')
    expect(answer).toContain('whole')
  })

  it('that the application does not take is given up', async () => {
    const { port, records } = await gate(() => {}, { largestBody: 1 << 28 })
    const socket = await opened(port)
    socket.on('error', () => {})
    socket.write(`${HEAD}${64 << 20}\r\n\r\n`)
    socket.write(Buffer.alloc(64 << 20))
    socket.resume()
    await expect.poll(() => records, { timeout: 5000 }).toMatchObject([{ status: 504, fault: 'timeout' }])
    socket.destroy()
  })
})
