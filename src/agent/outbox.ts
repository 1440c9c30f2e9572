import { randomUUID } from 'node:crypto'
import type { JsonObject } from '../kernel/json.ts'
import type { Knowing, Spool } from './spool.ts'

/** Between the collectors and the spool: numbers events, and writes them in batches. */
export interface Outbox {
  /**
   * @param knowing what is known once the event is durable: one write keeps both.
   * @returns false where there is no room and the event is lost; its number is spent, so that the server sees the gap.
   */
  readonly emit: (event: JsonObject, knowing?: Knowing) => boolean
  /** What was known by events of former runs. */
  readonly takeKnown: Spool['takeKnown']
  /** Resolves once there is room again, or at the end. */
  readonly room: () => Promise<void>
  /** Writes what waits where it is much; else resolves at once. */
  readonly settle: () => Promise<void>
  /** Writes what waits; resolves once it is durable, or the spool is full. */
  readonly flush: () => Promise<void>
}

/** Looks at an event under the id that the server will know it by; what it found goes along in the event. */
export type Inspect = (event: JsonObject, id: string) => JsonObject[] | undefined

const MOST_LINES = 1_000
const MOST_BYTES = 1_000_000

interface Line {
  readonly number: number
  readonly text: string
  readonly knowing: Knowing | undefined
}

/**
 * @param common is put into every event: host and agent.
 * @param count is told of `events.made` and `events.dropped`.
 * @param seen is given each event as it will be sent.
 * @param inspect looks at each before it is written down.
 */
export function openOutbox(
  spool: Spool,
  common: JsonObject,
  count: (name: string) => void,
  signal: AbortSignal,
  seen: (line: string) => void = () => {},
  inspect: Inspect = () => undefined,
): Outbox {
  const run = randomUUID().slice(0, 8)
  let waiting: Line[] = []
  let bytes = 0
  let full = false
  let waiters: (() => void)[] = []
  let flushing: Promise<void> = Promise.resolve()

  /** The first lines that make one batch: numbers without a hole, not too many. */
  const take = (): Line[] => {
    let end = 0
    let size = 0
    while (end < waiting.length && end < MOST_LINES && size < MOST_BYTES && waiting[end]!.number === waiting[0]!.number + end) {
      size += waiting[end]!.text.length
      end += 1
    }
    return waiting.slice(0, end)
  }

  async function drain(): Promise<void> {
    while (waiting.length > 0) {
      const lines = take()
      const knowing = lines.flatMap((line) => (line.knowing === undefined ? [] : [line.knowing]))
      const batch = { run, first: lines[0]!.number, lines: lines.map(({ text }) => text) }
      const kept = await spool.append(knowing.length === 0 ? batch : { ...batch, knowing })
      full = !kept
      if (!kept) return
      waiting = waiting.slice(lines.length)
      for (const { text } of lines) bytes -= text.length
    }
    for (const wake of waiters) wake()
    waiters = []
  }
  const flush = (): Promise<void> => {
    flushing = flushing.then(drain)
    return flushing
  }
  signal.addEventListener('abort', () => {
    for (const wake of waiters) wake()
  })

  return {
    emit(event, knowing) {
      const number = spool.next()
      if (full && bytes > MOST_BYTES) {
        count('events.dropped')
        return false
      }
      const made: JsonObject = {
        '@timestamp': new Date().toISOString(),
        ...event,
        event: { ...(event['event'] as JsonObject | undefined), sequence: number },
        host: { ...(event['host'] as JsonObject | undefined), ...(common['host'] as JsonObject) },
        agent: { ...(common['agent'] as JsonObject), ephemeral_id: run },
      }
      const detections = inspect(made, `${(common['agent'] as JsonObject)['id'] as string}-${run}-${number}`)
      const text = JSON.stringify(
        detections === undefined
          ? made
          : { ...made, kanpeki_agent: { ...(made['kanpeki_agent'] as JsonObject | undefined), detections } },
      )
      seen(text)
      waiting.push({ number, text, knowing })
      bytes += text.length
      count('events.made')
      return true
    },
    takeKnown: spool.takeKnown,
    room: () => new Promise((resolve) => waiters.push(resolve)),
    settle: async () => {
      if (bytes > MOST_BYTES) await flush()
    },
    flush,
  }
}
