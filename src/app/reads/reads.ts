import { createHash } from 'node:crypto'
import type { Kysely } from 'kysely'
import type { Clock } from '../../kernel/clock.ts'
import { messageOf } from '../../kernel/error.ts'
import { canonicalJson } from '../../kernel/json.ts'
import type { Caller, Route } from '../../platform/http/route.ts'
import type { Log } from '../../platform/log.ts'
import { recordEvidence } from '../../platform/state/outbox.ts'
import { settingsOf } from '../../platform/state/settings.ts'
import type { State } from '../../platform/state/state.ts'
import type { StateTables } from '../../platform/state/tables.ts'
import { type Repeating, repeatEvery } from '../repeat.ts'
import { addReads, forgetReads, readsBetween } from './queries.ts'
import type { ReadKind } from './schema.ts'
import type { ReadsTable, ReadTables } from './tables.ts'

/** Queries may name people: they are kept for a quarter, and the ledger holds only digests of them. */
export const READS_KEPT_DAYS = 90
const DAY_MS = 86_400_000
const SLOT_MS = 600_000
const WRITE_EVERY_MS = 1_000
const DIGEST_EVERY_MS = 3_600_000
/** A whole query with its span: what is behind the end would be read unseen. */
const MOST_WHAT = 5000
const SETTING = 'reads-digest'

export interface Reads {
  /** @param further it goes on with what was noted before: nothing is counted where that is so. */
  note(caller: Caller, kind: ReadKind, what: string, further?: boolean): void
  /** The routes, those that show events or alerts noting who asked. */
  watched(routes: readonly Route[]): Route[]
  /** Writes what is noted. */
  flush(): Promise<void>
  stop(): Promise<void>
}

type Told = { readonly params?: { readonly id?: string }; readonly query?: Asked; readonly body?: Asked }
interface Asked {
  readonly query?: string
  readonly from?: string | undefined
  readonly to?: string | undefined
  readonly cursor?: string | undefined
  readonly format?: string
  readonly field?: string
}

/**
 * Routes that show what somebody may later have to answer for, and how it is told. Further pages belong to their first, but
 * are noted as well: a cursor can be made up, or be that of another search.
 */
const WATCHED: Readonly<Record<string, (told: Told) => readonly [kind: ReadKind, what: string, further?: boolean]>> = {
  'POST /api/v1/events/search': ({ body }) => ['search', asked(body), body?.cursor !== undefined],
  'POST /api/v1/events/top': ({ body }) => ['search', `${asked(body)} → ${body?.field ?? ''}`],
  'GET /api/v1/events/export': ({ query }) => ['export', `${query?.format ?? ''} ${asked(query)}`],
  'GET /api/v1/events/:id': ({ params }) => ['event', params?.id ?? ''],
  'GET /api/v1/events/:id/around': ({ params }) => ['event', params?.id ?? ''],
  'GET /api/v1/alerts/:id': ({ params }) => ['alert', params?.id ?? ''],
}

/** A span that ends now moves with every question: it is told to the hour, so that the same question stays the same. */
function asked(told: Asked | undefined): string {
  const hour = (text: string | undefined): string => (text === undefined ? '' : `${text.slice(0, 13)}Z`)
  const span = told?.from === undefined && told?.to === undefined ? '' : ` [${hour(told.from)} – ${hour(told.to)}]`
  return `${told?.query?.trim() || '*'}${span}`
}

/**
 * Notes who searched or opened what. It is written within a second, the same within ten minutes as one row; each hour the
 * ledger gets a digest of the rows, so that what is missing or changed later can be told.
 */
export function startReads({ state, clock, log, changed }: { state: State; clock: Clock; log: Log; changed: () => void }): Reads {
  const db: Kysely<ReadTables> = state.tables<ReadTables>()
  let noted = new Map<string, ReadsTable>()

  function note({ kind: caller, id, name, scope }: Caller, kind: ReadKind, what: string, further = false): void {
    if (caller === 'anonymous') return
    const now = clock.now()
    const text = what.slice(0, MOST_WHAT)
    const slot = Math.floor(now / SLOT_MS)
    const what_hash = createHash('sha256').update(text).digest('hex').slice(0, 32)
    const key = [scope, id, slot, kind, what_hash].join('\0')
    const there = noted.get(key)
    const times = further ? 0 : 1
    if (there !== undefined) noted.set(key, { ...there, last: now, times: there.times + times })
    else noted.set(key, { scope, by_id: id, by_name: name, kind, what: text, what_hash, slot, first: now, last: now, times })
  }

  async function flush(): Promise<void> {
    if (noted.size === 0) return
    const rows = [...noted.values()]
    noted = new Map()
    try {
      await state.transaction<ReadTables, void>((trx) => addReads(trx, rows))
    } catch (error) {
      // Nothing is lost to a store that is busy for a moment: what came meanwhile counts on.
      for (const row of rows) {
        const key = [row.scope, row.by_id, row.slot, row.kind, row.what_hash].join('\0')
        const later = noted.get(key)
        noted.set(key, later === undefined ? row : { ...later, first: row.first, times: later.times + row.times })
      }
      throw error
    }
  }

  /** Slots that are over, since the last digest; one entry a scope. */
  async function digest(): Promise<void> {
    await flush()
    const now = clock.now()
    const to = Math.floor(now / SLOT_MS)
    const from = Number((await settingsOf(state).get(SETTING)) ?? to - DIGEST_EVERY_MS / SLOT_MS)
    if (from >= to) return
    const rows = await readsBetween(db, from, to)
    await state.transaction<StateTables, void>(async (trx) => {
      const evidence = [...Map.groupBy(rows, (row) => row.scope)].map(([scope, of]) => ({
        type: 'admin' as const,
        scope,
        observed: now,
        received: now,
        body: {
          action: 'reads.digest',
          from: new Date(from * SLOT_MS).toISOString(),
          to: new Date(to * SLOT_MS).toISOString(),
          people: new Set(of.map((row) => row.by_id)).size,
          reads: of.reduce((sum, row) => sum + row.times, 0),
          sha256: createHash('sha256')
            .update(canonicalJson(of.map((row) => ({ ...row }))))
            .digest('hex'),
        },
      }))
      await recordEvidence(trx, evidence, clock)
      // With the entry, so that no row is told twice and none is left out.
      await trx
        .insertInto('settings')
        .values({ key: SETTING, value: String(to) })
        .onConflict((conflict) => conflict.column('key').doUpdateSet({ value: String(to) }))
        .execute()
    })
    await forgetReads(db, now - READS_KEPT_DAYS * DAY_MS)
    if (rows.length > 0) changed()
  }

  const failed = (error: unknown): void =>
    log.warn('who read what could not be written and is tried again', { reason: messageOf(error) })
  const writing: Repeating = repeatEvery(WRITE_EVERY_MS, flush, failed)
  const digesting: Repeating = repeatEvery(DIGEST_EVERY_MS, digest, failed)

  function watchedRoute(route: Route): Route {
    const tell = WATCHED[`${route.method} ${route.path}`]
    if (tell === undefined) return route
    return {
      ...route,
      handle: async (input) => {
        const reply = await route.handle(input)
        note((input as { readonly caller: Caller }).caller, ...tell(input as Told))
        return reply
      },
    }
  }

  return {
    note,
    watched: (routes) => routes.map(watchedRoute),
    flush,
    async stop() {
      await Promise.all([writing.stop(), digesting.stop()])
      await flush().catch(failed)
    },
  }
}
