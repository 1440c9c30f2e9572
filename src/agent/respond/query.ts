import type { Query } from '../../hosts/schema.ts'
import type { AgentReceipt } from '../../kernel/agent-command.ts'
import { KanpekiError } from '../../kernel/error.ts'
import type { JsonObject } from '../../kernel/json.ts'
import type { Snapshot } from '../snapshot.ts'

/** What one answer may hold. */
const MOST_BYTES = 1_000_000

/** Answers a read-only question about this host; nothing on it changes. */
export function queryResponder(snapshot: Snapshot, largestFile: () => number) {
  const rowsOf = async ({ table, path = '' }: Query): Promise<readonly JsonObject[]> => {
    switch (table) {
      case 'files':
        return await snapshot.files(path)
      case 'file':
        return await snapshot.file(path, largestFile())
      default:
        return await snapshot[table]()
    }
  }
  return async (query: Query): Promise<AgentReceipt> => {
    let all: readonly JsonObject[]
    try {
      all = await rowsOf(query)
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException
      throw code === undefined ? error : new KanpekiError('agent_failed', `${query.path ?? query.table}: ${code}.`)
    }
    const wanted = (query.match ?? '').toLowerCase()
    const matching = wanted === '' ? all : all.filter((row) => JSON.stringify(Object.values(row)).toLowerCase().includes(wanted))
    const rows: JsonObject[] = []
    let bytes = 0
    for (const row of matching.slice(0, query.limit)) {
      bytes += JSON.stringify(row).length
      if (bytes > MOST_BYTES) break
      rows.push(row)
    }
    return { outcome: 'done', detail: { table: query.table, rows, matching: matching.length, all: all.length } }
  }
}
