import { redirectTo, stopPage } from '../proxy/block-page.ts'
import { clientAddress } from '../proxy/client-address.ts'
import type { AnswerWithBody } from '../proxy/exchange.ts'
import { GuardedTransaction } from '../proxy/guarded-transaction.ts'
import { type HeaderLine, headerOf } from '../proxy/http1/headers.ts'
import { newReference } from '../proxy/reference.ts'
import type { Interruption, ResponseHead } from '../transaction.ts'
import type { Guard } from './guard.ts'

/** A request as a framework gives it; byte strings. */
export interface VisitedRequest {
  readonly method: string
  readonly target: string
  readonly protocol: string
  readonly headers: readonly HeaderLine[]
  readonly peer: { readonly address: string; readonly port: number }
  readonly local: { readonly address: string; readonly port: number }
}

/** One request's way through the rules inside an application. Each answer that is given is to be sent in place of the application's. */
export class Visit {
  readonly #guard: Guard
  readonly #request: VisitedRequest
  readonly #reference = newReference()
  readonly #client: string
  readonly #started: number
  readonly #transaction: GuardedTransaction
  #isOver = false

  constructor(guard: Guard, request: VisitedRequest) {
    this.#guard = guard
    this.#request = request
    this.#started = guard.now()
    this.#client = clientAddress(request.peer.address, request.headers, guard.trusted)
    this.#transaction = new GuardedTransaction(() => guard.waf.begin(guard.mode))
  }

  /** Phase 1. */
  begin(): AnswerWithBody | undefined {
    const { method, target, protocol, headers, peer, local } = this.#request
    const head = {
      uniqueId: this.#reference,
      remoteAddress: this.#client,
      remotePort: peer.port,
      method,
      target,
      protocol,
      headers,
    }
    return this.#decide(this.#transaction.requestHead({ ...head, serverAddress: local.address, serverPort: local.port }))
  }

  get wantsRequestBody(): boolean {
    return this.#transaction.wantsRequestBody()
  }

  get requestBodyLimit(): number {
    return this.#guard.waf.requestBodyLimit
  }

  /** Phase 2. What is beyond the limit can hide anything: in blocking it is refused, in detection its beginning is looked at. */
  body(bytes: Buffer, truncated: boolean): AnswerWithBody | undefined {
    if (truncated && this.#guard.mode === 'block') return this.#stop(413, 'refused')
    return this.#decide(this.#transaction.requestBody(bytes.subarray(0, this.requestBodyLimit), truncated))
  }

  /** Phase 3. */
  answer(head: ResponseHead): AnswerWithBody | undefined {
    return this.#decide(this.#transaction.responseHead(head))
  }

  /** True where the answer must wait for `answerBody`. */
  get holdsAnswer(): boolean {
    return this.#guard.mode === 'block' && this.#transaction.wantsResponseBody()
  }

  get wantsAnswerBody(): boolean {
    return this.#transaction.wantsResponseBody()
  }

  get answerBodyLimit(): number {
    return this.#guard.waf.responseBodyLimit
  }

  /** Phase 4. */
  answerBody(bytes: Buffer, truncated: boolean): AnswerWithBody | undefined {
    return this.#decide(this.#transaction.responseBody(bytes.subarray(0, this.answerBodyLimit), truncated))
  }

  /** Phase 5, and the record. Does nothing the second time. */
  finish(status: number, blocked = false): void {
    if (this.#isOver) return
    this.#isOver = true
    const { rules, messages, interruption } = this.#transaction.finish()
    const { method, target, headers } = this.#request
    const host = headerOf(headers, 'host')
    const { error } = this.#transaction
    this.#guard.record({
      id: headerOf(headers, 'x-crs-test') ?? null,
      rules,
      status,
      messages,
      reference: this.#reference,
      time: new Date(this.#started).toISOString(),
      client: this.#client,
      method,
      ...(host === undefined ? {} : { host }),
      uri: target,
      mode: this.#guard.mode,
      ...(interruption === undefined ? {} : { interruption }),
      blocked,
      ...(error === undefined ? {} : { engineError: error }),
    })
  }

  #decide(interruption: Interruption | undefined): AnswerWithBody | undefined {
    if (this.#isOver) return undefined
    if (this.#transaction.error !== undefined && this.#guard.onEngineError === 'closed') return this.#stop(503, 'unavailable')
    if (interruption === undefined) return undefined
    if (interruption.action !== 'redirect') return this.#stop(interruption.status, 'blocked')
    this.finish(interruption.status, true)
    return redirectTo(interruption.status, interruption.location, this.#reference)
  }

  #stop(status: number, kind: 'blocked' | 'refused' | 'unavailable'): AnswerWithBody {
    this.finish(status, kind === 'blocked')
    return stopPage(kind, status, this.#reference, this.#request.headers)
  }
}
