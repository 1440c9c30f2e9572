import type { BodySink } from '../body.ts'
import { fault } from '../http-fault.ts'
import { type ResponseTaker, UpstreamConnection, type UpstreamTarget } from './upstream-connection.ts'

export interface PoolLimits {
  /** Milliseconds until a connection is open. */
  readonly connectTime: number
  /** Idle connections that are kept. */
  readonly keep: number
}

/** Told once: where the request can be sent. `isUsed`: the connection served another request before, and may just be closing. */
type Waiting = (connection: UpstreamConnection, isUsed: boolean) => void

/** The connections to one application, the one used last first. */
export class Pool {
  readonly #target: UpstreamTarget
  readonly #limits: PoolLimits
  readonly #idle: UpstreamConnection[] = []
  readonly #all = new Set<UpstreamConnection>()

  constructor(target: UpstreamTarget, limits: PoolLimits) {
    this.#target = target
    this.#limits = limits
  }

  get open(): number {
    return this.#all.size
  }

  /** A fresh connection where `isFresh`; `unreachable` is told instead where none can be had. */
  acquire(isFresh: boolean, take: Waiting, unreachable: () => void): void {
    while (!isFresh) {
      const idle = this.#idle.pop()
      if (idle === undefined) break
      if (idle.isOpen) {
        take(idle, true)
        return
      }
    }
    let isSettled = false
    const settle = (next: () => void) => {
      if (isSettled) return
      isSettled = true
      clearTimeout(timer)
      next()
    }
    const connection = new UpstreamConnection(this.#target, {
      ready: () => settle(() => take(connection, false)),
      free: (freed) => {
        if (this.#idle.length >= this.#limits.keep) freed.destroy()
        else this.#idle.push(freed)
      },
      closed: (closed) => {
        this.#all.delete(closed)
        const at = this.#idle.indexOf(closed)
        if (at !== -1) this.#idle.splice(at, 1)
        settle(unreachable)
      },
    })
    this.#all.add(connection)
    const timer = setTimeout(() => connection.destroy(), this.#limits.connectTime)
  }

  end(): void {
    for (const connection of this.#idle.splice(0)) connection.destroy()
  }
}

/** A request ready for the wire. */
export interface OutgoingRequest {
  readonly method: string
  readonly head: string
  readonly isChunked: boolean
  /** The whole body, where it was held back: then the request may be sent a second time. */
  readonly whole: Buffer | undefined
}

const IDEMPOTENT = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE', 'PUT', 'DELETE'])

/**
 * Sends a request; once more, over a fresh connection, where a used one closed before a byte of an answer came and
 * repeating does no harm (RFC 9110 section 9.2.2). `started` gets the sink of a body that is streamed, and how to give it up.
 */
export function sendThrough(
  pool: Pool,
  request: OutgoingRequest,
  taker: ResponseTaker,
  started: (sink: BodySink, giveUp: () => void) => void,
  isFresh = false,
): void {
  pool.acquire(
    isFresh,
    (connection, isUsed) => {
      const sink = connection.send(request.head, request.method, request.isChunked, {
        response: taker.response,
        fail: (why, wasFresh) => {
          const mayRepeat = isUsed && wasFresh && request.whole !== undefined && IDEMPOTENT.has(request.method)
          if (mayRepeat) sendThrough(pool, request, taker, started, true)
          else taker.fail(why, wasFresh)
        },
      })
      started(sink, () => connection.destroy())
      if (request.whole === undefined) return
      if (request.whole.length > 0) sink.write(request.whole)
      sink.end()
    },
    () => taker.fail(fault(502, 'closed'), true),
  )
}
