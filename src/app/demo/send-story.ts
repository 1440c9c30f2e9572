import type { StoryItem } from './story.ts'

/** Hands lines to the ingest path under a source's name; resolves when they are on disk. */
export type SendLines = (source: string, lines: readonly string[]) => Promise<void>

export interface Pace {
  /** Milliseconds since the curtain. */
  elapsed(): number
  wait(ms: number): Promise<void>
}

const CHUNK = 400

/**
 * Sends a story's records in order. With a pace each record goes out when its time has come, otherwise all at once.
 * @returns how many records were sent.
 */
export async function sendStory(
  items: Iterable<StoryItem>,
  send: SendLines,
  options: {
    readonly pace?: Pace
    readonly onAct?: (act: number) => Promise<void> | void
    readonly stopped?: () => boolean
  } = {},
): Promise<number> {
  const { pace, onAct, stopped } = options
  let sent = 0
  let waiting: StoryItem[] = []
  let act = 0

  const flush = async (): Promise<void> => {
    for (const [source, ofSource] of Map.groupBy(waiting, (item) => item.source)) {
      await send(
        source,
        ofSource.map(({ record }) => (typeof record === 'string' ? record : JSON.stringify(record))),
      )
    }
    sent += waiting.length
    waiting = []
  }

  for (const item of items) {
    if (stopped?.() === true) break
    if (item.act > act) {
      await flush()
      act = item.act
      await onAct?.(act)
    }
    if (pace !== undefined && item.atMs > pace.elapsed()) {
      await flush()
      await pace.wait(Math.max(0, item.atMs - pace.elapsed()))
    } else if (waiting.length >= CHUNK) await flush()
    waiting.push(item)
  }
  await flush()
  return sent
}
