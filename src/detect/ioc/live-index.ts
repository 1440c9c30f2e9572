import { setImmediate as yieldTurn } from 'node:timers/promises'
import type { Detection } from '../../kernel/detection.ts'
import type { StoredEvent } from '../../kernel/event.ts'
import type { State } from '../../platform/state/state.ts'
import { IndicatorIndex } from './indicator-index.ts'
import { indicatorDetections } from './match.ts'
import { allLists, indicatorPage, lastChange } from './queries.ts'
import type { IocTables } from './tables.ts'

const PAGE = 2000

/** The indicators as the matcher holds them. */
export interface LiveIndicators {
  /** Reads the lists anew if they changed; events meanwhile are compared with what was there. @returns whether they had. */
  refresh(): Promise<boolean>
  run(events: readonly StoredEvent[]): readonly Detection[]
  /** Of one event, whose place in the log need not be known. */
  readonly compare: (event: Omit<StoredEvent, 'sequence'>) => readonly Detection[]
  readonly size: number
}

export async function openIndicators(state: State): Promise<LiveIndicators> {
  let index = new IndicatorIndex()
  let known = ''
  const refresh = async (): Promise<boolean> => {
    const db = state.tables<IocTables>()
    const now = await lastChange(db)
    if (now === known) return false
    const lists = new Map((await allLists(db)).map(({ id, name, scope }) => [id, { id, name, scope }]))
    const fresh = new IndicatorIndex()
    for (let after: Parameters<typeof indicatorPage>[1]; ; ) {
      const rows = await indicatorPage(db, after, PAGE)
      for (const row of rows) {
        const list = lists.get(row.list_id)
        if (list !== undefined) fresh.add(list, row)
      }
      const last = rows.at(-1)
      if (last === undefined || rows.length < PAGE) break
      after = { listId: last.list_id, kind: last.kind, value: last.value }
      await yieldTurn()
    }
    index = fresh
    known = now
    return true
  }
  await refresh()
  return {
    refresh,
    run: (events) => (index.size === 0 ? [] : events.flatMap((event) => indicatorDetections(index, event))),
    compare: (event) => indicatorDetections(index, event),
    get size() {
      return index.size
    },
  }
}
