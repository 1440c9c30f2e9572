import type { StoredEvent } from '../../kernel/event.ts'
import type { Lake, SearchRequest, TimeRange } from './lake.ts'

const SLICES = 2000
const EVENTS_A_PAGE = 2000

/** A piece of the span with how many events it has. */
export interface Slice extends TimeRange {
  readonly count: number
}

type Walked = Pick<Lake, 'search' | 'histogram'>

/** The span of what a search finds, cut evenly, without its empty pieces: then each event is looked for in a narrow span once. */
export async function slicesOf(lake: Walked, request: SearchRequest): Promise<readonly Slice[]> {
  const span = await spanOf(lake, request)
  if (span === undefined) return []
  const step = Math.max(1, Math.ceil((span.to - span.from) / SLICES))
  const bars = await lake.histogram({ ...request, range: span, step })
  return bars.flatMap(({ at, count }) => (count === 0 ? [] : [{ from: at, to: Math.min(at + step, span.to), count }]))
}

/** From the oldest event to the newest, within what was asked for. */
async function spanOf(lake: Walked, request: SearchRequest): Promise<TimeRange | undefined> {
  const [oldest, newest] = await Promise.all(
    (['oldest', 'newest'] as const).map((order) => lake.search({ ...request, limit: 1, order })),
  )
  const first = oldest?.events[0]
  const last = newest?.events[0]
  return first === undefined || last === undefined ? undefined : { from: first.observed, to: last.observed + 1 }
}

/** Everything that a search finds, oldest first, a page at a time: nothing larger is held, here or in the engine. */
export async function* walkEvents(
  lake: Walked,
  request: SearchRequest,
  slices: readonly Slice[],
): AsyncGenerator<readonly StoredEvent[]> {
  for (const range of windows(slices)) {
    let after: string | undefined
    do {
      const page = await lake.search({
        ...request,
        range,
        order: 'oldest',
        limit: EVENTS_A_PAGE,
        ...(after === undefined ? {} : { after }),
      })
      yield page.events
      after = page.cursor
    } while (after !== undefined)
  }
}

/** Neighbouring slices together, as long as one page holds their events. */
function* windows(slices: readonly Slice[]): Generator<TimeRange> {
  let open: Slice | undefined
  for (const slice of slices) {
    if (open !== undefined && open.count + slice.count < EVENTS_A_PAGE) {
      open = { from: open.from, to: slice.to, count: open.count + slice.count }
      continue
    }
    if (open !== undefined) yield { from: open.from, to: open.to }
    open = slice
  }
  if (open !== undefined) yield { from: open.from, to: open.to }
}
