import type { Socket } from 'node:net'
import type { BodySink, BodySource, BodyTaker } from '../body.ts'
import { EMPTY_SOURCE } from '../body.ts'
import type { AnswerHead, AnswerWithBody, ClientAnswer, ClientRequest, UpgradedSocket } from '../exchange.ts'
import { fault, type HttpFault } from '../http-fault.ts'
import { plainAddress } from '../plain-address.ts'
import { BodyReader } from './body-reader.ts'
import { brokenStart, findHead } from './head-finder.ts'
import { headerOf } from './headers.ts'
import { type ParsedRequest, parseRequestHead, type RefusedRequest } from './request-head.ts'
import { SocketSink } from './socket-sink.ts'
import { writeAnswerHead } from './write-head.ts'

/** Times in milliseconds, sizes in bytes. */
export interface ConnectionLimits {
  readonly headBytes: number
  /** From the first byte of a head to its end: what a slow sender gets. */
  readonly headTime: number
  /** The longest pause within a body, also while a client takes an answer; and the least bytes a second over the whole of a request's. */
  readonly bodyPause: number
  readonly bodyRate: number
  /** Between two requests. */
  readonly idleTime: number
}

/** Whom a connection asks; both must end by answering, and are never called at the same time. */
export interface ConnectionHandler {
  readonly request: (request: ClientRequest, answer: ClientAnswer) => void
  /** A request that is refused; answers with the response's text, already recorded. */
  readonly refused: (refused: RefusedRequest, peer: ClientRequest['peer'], local: ClientRequest['local']) => AnswerWithBody
}

const MOST_PIPELINED = 64 * 1024

/**
 * A client's connection in HTTP/1: one request after the other, the next one read only after the answer to the one before
 * (pipelined requests wait, unread). A message that could be read in two ways is refused, and the connection ended.
 */
export class ClientConnection {
  /** When the client must have sent something, in milliseconds as `now` counts; infinite while we are the one to act. */
  deadline: number
  readonly #socket: Socket
  readonly #handler: ConnectionHandler
  readonly #limits: ConnectionLimits
  readonly #now: () => number
  readonly #isTls: boolean
  readonly #tls: string | undefined
  readonly #sink: SocketSink
  #bytes: Buffer | undefined
  #state: 'head' | 'body' | 'answering' | 'upgraded' | 'over' = 'head'
  #reader: BodyReader | undefined
  #taker: BodyTaker | undefined
  #bodyFault: HttpFault | undefined
  #isPaused = false
  #bodyStart = 0
  #bodyBytes = 0
  #hasAnswered = false
  #ends = false
  #isDraining = false
  #gone: (() => void) | undefined
  #isInProcess = false

