import type { HttpFault } from './http-fault.ts'

/** Who takes a body: the pieces in order, then exactly one of `end` and `fail`. */
export interface BodyTaker {
  readonly data: (chunk: Buffer) => void
  readonly end: () => void
  readonly fail: (fault: HttpFault) => void
}

/** A body on its way in. Nothing flows before `flow`, which is called once; pausing reaches back to the sender's socket. */
export interface BodySource {
  readonly flow: (taker: BodyTaker) => void
  readonly pause: () => void
  readonly resume: () => void
}

/** Where a body goes. `write` answers false where the receiver is slow; `drained` then tells when to go on. */
export interface BodySink {
  readonly write: (chunk: Buffer) => boolean
  readonly end: () => void
  /** Breaks off, so that the receiver can see that something is missing. */
  readonly abort: () => void
  readonly drained: (go: () => void) => void
}

export const EMPTY_SOURCE: BodySource = { flow: (taker) => taker.end(), pause: () => {}, resume: () => {} }

/** A body that was held back: its bytes, and whether it went beyond the limit (then `rest` brings what follows). */
export interface HeldBody {
  readonly bytes: Buffer
  readonly rest: BodySource | undefined
}

/** Reads up to `limit` bytes; what is beyond stays in the source, paused. Rejects with the fault of a body that breaks off. */
export function hold(source: BodySource, limit: number): Promise<HeldBody | HttpFault> {
  return new Promise((settle) => {
    const chunks: Buffer[] = []
    let size = 0
    let taker: BodyTaker | undefined
    const before: Buffer[] = []
    let ended: 'end' | HttpFault | undefined
    let isOver = false
    const rest: BodySource = {
      flow: (next) => {
        taker = next
        for (const chunk of before.splice(0)) next.data(chunk)
        if (ended === 'end') next.end()
        else if (ended !== undefined) next.fail(ended)
        else source.resume()
      },
      pause: () => source.pause(),
      resume: () => source.resume(),
    }
    source.flow({
      data: (chunk) => {
        if (taker !== undefined) return taker.data(chunk)
        const room = limit - size
        if (chunk.length <= room && !isOver) {
          size += chunk.length
          chunks.push(chunk)
          return
        }
        if (!isOver) {
          isOver = true
          chunks.push(chunk.subarray(0, room))
          before.push(chunk.subarray(room))
          source.pause()
          settle({ bytes: Buffer.concat(chunks), rest })
        } else before.push(chunk)
      },
      end: () => {
        if (taker !== undefined) return taker.end()
        ended = 'end'
        if (!isOver) settle({ bytes: chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks), rest: undefined })
      },
      fail: (fault) => {
        if (taker !== undefined) return taker.fail(fault)
        ended = fault
        if (!isOver) settle(fault)
      },
    })
  })
}

/** Lets a source flow into a sink at the sink's pace. */
export function pump(source: BodySource, sink: BodySink, over: (fault: HttpFault | undefined) => void): void {
  source.flow({
    data: (chunk) => {
      if (sink.write(chunk)) return
      source.pause()
      sink.drained(() => source.resume())
    },
    end: () => {
      sink.end()
      over(undefined)
    },
    fail: (fault) => {
      sink.abort()
      over(fault)
    },
  })
}
