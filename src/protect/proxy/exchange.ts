import type { BodySink, BodySource } from './body.ts'
import type { HeaderLine } from './http1/headers.ts'

/** What a client asks, whichever protocol it spoke. */
export interface ClientRequest {
  readonly method: string
  readonly target: string
  /** `HTTP/1.1`, `HTTP/1.0` or `HTTP/2.0`. */
  readonly protocol: string
  readonly headers: readonly HeaderLine[]
  /** Bytes of the body where the client said; undefined where it is open-ended; 0 where there is none. */
  readonly length: number | undefined
  readonly body: BodySource
  readonly peer: { readonly address: string; readonly port: number }
  readonly local: { readonly address: string; readonly port: number }
  readonly isTls: boolean
  /** Version and cipher that the client's TLS came to; undefined in clear. */
  readonly tls?: string | undefined
}

/** Head of an answer. `length` undefined: the body's end is told by the protocol's own means. */
export interface AnswerHead {
  readonly status: number
  readonly reason?: string
  readonly headers: readonly HeaderLine[]
  readonly length: number | undefined
}

export interface AnswerWithBody {
  readonly head: AnswerHead
  readonly body: Buffer
}

/** The way back to the client, called once. */
export interface ClientAnswer {
  readonly head: (head: AnswerHead) => BodySink
  /** Where the client may change protocols (HTTP/1.1 only): hands its socket over after a 101. */
  readonly upgrade: ((head: AnswerHead) => UpgradedSocket) | undefined
  /** The client went away: what is still under way for it may end. */
  readonly onGone: (told: () => void) => void
}

/** Bytes both ways after a change of protocol. */
export interface UpgradedSocket {
  readonly source: BodySource
  readonly sink: BodySink
}
