import { constants, performServerHandshake, type ServerHttp2Session, type ServerHttp2Stream } from 'node:http2'
import type { TLSSocket } from 'node:tls'
import { type BodySource, type BodyTaker, EMPTY_SOURCE } from '../body.ts'
import type { AnswerHead, ClientAnswer, ClientRequest } from '../exchange.ts'
import { fault, type HttpFault } from '../http-fault.ts'
import type { ConnectionHandler, ConnectionLimits } from '../http1/client-connection.ts'
import { plainAddress } from '../plain-address.ts'
import { tlsOf } from '../tls/tls-of.ts'
import { requestFromStream } from './request-head.ts'

/** A client's connection in HTTP/2: its streams are requests like others, spoken to the application in HTTP/1.1. */
export class ClientSession {
  readonly #session: ServerHttp2Session
  readonly #handler: ConnectionHandler
  readonly #limits: ConnectionLimits
  readonly #tls: string
  readonly #socket: TLSSocket

  constructor(socket: TLSSocket, handler: ConnectionHandler, limits: ConnectionLimits) {
    this.#socket = socket
    this.#tls = tlsOf(socket)
    this.#handler = handler
    this.#limits = limits
    this.#session = performServerHandshake(socket, {
      maxHeaderListPairs: 256,
      settings: { maxConcurrentStreams: 128, maxHeaderListSize: limits.headBytes, enableConnectProtocol: false },
    })
    this.#session.on('error', () => socket.destroy())
    this.#session.setTimeout(limits.idleTime, () => this.#session.close())
    this.#session.on('stream', (stream, _headers, _flags, raw) => this.#begin(stream as ServerHttp2Stream, raw as string[]))
  }

  /** Says that no further request is taken; open ones get their answer. */
  retire(): void {
    this.drain()
  }

  /** No further request; open ones get their answer. */
  drain(): void {
    if (!this.#session.closed) this.#session.close()
  }

  #begin(stream: ServerHttp2Stream, raw: readonly string[]): void {
    stream.on('error', () => {})
    const peer = { address: plainAddress(this.#socket.remoteAddress), port: this.#socket.remotePort ?? 0 }
    const local = { address: plainAddress(this.#socket.localAddress), port: this.#socket.localPort ?? 0 }
    const read = requestFromStream(raw)
    if ('fault' in read) {
      const { head, body } = this.#handler.refused(read, peer, local)
      respond(stream, { ...head, length: body.length }, false)
      endStream(stream, body)
      return
    }
    const hasBody = !stream.endAfterHeaders
    const source = hasBody ? streamSource(stream, this.#limits) : undefined
    const request: ClientRequest = {
      ...read,
      length: hasBody ? read.length : 0,
      body: source ?? EMPTY_SOURCE,
      peer,
      local,
      isTls: true,
      tls: this.#tls,
    }
    this.#handler.request(request, answerTo(stream, read.method === 'HEAD', this.#limits))
  }
}

function streamSource(stream: ServerHttp2Stream, limits: ConnectionLimits): BodySource {
  return {
    flow: (taker: BodyTaker) => {
      let isOver = false
      const start = performance.now()
      let bytes = 0
      const fail = (why: HttpFault) => {
        if (isOver) return
        isOver = true
        taker.fail(why)
      }
      stream.setTimeout(limits.bodyPause, () => fail(fault(408, 'timeout')))
      stream.on('data', (chunk: Buffer) => {
        bytes += chunk.length
        // As in HTTP/1: `bodyRate` bytes a second, after the first pause's worth of grace.
        if (performance.now() > start + limits.bodyPause + (bytes / limits.bodyRate) * 1000) fail(fault(408, 'timeout'))
        if (!isOver) taker.data(chunk)
      })
      stream.on('end', () => {
        if (isOver) return
        isOver = true
        stream.setTimeout(0)
        taker.end()
      })
      stream.on('close', () => fail(fault(499, 'closed')))
    },
    pause: () => {
      stream.setTimeout(0)
      stream.pause()
    },
    resume: () => {
      stream.setTimeout(limits.bodyPause)
      stream.resume()
    },
  }
}

function answerTo(stream: ServerHttp2Stream, isHead: boolean, limits: ConnectionLimits): ClientAnswer {
  let isEnded = false
  // No byte went either way for a while. Where some wait to go out, the client takes none; else it is we who keep it waiting.
  stream.on('timeout', () => {
    if (stream.writableLength > 0) stream.close(constants.NGHTTP2_CANCEL)
  })
  return {
    upgrade: undefined,
    onGone: (told) =>
      stream.once('close', () => {
        if (!isEnded) told()
      }),
    head: (head) => {
      const isMute = isHead || head.status === 204 || head.status === 304
      respond(stream, head, isMute)
      stream.setTimeout(limits.bodyPause)
      return {
        write: (chunk) => isMute || stream.destroyed || stream.writableEnded || stream.write(chunk),
        end: () => {
          isEnded = true
          endStream(stream)
        },
        abort: () => {
          isEnded = true
          stream.close(constants.NGHTTP2_INTERNAL_ERROR)
        },
        drained: (go) => stream.once('drain', go),
      }
    },
  }
}

/** What the client still wants to send is of no use any more, and it is told so when the answer has left (RFC 9113 section 8.1). */
function endStream(stream: ServerHttp2Stream, body?: Buffer): void {
  if (stream.destroyed) return
  const close = () => {
    if (!stream.readableEnded) stream.close(constants.NGHTTP2_NO_ERROR)
  }
  if (!stream.readableEnded) stream.resume()
  if (stream.writableFinished) close()
  else {
    stream.once('finish', close)
    if (!stream.writableEnded) stream.end(body)
  }
}

function respond(stream: ServerHttp2Stream, head: AnswerHead, isMute: boolean): void {
  if (stream.destroyed || stream.headersSent) return
  const headers: Record<string, string | string[] | number> = { ':status': head.status }
  for (const [name, value] of head.headers) {
    const lower = name.toLowerCase()
    const before = headers[lower]
    headers[lower] = before === undefined ? value : [...(Array.isArray(before) ? before : [String(before)]), value]
  }
  if (head.length !== undefined && head.status !== 204) headers['content-length'] = String(head.length)
  try {
    stream.respond(headers, { endStream: isMute })
  } catch {
    // Lines that HTTP/2 cannot carry (a field twice that may stand once): an answer that cannot be passed on as it is.
    stream.respond({ ':status': 502 }, { endStream: true })
  }
}
