import type { Interruption, MatchMessage, ResponseHead } from '../transaction.ts'
import type { AnswerWithBody, ClientRequest } from './exchange.ts'
import type { HeaderLine } from './http1/headers.ts'

/** What looks at exchanges beside the rules: account protection, schemas, leaking data. One for all requests of a gate. */
export interface Inspector {
  /** Undefined where this request is none of its business; then it costs nothing more. */
  readonly begin: (about: Inspected) => Inspection | undefined
}

export interface Inspected {
  readonly request: ClientRequest
  readonly client: string
  readonly reference: string
  /** In detection nothing that is asked for is carried out, and no delay either. */
  readonly mode: 'detect' | 'block'
}

export interface Verdict {
  readonly messages?: readonly MatchMessage[]
  /** Ends the exchange in blocking, with this answer. */
  readonly stop?: { readonly interruption: Interruption; readonly page: AnswerWithBody }
  /** Lines for the application. */
  readonly headers?: readonly HeaderLine[]
  /** Milliseconds that the request waits. */
  readonly delay?: number
}

/** The methods are called in this order, each at most once; `over` always, and last. */
export interface Inspection {
  /** Bytes of the request's body that it wants to see. */
  readonly requestBytes: number
  readonly request: (body: Buffer, truncated: boolean) => Verdict | undefined | Promise<Verdict | undefined>
  /** Bytes of the answer's body that it wants to see; whether nothing may go out before. */
  readonly answerHead: (head: ResponseHead) => { readonly bytes: number; readonly hold: boolean }
  /** Its body, decoded. */
  readonly answer: (body: Buffer, truncated: boolean) => Verdict | undefined
  /** `isFound`: rules or others found something in this exchange. */
  readonly over: (isFound: boolean) => void
}
