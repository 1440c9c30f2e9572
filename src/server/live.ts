import type { LiveTopic } from './schema.ts'

const PAUSE_MS = 1_000
const HEARTBEAT_MS = 20_000

export interface Live {
  publish(topic: LiveTopic): void
  /** Server-sent events (WHATWG HTML §9.2); at most one message a second, topics since the last one together. */
  stream(signal: AbortSignal): AsyncIterable<string>
}

export function createLive(): Live {
  const listeners = new Set<(topic: LiveTopic) => void>()
  return {
    publish(topic) {
      for (const listener of listeners) listener(topic)
    },
    async *stream(signal) {
      const pending = new Set<LiveTopic>()
      let wake = (): void => {}
      const listener = (topic: LiveTopic): void => {
        pending.add(topic)
        wake()
      }
      const sleep = (ms: number, untilLiveTopic: boolean): Promise<void> =>
        new Promise((resolve) => {
          const done = (): void => {
            clearTimeout(timer)
            signal.removeEventListener('abort', done)
            wake = () => {}
            resolve()
          }
          const timer = setTimeout(done, ms)
          signal.addEventListener('abort', done)
          if (untilLiveTopic) wake = done
        })
      listeners.add(listener)
      try {
        yield 'retry: 2000\n\n'
        while (!signal.aborted) {
          if (pending.size === 0) await sleep(HEARTBEAT_MS, true)
          if (signal.aborted) return
          if (pending.size === 0) {
            yield ': still here\n\n'
            continue
          }
          const topics = [...pending]
          pending.clear()
          yield `event: change\ndata: ${JSON.stringify({ topics })}\n\n`
          await sleep(PAUSE_MS, false)
        }
      } finally {
        listeners.delete(listener)
      }
    },
  }
}
