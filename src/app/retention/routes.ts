import { randomUUID } from 'node:crypto'
import { z } from 'zod'
import { refuseUnconfirmed } from '../../access/confirm.ts'
import type { Clock } from '../../kernel/clock.ts'
import { KanpekiError } from '../../kernel/error.ts'
import { DEFAULT_SCOPE } from '../../kernel/event.ts'
import type { Evidence } from '../../kernel/evidence.ts'
import type { JsonObject } from '../../kernel/json.ts'
import { type Caller, EVERY_SCOPE, type Route, route } from '../../platform/http/route.ts'
import { parseQuery } from '../../platform/lake/query/parse.ts'
import { recordEvidence } from '../../platform/state/outbox.ts'
import type { State } from '../../platform/state/state.ts'
import type { RetentionPolicy } from './policy.ts'
import { allHolds, holdById, insertHold, releaseHold } from './queries.ts'
import { retentionStatus } from './run.ts'
import { type HoldView, holdListSchema, holdSchema, newHoldSchema, type RetentionView, retentionSchema } from './schema.ts'
import type { HoldsTable, RetentionTables } from './tables.ts'

export interface RetentionRoutesDeps {
  readonly state: State
  readonly clock: Clock
  readonly policy: RetentionPolicy
  /** Something was recorded. */
  readonly changed: () => void
}

/** What is kept for how long, and legal holds. */
export function retentionRoutes(deps: RetentionRoutesDeps): Route[] {
  const { state, clock } = deps
  const db = state.tables<RetentionTables>()
  return [
    route({
      method: 'GET',
      path: '/api/v1/retention',
      permission: 'installation',
      summary: 'How long events are kept, and how full the store is',
      response: retentionSchema,
      handle: () => retentionView(deps),
    }),
    route({
      method: 'GET',
      path: '/api/v1/holds',
      permission: 'installation',
      summary: 'Legal holds, newest first',
      response: holdListSchema,
      handle: async () => ({ holds: (await allHolds(db)).map((row) => holdView(row, clock.now())) }),
    }),
    route({
      method: 'POST',
      path: '/api/v1/holds',
      permission: 'installation',
      summary: 'Keep events from retention and erasure',
      body: newHoldSchema,
      response: holdSchema,
      handle: async ({ body, caller }) => {
        parseQuery(body.query)
        const now = clock.now()
        const row: HoldsTable = {
          id: randomUUID(),
          scope: body.scope ?? EVERY_SCOPE,
          name: body.name,
          query: body.query,
          begins: body.from === undefined ? null : Date.parse(body.from),
          ends: body.to === undefined ? null : Date.parse(body.to),
          owner: body.owner,
          reason: body.reason,
          by_id: caller.id,
          by_name: caller.name,
          created: now,
          until: body.until === undefined ? null : Date.parse(body.until),
          released: null,
          released_by: null,
        }
        const view = holdView(row, now)
        await state.transaction<RetentionTables, void>(async (trx) => {
          await insertHold(trx, row)
          await recordEvidence(
            trx,
            [deed(caller, now, 'hold.place', { hold: row.id, name: row.name, after: wordsOf(view) })],
            clock,
          )
        })
        deps.changed()
        return view
      },
    }),
    route({
      method: 'POST',
      path: '/api/v1/holds/:id/release',
      permission: 'installation',
      summary: 'Let go of what a hold keeps',
      params: z.object({ id: z.string().max(100) }),
      response: holdSchema,
      handle: async ({ params, caller }) => {
        const now = clock.now()
        // What it kept may be gone for good within minutes.
        refuseUnconfirmed(caller, now)
        await state.transaction<RetentionTables, void>(async (trx) => {
          const row = await holdById(trx, params.id)
          if (row === undefined) throw new KanpekiError('not_found', 'There is no such hold.')
          if (row.released !== null) throw new KanpekiError('conflict', 'This hold was released before.')
          await releaseHold(trx, params.id, now, caller.name)
          await recordEvidence(trx, [deed(caller, now, 'hold.release', { hold: row.id, name: row.name })], clock)
        })
        deps.changed()
        return holdView((await holdById(db, params.id))!, now)
      },
    }),
  ]
}

/** Evidence of what somebody did; installation-wide, hence of the shared scope. */
export function deed(caller: Caller, now: number, action: string, more: JsonObject): Evidence {
  const body = { action, by: { id: caller.id, name: caller.name }, ...more }
  return { type: 'admin', scope: DEFAULT_SCOPE, observed: now, received: now, body }
}

function wordsOf({ scope, query, from, to, owner, reason, until }: HoldView): JsonObject {
  return { scope, query, from, to, owner, reason, until }
}

export function holdView(row: HoldsTable, now: number): HoldView {
  const { id, name, scope, query, owner, reason } = row
  const ended = row.until !== null && row.until <= now
  return {
    id,
    name,
    scope,
    query,
    from: timeText(row.begins),
    to: timeText(row.ends),
    owner,
    reason,
    by: row.by_name,
    created: new Date(row.created).toISOString(),
    until: timeText(row.until),
    released: timeText(row.released),
    releasedBy: row.released_by,
    state: row.released === null ? (ended ? 'ended' : 'active') : 'released',
  }
}

async function retentionView({ state, policy }: RetentionRoutesDeps): Promise<RetentionView> {
  const last = await retentionStatus(state)
  return {
    days: policy.days,
    size: policy.size,
    exceptions: policy.exceptions.map(({ field, name, days }) => ({
      of: field === 'kanpeki.scope' ? ('scope' as const) : ('source' as const),
      name,
      days,
    })),
    alertDays: policy.alertDays,
    last:
      last === undefined
        ? null
        : {
            ...last,
            at: new Date(last.at).toISOString(),
            since: new Date(last.since).toISOString(),
            oldest: timeText(last.oldest),
          },
  }
}

function timeText(ms: number | null): string | null {
  return ms === null ? null : new Date(ms).toISOString()
}
