import type { BodySource } from './body.ts'
import { fault } from './http-fault.ts'

/** Whose turn it is while a body streams: the client's to send more, or the application's to take it and then to answer. */
export interface Turns {
  readonly ofApplication: () => void
  readonly ofClient: () => void
}

/** A body on its way to the application, refused where it goes beyond `largest` bytes. */
export function uploading(body: BodySource, largest: number, turns: Turns): BodySource {
  let size = 0
  return {
    flow: (taker) =>
      body.flow({
        data: (chunk) => {
          size += chunk.length
          if (size > largest) taker.fail(fault(413, 'body-too-large'))
          else taker.data(chunk)
        },
        end: () => {
          turns.ofApplication()
          taker.end()
        },
        fail: taker.fail,
      }),
    pause: () => {
      turns.ofApplication()
      body.pause()
    },
    resume: () => {
      turns.ofClient()
      body.resume()
    },
  }
}
