import type { Interruption } from '../transaction.ts'
import { redirectTo, stopPage } from './block-page.ts'
import { type BodySink, type BodySource, hold, pump } from './body.ts'
import { clientAddress } from './client-address.ts'
import { copying } from './copying.ts'
import { decodedBody } from './decoded-body.ts'
import type { ClientAnswer, ClientRequest } from './exchange.ts'
import { exchangeRecord, withInspections } from './exchange-record.ts'
import { forwardedAnswerHead, forwardedRequestHead, wantedUpgrade } from './forward-head.ts'
import type { Gate } from './gate.ts'
import { GuardedTransaction } from './guarded-transaction.ts'
import { type FaultCode, fault, type HttpFault } from './http-fault.ts'
import { headerOf, valuesOf } from './http1/headers.ts'
import { impatient, lasts } from './impatient.ts'
import { Inspections } from './inspections.ts'
import { newReference } from './reference.ts'
import { headOf } from './seen-head.ts'
import { uploading } from './uploading.ts'
import { type OutgoingRequest, sendThrough } from './upstream/pool.ts'
import type { UpstreamResponse } from './upstream/upstream-connection.ts'

const NOTHING = Buffer.alloc(0)

/** Leads one request through the rules to the application, and its answer back. */
export function handleRequest(gate: Gate, request: ClientRequest, answer: ClientAnswer): void {
  new Exchange(gate, request, answer).start()
}

class Exchange {
  readonly #gate: Gate
  readonly #request: ClientRequest
  readonly #answer: ClientAnswer
  readonly #reference = newReference()
  readonly #client: string
  readonly #transaction: GuardedTransaction
  readonly #shadow: GuardedTransaction | undefined
  readonly #inspections: Inspections | undefined
  readonly #started: number
  #isOver = false
  #isAnswered = false
  #hasResponded = false
  #abandon: (() => void) | undefined
  /** The change of protocol that was asked of the application. */
  #wanted: string | undefined
  #timer: NodeJS.Timeout | undefined

