import { connect, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { probePeer } from '../../../platform/probe-peer.ts'
import type { BodySink, BodySource, BodyTaker } from '../body.ts'
import type { UpgradedSocket } from '../exchange.ts'
import { fault, type HttpFault } from '../http-fault.ts'
import { BodyReader } from '../http1/body-reader.ts'
import { findHead } from '../http1/head-finder.ts'
import { type ParsedResponse, parseResponseHead } from '../http1/response-head.ts'
import { SocketSink } from '../http1/socket-sink.ts'

/** An application's address. */
export interface UpstreamTarget {
  readonly host: string
  readonly port: number
  /** Present where it speaks TLS. */
  readonly tls?: { readonly serverName: string; readonly ca?: string }
}

export interface UpstreamResponse {
  readonly head: ParsedResponse
  /** Must be let flow, or the answer be discarded: the connection is not used again before. */
  readonly body: BodySource
  readonly discard: () => void
  /** After a 101: the bytes both ways. */
  readonly upgraded?: UpgradedSocket
}

/** Told exactly once: the response's head, or why there is none. `isFresh`: not a byte of an answer had come. */
export interface ResponseTaker {
  readonly response: (response: UpstreamResponse) => void
  readonly fail: (fault: HttpFault, isFresh: boolean) => void
}

const LARGEST_HEAD = 256 * 1024

/** A connection to an application: one request at a time. */
export class UpstreamConnection {
  readonly #socket: Socket
  readonly #sink: SocketSink
  readonly #free: (connection: UpstreamConnection) => void
  readonly #closed: (connection: UpstreamConnection) => void
  #bytes: Buffer | undefined
  #method = ''
  #taker: ResponseTaker | undefined
  #reader: BodyReader | undefined
  #bodyTaker: BodyTaker | undefined
  #bodyFault: HttpFault | undefined
  #isPaused = false
  #isUpgraded = false
  #staysOpen = false
  #isSent = true
  #hasBytes = false
  #isRead = false
  #hasEnded = false

  constructor(
    target: UpstreamTarget,
    on: {
      readonly ready: () => void
      readonly free: (connection: UpstreamConnection) => void
      readonly closed: (connection: UpstreamConnection) => void
    },
  ) {
    const { tls } = target
    const at = { host: target.host, port: target.port }
    this.#socket =
      tls === undefined
        ? connect({ ...at, noDelay: true })
        : connectTls({
            ...at,
            servername: tls.serverName,
            ALPNProtocols: ['http/1.1'],
            ...(tls.ca === undefined ? {} : { ca: tls.ca }),
          })
    probePeer(this.#socket)
    this.#sink = new SocketSink(this.#socket)
    this.#free = on.free
    this.#closed = on.closed
    this.#socket.once(tls === undefined ? 'connect' : 'secureConnect', on.ready)
    this.#socket.on('data', (chunk: Buffer) => this.#take(chunk))
    this.#socket.on('end', () => this.#ended())
    this.#socket.on('error', () => this.#socket.destroy())
    this.#socket.on('close', () => {
      this.#break(fault(502, 'closed'))
      this.#closed(this)
    })
  }

  get isOpen(): boolean {
    return !this.#socket.destroyed && this.#socket.writable && this.#socket.readable
  }

  /** Sends a head (with its empty line); the body goes into the sink that is given back. */
  send(head: string, method: string, isChunked: boolean, taker: ResponseTaker): BodySink {
    this.#method = method
    this.#taker = taker
    this.#reader = undefined
    this.#bodyTaker = undefined
    this.#bodyFault = undefined
    this.#isPaused = false
    this.#isRead = false
    this.#hasBytes = false
    this.#isSent = false
    return this.#sink.message(head, isChunked, false, () => {
      this.#isSent = true
      this.#freeIfDone()
    })
  }

  destroy(): void {
    this.#socket.destroy()
  }

  #take(chunk: Buffer): void {
    if (this.#isUpgraded) {
      this.#bodyTaker?.data(chunk)
      return
    }
    // Nobody asked: an answer without a question would be taken for the next one's.
    if (this.#taker === undefined && this.#reader === undefined) {
      this.destroy()
      return
    }
    this.#hasBytes = true
    this.#bytes = this.#bytes === undefined ? chunk : Buffer.concat([this.#bytes, chunk])
    if (this.#reader === undefined) this.#readHead()
    else this.#readBody()
  }

  #readHead(): void {
    while (this.#bytes !== undefined && this.#taker !== undefined) {
      const found = findHead(this.#bytes, LARGEST_HEAD)
      if (found === undefined) return
      const head = 'code' in found ? fault(502, found.code) : parseResponseHead(found.text, this.#method)
      if ('code' in head) {
        this.#break(head)
        this.destroy()
        return
      }
      const rest = 'end' in found && found.end < this.#bytes.length ? this.#bytes.subarray(found.end) : undefined
      this.#bytes = rest
      if (head.status < 200 && head.status !== 101) continue
      this.#begin(head)
    }
  }

  #begin(head: ParsedResponse): void {
    const taker = this.#taker!
    this.#taker = undefined
    if (head.status === 101) {
      this.#isUpgraded = true
      taker.response({ head, body: this.#source(), discard: () => this.destroy(), upgraded: this.#upgraded() })
      return
    }
    this.#reader = new BodyReader(head.framing)
    this.#staysOpen = head.keepAlive
    taker.response({ head, body: this.#source(), discard: () => this.destroy() })
    this.#readBody()
  }

  #source(): BodySource {
    return {
      flow: (taker) => {
        if (this.#bodyFault !== undefined) return taker.fail(this.#bodyFault)
        this.#bodyTaker = taker
        this.#readBody()
      },
      pause: () => {
        this.#isPaused = true
        this.#socket.pause()
      },
      resume: () => {
        this.#isPaused = false
        this.#socket.resume()
        this.#readBody()
      },
    }
  }

  #readBody(): void {
    const taker = this.#bodyTaker
    const reader = this.#reader
    if (reader === undefined || taker === undefined || this.#isPaused) {
      if ((this.#bytes?.length ?? 0) > 1 << 20) this.#socket.pause()
      return
    }
    const bytes = this.#bytes
    this.#bytes = undefined
    if (bytes !== undefined) {
      const stop = reader.push(bytes, 0, (data) => taker.data(data))
      if (reader.fault !== undefined) {
        this.#break(fault(502, reader.fault.code))
        this.destroy()
        return
      }
      if (stop < bytes.length) this.#bytes = bytes.subarray(stop)
    }
    if (this.#hasEnded && this.#bytes === undefined && !reader.done) reader.end()
    if (reader.fault !== undefined) {
      this.#break(fault(502, reader.fault.code))
      return
    }
    if (!reader.done) return
    this.#reader = undefined
    this.#bodyTaker = undefined
    this.#isRead = true
    // More than the answer: the rest cannot be anyone's.
    if (this.#bytes !== undefined) this.#staysOpen = false
    this.#freeIfDone()
    taker.end()
  }

  #freeIfDone(): void {
    if (!this.#isRead || !this.#isSent) return
    this.#isRead = false
    if (!this.#staysOpen) {
      this.destroy()
      return
    }
    if (this.#socket.isPaused()) this.#socket.resume()
    this.#free(this)
  }

  #upgraded(): UpgradedSocket {
    return {
      source: {
        flow: (taker) => {
          this.#bodyTaker = taker
          const before = this.#bytes
          this.#bytes = undefined
          if (before !== undefined) taker.data(before)
        },
        pause: () => this.#socket.pause(),
        resume: () => this.#socket.resume(),
      },
      sink: {
        write: (chunk) => this.#socket.write(chunk),
        end: () => this.#socket.end(),
        abort: () => this.destroy(),
        drained: (go) => this.#socket.once('drain', go),
      },
    }
  }

  #ended(): void {
    if (this.#isUpgraded) {
      this.#bodyTaker?.end()
      this.#bodyTaker = undefined
      return
    }
    this.#staysOpen = false
    this.#hasEnded = true
    // What came is still to be read by whoever is slow.
    this.#readBody()
    this.#socket.end()
  }

  #break(why: HttpFault): void {
    const taker = this.#taker
    const bodyTaker = this.#bodyTaker
    this.#taker = undefined
    this.#bodyTaker = undefined
    this.#bodyFault = why
    taker?.fail(why, !this.#hasBytes)
    bodyTaker?.fail(why)
  }
}