  constructor(
    socket: Socket,
    handler: ConnectionHandler,
    limits: ConnectionLimits,
    { now, isTls, tls }: { readonly now: () => number; readonly isTls: boolean; readonly tls?: string | undefined },
  ) {
    this.#socket = socket
    this.#handler = handler
    this.#limits = limits
    this.#now = now
    this.#isTls = isTls
    this.#tls = tls
    this.#sink = new SocketSink(socket)
    this.deadline = now() + limits.headTime
    socket.on('data', (chunk: Buffer) => this.#take(chunk))
    socket.on('end', () => this.#clientEnded())
    socket.on('error', () => socket.destroy())
    socket.on('close', () => this.#closed())
    socket.setTimeout(limits.bodyPause)
    socket.on('timeout', () => this.#stalled())
  }

  get isIdle(): boolean {
    return this.#state === 'head' && this.#bytes === undefined
  }

  /** The next answer, or the one under way, is the last. */
  retire(): void {
    this.#isDraining = true
  }

  /** Ends now where nothing is under way, else after the answer. */
  drain(): void {
    this.#isDraining = true
    if (this.isIdle) this.#socket.end()
  }

  /** The client let its time pass. */
  expire(): void {
    if (this.#state === 'head') {
      if (this.#bytes === undefined) this.#socket.end()
      else this.#refuse({ fault: fault(408, 'timeout') })
    } else if (this.#state === 'body') this.#failBody(fault(408, 'timeout'))
    else this.#socket.destroy()
  }

  /** No byte went either way for a while. Where some wait to go out, the client takes none; else it is we who keep it waiting. */
  #stalled(): void {
    if (this.#socket.writableLength > 0) this.#socket.destroy()
  }

  #take(chunk: Buffer): void {
    if (this.#state === 'over') return
    if (this.#state === 'upgraded') {
      this.#taker?.data(chunk)
      return
    }
    if (this.#bytes === undefined) {
      if (this.#state === 'head') this.deadline = this.#now() + this.#limits.headTime
      this.#bytes = chunk
    } else this.#bytes = Buffer.concat([this.#bytes, chunk])
    if (this.#state === 'answering' && this.#bytes.length > MOST_PIPELINED) this.#socket.pause()
    this.#process()
  }

  #process(): void {
    if (this.#isInProcess) return
    this.#isInProcess = true
    while (this.#bytes !== undefined) {
      // One step a turn: a head may have been all that came, and its body is still to come.
      const goesOn = this.#state === 'head' ? this.#readHead() : this.#state === 'body' && this.#readBody()
      if (!goesOn) break
    }
    this.#isInProcess = false
  }

  #readHead(): boolean {
    const bytes = this.#bytes!
    const found = findHead(bytes, this.#limits.headBytes)
    if (found === undefined) {
      const broken = brokenStart(bytes)
      if (broken !== undefined) this.#refuse({ fault: broken })
      return false
    }
    if ('code' in found) {
      this.#refuse({ fault: found })
      return false
    }
    const parsed = parseRequestHead(found.text)
    if ('fault' in parsed) {
      this.#refuse(parsed)
      return false
    }
    this.#bytes = found.end === bytes.length ? undefined : bytes.subarray(found.end)
    this.#begin(parsed)
    return true
  }

  #begin(parsed: ParsedRequest): void {
    this.#hasAnswered = false
    this.#ends = !parsed.keepAlive
    this.#taker = undefined
    this.#bodyFault = undefined
    this.#isPaused = false
    this.#reader = new BodyReader(parsed.framing)
    const hasBody = !this.#reader.done
    this.#state = hasBody ? 'body' : 'answering'
    this.deadline = Number.POSITIVE_INFINITY
    const { framing } = parsed
    this.#handler.request(
      {
        method: parsed.method,
        target: parsed.target,
        protocol: parsed.protocol,
        headers: parsed.headers,
        length: framing.kind === 'length' ? framing.length : framing.kind === 'none' ? 0 : undefined,
        body: hasBody ? this.#source(headerOf(parsed.headers, 'expect') !== undefined) : EMPTY_SOURCE,
        peer: this.#peer(),
        local: this.#local(),
        isTls: this.#isTls,
        tls: this.#tls,
      },
      this.#answer(parsed),
    )
  }

  #source(expectsContinue: boolean): BodySource {
    return {
      flow: (taker) => {
        if (this.#bodyFault !== undefined) return taker.fail(this.#bodyFault)
        this.#taker = taker
        this.#bodyStart = this.#now()
        this.#bodyBytes = 0
        this.deadline = this.#bodyStart + this.#limits.bodyPause
        if (expectsContinue && this.#bytes === undefined) this.#socket.write('HTTP/1.1 100 Continue\r\n\r\n', 'latin1')
        // Nobody took what came before, so that it may have stopped the socket.
        if (this.#socket.isPaused()) this.#socket.resume()
        this.#process()
      },
      pause: () => {
        this.#isPaused = true
        this.deadline = Number.POSITIVE_INFINITY
        this.#socket.pause()
      },
      resume: () => {
        this.#isPaused = false
        if (this.#state === 'body') this.deadline = this.#now() + this.#limits.bodyPause
        this.#socket.resume()
        this.#process()
      },
    }
  }

  /** False where no more can be read for now. */
  #readBody(): boolean {
    const taker = this.#taker
    const bytes = this.#bytes!
    const reader = this.#reader!
    if (taker === undefined || this.#isPaused) {
      if (bytes.length > MOST_PIPELINED) this.#socket.pause()
      return false
    }
    this.#bytes = undefined
    const stop = reader.push(bytes, 0, (data) => {
      this.#bodyBytes += data.length
      taker.data(data)
    })
    if (reader.fault !== undefined) {
      this.#failBody(reader.fault)
      return false
    }
    if (stop < bytes.length) this.#bytes = bytes.subarray(stop)
    if (reader.done) {
      this.#state = 'answering'
      this.deadline = Number.POSITIVE_INFINITY
      taker.end()
      this.#nextIfAnswered()
      return true
    }
    if (!this.#isPaused) this.deadline = this.#bodyDeadline()
    return false
  }

  /** A pause ends it, and so does a trickle: `bodyRate` bytes a second, after the first pause's worth of grace. */
  #bodyDeadline(): number {
    const now = this.#now()
    const byRate = this.#bodyStart + this.#limits.bodyPause + (this.#bodyBytes / this.#limits.bodyRate) * 1000
    return Math.min(now + this.#limits.bodyPause, Math.max(byRate, now))
  }

  #failBody(why: HttpFault): void {
    this.#ends = true
    this.#state = 'answering'
    this.deadline = Number.POSITIVE_INFINITY
    this.#bytes = undefined
    this.#fail(why)
    if (this.#hasAnswered) this.#socket.end()
  }

  /** Whoever asks for the body later is told then. */
  #fail(why: HttpFault): void {
    this.#bodyFault = why
    const taker = this.#taker
    this.#taker = undefined
    taker?.fail(why)
  }

  #answer(parsed: ParsedRequest): ClientAnswer {
    return {
      head: (head) => {
        this.#hasAnswered = true
        // Unread bytes of a body cannot be told from the next request.
        if (this.#state === 'body') this.#ends = true
        return this.#writeAnswer(parsed, head)
      },
      upgrade:
        parsed.protocol === 'HTTP/1.1'
          ? (head) => {
              this.#sink.write(Buffer.from(writeAnswerHead(head, '', 'Connection: Upgrade\r\n'), 'latin1'))
              return this.#upgraded()
            }
          : undefined,
      onGone: (told) => {
        this.#gone = told
      },
    }
  }

  #writeAnswer(parsed: ParsedRequest, head: AnswerHead): BodySink {
    const isHead = parsed.method === 'HEAD'
    const hasNone = isHead || head.status === 204 || head.status === 304
    const isOld = parsed.protocol === 'HTTP/1.0'
    const isChunked = !hasNone && head.length === undefined && !isOld
    if (!hasNone && head.length === undefined && isOld) this.#ends = true
    if (this.#isDraining) this.#ends = true
    const length = head.length === undefined || head.status === 204 ? '' : `Content-Length: ${head.length}\r\n`
    const framing = isChunked ? 'Transfer-Encoding: chunked\r\n' : length
    const connection = this.#ends ? 'Connection: close\r\n' : isOld ? 'Connection: keep-alive\r\n' : ''
    return this.#sink.message(writeAnswerHead(head, framing, connection), isChunked, hasNone, () => this.#answered())
  }

  #answered(): void {
    this.#gone = undefined
    if (this.#ends || this.#isDraining) {
      const isUnread = this.#state === 'body'
      this.#state = 'over'
      // Whoever still waits for the rest of the body (an application that answered early) would wait for ever.
      if (isUnread) this.#fail(fault(499, 'closed'))
      this.#linger()
      return
    }
    this.#state = 'head'
    this.#reader = undefined
    this.#nextIfAnswered()
  }

  #nextIfAnswered(): void {
    if (this.#state !== 'head') return
    this.deadline = this.#now() + (this.#bytes === undefined ? this.#limits.idleTime : this.#limits.headTime)
    if (this.#socket.isPaused()) this.#socket.resume()
    this.#process()
  }

  /**
   * What the client still sends is read for a moment and thrown away: a reset would take the answer with it (RFC 9112 section 9.6).
   * The moment begins when the answer has left, however slowly the client takes it.
   */
  #linger(): void {
    this.deadline = Number.POSITIVE_INFINITY
    this.#bytes = undefined
    this.#socket.end(() => {
      this.deadline = this.#now() + 2000
    })
    this.#socket.resume()
  }

  #refuse(refused: RefusedRequest): void {
    this.#state = 'over'
    const { head, body } = this.#handler.refused(refused, this.#peer(), this.#local())
    const text = writeAnswerHead(head, `Content-Length: ${body.length}\r\n`, 'Connection: close\r\n')
    this.#socket.write(Buffer.concat([Buffer.from(text, 'latin1'), body]))
    this.#linger()
  }

  #upgraded(): UpgradedSocket {
    this.#state = 'upgraded'
    this.deadline = Number.POSITIVE_INFINITY
    return {
      source: {
        flow: (taker) => {
          this.#taker = taker
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
        abort: () => this.#socket.destroy(),
        drained: (go) => this.#socket.once('drain', go),
      },
    }
  }

  #clientEnded(): void {
    if (this.#state === 'upgraded') this.#taker?.end()
    else if (this.#state === 'head') {
      if (this.#bytes !== undefined) this.#refuse({ fault: fault(400, 'incomplete') })
      else this.#socket.end()
    } else if (this.#state === 'body') this.#failBody(fault(400, 'incomplete'))
    else if (this.#state === 'answering' && !this.#hasAnswered) {
      // Half a close cannot be told from a client that left; as other proxies do, the application need not go on.
      this.#socket.destroy()
    } else this.#ends = true
  }

  #closed(): void {
    const isUnderWay = this.#state === 'upgraded' || this.#state === 'body'
    this.#state = 'over'
    if (isUnderWay) this.#fail(fault(499, 'closed'))
    this.#gone?.()
    this.#gone = undefined
  }

  #peer(): ClientRequest['peer'] {
    return { address: plainAddress(this.#socket.remoteAddress), port: this.#socket.remotePort ?? 0 }
  }

  #local(): ClientRequest['local'] {
    return { address: plainAddress(this.#socket.localAddress), port: this.#socket.localPort ?? 0 }
  }
}
