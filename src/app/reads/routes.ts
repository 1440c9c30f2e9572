import { KanpekiError } from '../../kernel/error.ts'
import { type Caller, type Route, route } from '../../platform/http/route.ts'
import type { State } from '../../platform/state/state.ts'
import { type ReadsCursor, type ReadsFilter, readsPageOf } from './queries.ts'
import { READS_KEPT_DAYS } from './reads.ts'
import { type ReadsPage, readsPage, readsQuery } from './schema.ts'
import type { ReadTables } from './tables.ts'

/** Who searched or opened what: all of the scope for those who audit, one's own for everybody. */
export function readRoutes({ state, flush }: { readonly state: State; readonly flush: () => Promise<void> }): Route[] {
  const page = async (caller: Caller, filter: ReadsFilter, cursor: string | undefined, limit: number): Promise<ReadsPage> => {
    // What was asked a moment ago is seen too.
    await flush()
    const after = cursor === undefined ? undefined : readCursor(cursor)
    const rows = await readsPageOf(state.scoped<ReadTables>(caller.scope), filter, after, limit + 1)
    const shown = rows.slice(0, limit)
    const last = rows.length > limit ? shown.at(-1) : undefined
    return {
      items: shown.map((row) => ({
        by: { id: row.by_id, name: row.by_name },
        kind: row.kind,
        what: row.what,
        first: new Date(row.first).toISOString(),
        last: new Date(row.last).toISOString(),
        // A further page whose first one is noted elsewhere, or nowhere.
        times: Math.max(1, row.times),
      })),
      next: last === undefined ? null : writeCursor([last.last, last.by_id, last.slot, last.what_hash]),
      keptDays: READS_KEPT_DAYS,
    }
  }
  return [
    route({
      method: 'GET',
      path: '/api/v1/reads',
      permission: 'audit:read',
      summary: 'Who searched or opened what, newest first',
      query: readsQuery,
      response: readsPage,
      handle: ({ query, caller }) =>
        page(caller, { person: query.person?.toLowerCase(), kind: query.kind }, query.cursor, query.limit),
    }),
    route({
      method: 'GET',
      path: '/api/v1/me/reads',
      permission: 'session',
      summary: 'What of your own searching and opening is noted',
      query: readsQuery.omit({ person: true }),
      response: readsPage,
      handle: ({ query, caller }) => page(caller, { person: caller.id, kind: query.kind }, query.cursor, query.limit),
    }),
  ]
}

function writeCursor(cursor: ReadsCursor): string {
  return Buffer.from(JSON.stringify(cursor)).toString('base64url')
}

function readCursor(text: string): ReadsCursor {
  try {
    const cursor: unknown = JSON.parse(Buffer.from(text, 'base64url').toString())
    if (
      Array.isArray(cursor) &&
      typeof cursor[0] === 'number' &&
      typeof cursor[1] === 'string' &&
      typeof cursor[2] === 'number' &&
      typeof cursor[3] === 'string'
    )
      return [cursor[0], cursor[1], cursor[2], cursor[3]]
  } catch {
    // Said below.
  }
  throw new KanpekiError('bad_cursor', 'The cursor is not one that this server gave.', { remedy: 'Start without a cursor.' })
}
