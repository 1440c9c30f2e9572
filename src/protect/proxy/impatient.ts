import type { BodySource } from './body.ts'
import { fault } from './http-fault.ts'

/** Streams that are meant to stay open, however rarely something is to be said. */
const LASTING = /^(?:text\/event-stream|application\/(?:grpc|x-ndjson|stream\+json)|multipart\/x-mixed-replace)/i

/** True for an answer whose sender may be silent for as long as it likes. */
export function lasts(contentType: string): boolean {
  return LASTING.test(contentType)
}

/** A source whose sender may be silent for so many milliseconds while it is let flow; then it is given up, and told as 504. */
export function impatient(source: BodySource, time: number, giveUp: () => void): BodySource {
  let timer: NodeJS.Timeout | undefined
  let isOver = false
  let late: () => void = () => {}
  const wait = () => {
    clearTimeout(timer)
    if (!isOver) timer = setTimeout(late, time)
  }
  const over = (): boolean => {
    clearTimeout(timer)
    const wasOver = isOver
    isOver = true
    return !wasOver
  }
  return {
    flow: (taker) => {
      late = () => {
        if (!over()) return
        giveUp()
        taker.fail(fault(504, 'timeout'))
      }
      wait()
      source.flow({
        data: (chunk) => {
          timer?.refresh()
          taker.data(chunk)
        },
        end: () => {
          if (over()) taker.end()
        },
        fail: (why) => {
          if (over()) taker.fail(why)
        },
      })
    },
    pause: () => {
      clearTimeout(timer)
      timer = undefined
      source.pause()
    },
    resume: () => {
      wait()
      source.resume()
    },
  }
}