  constructor(gate: Gate, request: ClientRequest, answer: ClientAnswer) {
    this.#gate = gate
    this.#request = request
    this.#answer = answer
    this.#started = gate.now()
    this.#client = clientAddress(request.peer.address, request.headers, gate.trusted)
    this.#transaction = new GuardedTransaction(() => gate.waf.begin(gate.mode))
    const { shadow } = gate
    this.#shadow = shadow === undefined ? undefined : new GuardedTransaction(() => shadow.waf.begin('detect'))
    const { inspectors, mode } = gate
    this.#inspections =
      inspectors === undefined
        ? undefined
        : Inspections.begin(inspectors, { request, client: this.#client, reference: this.#reference, mode })
  }

  start(): void {
    this.#answer.onGone(() => this.#gone())
    const { peer, local } = this.#request
    const head = headOf(this.#reference, this.#request, this.#client, peer.port, local)
    this.#shadow?.requestHead(head)
    if (this.#decided(this.#transaction.requestHead(head))) return
    const { method, headers, length } = this.#request
    if (method === 'CONNECT') {
      this.#stop(405, 'refused')
      return
    }
    const expectation = headerOf(headers, 'expect')
    if (expectation !== undefined && expectation.toLowerCase() !== '100-continue') {
      this.#stop(417, 'refused', 'expectation')
      return
    }
    if (length !== undefined && length > this.#gate.largestBody) {
      this.#stop(413, 'refused', 'body-too-large')
      return
    }
    if (length === 0) {
      this.#requestRead(NOTHING, false, undefined)
      return
    }
    const wants = this.#transaction.wantsRequestBody() || this.#shadow?.wantsRequestBody() === true
    if (!wants && (this.#inspections?.requestBytes ?? 0) === 0) {
      this.#requestRead(NOTHING, false, this.#request.body)
      return
    }
    void this.#holdRequest(wants)
  }

  /** @param wants whether rules do; others that look on make do with a beginning. */
  async #holdRequest(wants: boolean): Promise<void> {
    const { waf, shadow, onLargeBody } = this.#gate
    const ofRules = wants ? Math.max(waf.requestBodyLimit, shadow?.waf.requestBodyLimit ?? 0) : 0
    const limit = Math.max(ofRules, this.#inspections?.requestBytes ?? 0)
    const held = await hold(this.#request.body, limit)
    if (this.#isOver) return
    if ('code' in held) return this.#stop(held.status, 'refused', held.code)
    const isRefused = onLargeBody === 'refuse' && this.#gate.mode === 'block'
    if (wants && held.rest !== undefined && isRefused) return this.#stop(413, 'refused', 'body-too-large')
    this.#requestRead(held.bytes, held.rest !== undefined, held.rest)
  }

  /** Phase 2, with what was held back; `rest` is what still flows. */
  #requestRead(held: Buffer, truncated: boolean, rest: BodySource | undefined): void {
    const { waf, shadow } = this.#gate
    this.#shadow?.requestBody(...limited(held, truncated, shadow?.waf.requestBodyLimit ?? 0))
    if (this.#decided(this.#transaction.requestBody(...limited(held, truncated, waf.requestBodyLimit)))) return
    if (this.#inspections === undefined) this.#forward(held, rest)
    else void this.#inspect(this.#inspections, held, truncated, rest)
  }

  async #inspect(inspections: Inspections, held: Buffer, truncated: boolean, rest: BodySource | undefined): Promise<void> {
    await inspections.request(held, truncated)
    if (this.#isOver || this.#stopped(inspections)) return
    const { delay } = inspections
    if (delay === 0 || this.#gate.mode === 'detect') this.#forward(held, rest)
    else
      this.#timer = setTimeout(() => {
        if (!this.#isOver) this.#forward(held, rest)
      }, delay)
  }

  #forward(held: Buffer, rest: BodySource | undefined): void {
    const pool = this.#gate.upstream()
    if (pool === undefined) {
      this.#stop(503, 'unavailable', 'closed')
      return
    }
    const outgoing = this.#outgoing(held, rest)
    if (rest === undefined) this.#await()
    sendThrough(
      pool,
      outgoing,
      { response: (response) => this.#responded(response), fail: (why) => this.#failed(why) },
      (sink, giveUp) => {
        this.#abandon = giveUp
        if (this.#isOver) giveUp()
        else if (rest !== undefined) {
          if (held.length > 0) sink.write(held)
          this.#stream(rest, sink)
        }
      },
    )
  }

  /** It is the application's turn: to take more of the request, or to answer. */
  #await(): void {
    clearTimeout(this.#timer)
    if (!this.#isOver && !this.#hasResponded)
      this.#timer = setTimeout(() => this.#failed(fault(504, 'timeout')), this.#gate.answerTime)
  }

  #stream(rest: BodySource, sink: BodySink): void {
    const turns = { ofApplication: () => this.#await(), ofClient: () => clearTimeout(this.#timer) }
    pump(uploading(rest, this.#gate.largestBody, turns), sink, (why) => {
      if (why !== undefined) this.#failed(why)
    })
  }

  #outgoing(held: Buffer, rest: BodySource | undefined): OutgoingRequest {
    const { method, length } = this.#request
    const isChunked = rest !== undefined && length === undefined
    // A request that came with an empty body goes out with one; one without goes out without.
    const said = rest === undefined ? held.length : length
    const hasLength = said !== undefined && (said > 0 || headerOf(this.#request.headers, 'content-length') !== undefined)
    const framing = isChunked ? 'Transfer-Encoding: chunked\r\n' : hasLength ? `Content-Length: ${said}\r\n` : ''
    const from = {
      client: this.#client,
      isPeerTrusted: this.#gate.trusted.isTrusted(this.#request.peer.address),
      defaultHost: this.#gate.defaultHost,
    }
    this.#wanted = this.#answer.upgrade === undefined ? undefined : wantedUpgrade(this.#request)
    return {
      method,
      head: forwardedRequestHead(this.#request, from, this.#inspectedLines() + framing, this.#wanted),
      isChunked,
      whole: rest === undefined ? held : undefined,
    }
  }

  #inspectedLines(): string {
    return this.#inspections?.headers.map(([name, value]) => `${name}: ${value}\r\n`).join('') ?? ''
  }

  #responded(given: UpstreamResponse): void {
    clearTimeout(this.#timer)
    this.#hasResponded = true
    const response = this.#hastened(given)
    if (this.#isOver) {
      response.discard()
      return
    }
    this.#abandon = response.discard
    const { head } = response
    const seen = { status: head.status, protocol: head.protocol, headers: head.headers }
    this.#shadow?.responseHead(seen)
    if (this.#decided(this.#transaction.responseHead(seen))) return
    if (response.upgraded !== undefined) {
      this.#upgrade(response)
      return
    }
    const wants = this.#transaction.wantsResponseBody()
    const wantsShadow = this.#shadow?.wantsResponseBody() === true
    const inspected = this.#inspections?.answerHead(seen)
    if (head.framing.kind === 'none' || (!wants && !wantsShadow && (inspected?.bytes ?? 0) === 0)) {
      this.#passAnswer(response)
      return
    }
    const limit = this.#answerLimit(wants || wantsShadow, inspected?.bytes ?? 0)
    if ((wants || inspected?.hold === true) && this.#gate.mode === 'block') void this.#holdAnswer(response, limit)
    else this.#watchAnswer(response, limit)
  }

  /** The same answer, given up where the application falls silent within it. */
  #hastened(response: UpstreamResponse): UpstreamResponse {
    if (response.upgraded !== undefined || lasts(headerOf(response.head.headers, 'content-type') ?? '')) return response
    return { ...response, body: impatient(response.body, this.#gate.answerTime, response.discard) }
  }

  #answerLimit(isForRules: boolean, bytes: number): number {
    const { waf, shadow } = this.#gate
    return isForRules ? Math.max(waf.responseBodyLimit, shadow?.waf.responseBodyLimit ?? 0, bytes) : bytes
  }

  /** The rules have no further interest: their record is written before anything of the answer. */
  #passAnswer(response: UpstreamResponse): void {
    this.#shadow?.responseBody(NOTHING, false)
    if (this.#decided(this.#transaction.responseBody(NOTHING, false)) || this.#inspectedAnswer(NOTHING, false)) return
    this.#finish(response.head.status, false)
    this.#isAnswered = true
    pump(response.body, this.#answer.head(forwardedAnswerHead(response.head)), () => {})
  }

  /** Blocking: nothing of the answer goes out before the rules have seen it (its first bytes, up to the limit). */
  async #holdAnswer(response: UpstreamResponse, limit: number): Promise<void> {
    const held = await hold(response.body, limit)
    if (this.#isOver) return
    if ('code' in held) return this.#failed(held)
    const isTruncated = held.rest !== undefined
    const decoded = this.#decoded(response, held.bytes)
    if (this.#decided(this.#seenAnswer(decoded, isTruncated)) || this.#inspectedAnswer(decoded, isTruncated)) return
    this.#finish(response.head.status, false)
    this.#isAnswered = true
    const head = forwardedAnswerHead(response.head)
    const sink = this.#answer.head(held.rest === undefined ? { ...head, length: held.bytes.length } : head)
    sink.write(held.bytes)
    if (held.rest === undefined) sink.end()
    else pump(held.rest, sink, () => {})
  }

  /** Detection: the answer passes while its beginning is copied; only what ends it waits for the record. */
  #watchAnswer(response: UpstreamResponse, limit: number): void {
    const head = forwardedAnswerHead(response.head)
    this.#isAnswered = true
    const sink = this.#answer.head(head)
    const conclude = (copied: Buffer, isTruncated: boolean) => {
      const decoded = this.#decoded(response, copied)
      this.#seenAnswer(decoded, isTruncated)
      this.#inspections?.answer(decoded, isTruncated)
      this.#finish(response.head.status, false)
    }
    pump(response.body, copying(sink, limit, head.length, conclude), () => {})
  }

  #decoded(response: UpstreamResponse, body: Buffer): Buffer {
    return decodedBody(body, valuesOf(response.head.headers, 'content-encoding').join(), this.#gate.waf.responseBodyLimit)
  }

  #seenAnswer(decoded: Buffer, truncated: boolean): Interruption | undefined {
    const { waf, shadow } = this.#gate
    if (shadow !== undefined) this.#shadow?.responseBody(...limited(decoded, truncated, shadow.waf.responseBodyLimit))
    return this.#transaction.responseBody(...limited(decoded, truncated, waf.responseBodyLimit))
  }

  #upgrade(response: UpstreamResponse): void {
    const take = this.#answer.upgrade
    const protocol = headerOf(response.head.headers, 'upgrade')
    // Bytes that no rule sees flow only where both sides said what they are (RFC 9110 section 7.8).
    const isAgreed = this.#wanted !== undefined && protocol?.toLowerCase() === this.#wanted
    if (take === undefined || response.upgraded === undefined || protocol === undefined || !isAgreed) {
      this.#failed(fault(502, 'status-line'))
      return
    }
    this.#shadow?.responseBody(NOTHING, false)
    if (this.#decided(this.#transaction.responseBody(NOTHING, false))) return
    this.#finish(101, false)
    this.#isAnswered = true
    const { head, upgraded } = response
    const answered = forwardedAnswerHead(head)
    const client = take({ ...answered, headers: [...answered.headers, ['Upgrade', protocol]] })
    pump(client.source, upgraded.sink, () => {})
    pump(upgraded.source, client.sink, () => {})
  }

  /** True where the request ends here: the rules say so, or failed where that closes the door. */
  #decided(interruption: Interruption | undefined): boolean {
    if (this.#transaction.error !== undefined && this.#gate.onEngineError === 'closed') {
      this.#abandon?.()
      this.#stop(503, 'unavailable')
      return true
    }
    if (interruption === undefined) return false
    this.#abandon?.()
    if (interruption.action === 'drop') this.#drop()
    else if (interruption.action === 'redirect') this.#redirect(interruption)
    else this.#stop(interruption.status, 'blocked')
    return true
  }

  #inspectedAnswer(decoded: Buffer, truncated: boolean): boolean {
    if (this.#inspections === undefined) return false
    this.#inspections.answer(decoded, truncated)
    return this.#stopped(this.#inspections)
  }

  /** As `#decided`, for those that look on beside the rules. */
  #stopped(inspections: Inspections): boolean {
    if (inspections.error !== undefined && this.#gate.onEngineError === 'closed') {
      this.#abandon?.()
      this.#stop(503, 'unavailable')
      return true
    }
    if (inspections.stop === undefined || this.#gate.mode === 'detect') return false
    this.#abandon?.()
    const { head, body } = inspections.stop.page
    this.#finish(head.status, true)
    const sink = this.#answer.head(head)
    sink.write(body)
    sink.end()
    return true
  }

  #drop(): void {
    this.#finish(0, true)
    this.#answer.head({ status: 403, headers: [], length: undefined }).abort()
  }

  #redirect(interruption: Interruption): void {
    const { head } = redirectTo(interruption.status, interruption.location, this.#reference)
    this.#finish(interruption.status, true)
    this.#answer.head(head).end()
  }

  #stop(status: number, kind: 'blocked' | 'refused' | 'unavailable', code?: FaultCode): void {
    if (this.#isOver) return
    const { head, body } = stopPage(kind, status, this.#reference, this.#request.headers)
    this.#finish(status, kind === 'blocked', code)
    const sink = this.#answer.head(head)
    sink.write(body)
    sink.end()
  }

  /** The application's side, or the rest of the client's, broke off. */
  #failed(why: HttpFault): void {
    clearTimeout(this.#timer)
    if (this.#isAnswered) return
    this.#abandon?.()
    if (why.status < 500) this.#stop(why.status, 'refused', why.code)
    else this.#stop(why.status, 'unavailable', why.code)
  }

  #gone(): void {
    clearTimeout(this.#timer)
    this.#abandon?.()
    if (!this.#isOver) this.#finish(499, false, 'closed')
  }

  #finish(status: number, blocked: boolean, code?: FaultCode): void {
    if (this.#isOver) return
    this.#isOver = true
    const { method, target, headers } = this.#request
    const about = { reference: this.#reference, started: this.#started, client: this.#client, method, target, headers }
    const end = { status, blocked, code }
    const record = exchangeRecord(about, end, this.#transaction, this.#gate.mode)
    this.#inspections?.over(record.messages.length > 0)
    this.#gate.record(withInspections(record, this.#inspections))
    if (this.#shadow !== undefined) this.#gate.shadow?.record(exchangeRecord(about, end, this.#shadow, 'shadow'))
  }
}

function limited(body: Buffer, truncated: boolean, limit: number): [Buffer, boolean] {
  return body.length > limit ? [body.subarray(0, limit), true] : [body, truncated]
}
