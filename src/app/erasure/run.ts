import { EVERY_SCOPE } from '../../platform/http/route.ts'
import type { Lake } from '../../platform/lake/lake.ts'
import type { Query } from '../../platform/lake/query/ast.ts'
import { HOUR_MS } from '../../platform/lake/table.ts'
import { jsonText, readJson } from '../../platform/state/columns.ts'
import { recordEvidence } from '../../platform/state/outbox.ts'
import { heldQuery, notHeld } from '../retention/held.ts'
import { activeHolds, changeErasure, runningErasures } from '../retention/queries.ts'
import type { ErasuresTable, RetentionTables } from '../retention/tables.ts'
import { finish, type TakeOutDeps, takeOut } from '../retention/take-out.ts'
import { personQuery } from './identity.ts'
import type { ErasureRequest } from './schema.ts'

export interface ErasureDeps extends TakeOutDeps {
  readonly lake: TakeOutDeps['lake'] & Pick<Lake, 'count' | 'stats'>
}

/** What an erasure keeps of its request while it runs. */
type Asked = Pick<ErasureRequest, 'identities' | 'from' | 'to'>

/** Carries out every erasure that was asked for and is not done, also one that a crash broke off. @returns how many. */
export async function runErasures(deps: ErasureDeps): Promise<number> {
  const waiting = await runningErasures(deps.state.tables<RetentionTables>())
  for (const row of waiting) await erase(deps, row)
  return waiting.length
}

async function erase(deps: ErasureDeps, row: ErasuresTable): Promise<void> {
  const { lake, state, clock } = deps
  const db = state.tables<RetentionTables>()
  const scope = row.scope === EVERY_SCOPE ? undefined : row.scope
  const wanted = personQuery(readJson<Asked>(row.request))
  const held = heldQuery(await activeHolds(db, clock.now()))
  const query = notHeld(wanted, held)
  let { events, batches, hours } = row
  for (const { hour } of (await lake.stats()).hours) {
    deps.signal?.throwIfAborted()
    if ((await countIn(lake, hour, scope, query)) === 0) continue
    const taken = await takeOut(deps, hour, { scope, query }, `erasure ${row.id}`)
    events += taken.events
    batches += taken.batches
    hours += 1
    await changeErasure(db, row.id, { events, batches, hours })
  }
  await finish(deps)
  const kept = held === undefined ? 0 : await lake.count({ scope, query: { kind: 'and', parts: [wanted, held] } })
  const now = clock.now()
  await state.transaction<RetentionTables, void>(async (trx) => {
    await changeErasure(trx, row.id, { state: 'done', finished: now, request: '{}', held: kept })
    const body = { action: 'erasure.done', erasure: row.id, events, batches, hours, held: kept, by: row.by_name }
    await recordEvidence(trx, [{ type: 'admin', scope: 'default', observed: now, received: now, body }], clock)
  })
}

function countIn(lake: Pick<Lake, 'count'>, hour: number, scope: string | undefined, query: Query): Promise<number> {
  return lake.count({ scope, query, range: { from: hour, to: hour + HOUR_MS, by: 'received' } })
}

export interface Found {
  readonly events: number
  readonly hours: number
  readonly held: number
}

/** What an erasure would take, and what holds keep from it. */
export async function wouldErase({ lake, state, clock }: ErasureDeps, asked: Asked, scope: string | undefined): Promise<Found> {
  const wanted = personQuery(asked)
  const held = heldQuery(await activeHolds(state.tables<RetentionTables>(), clock.now()))
  const query = notHeld(wanted, held)
  let events = 0
  let hours = 0
  for (const { hour } of (await lake.stats()).hours) {
    const own = await countIn(lake, hour, scope, query)
    events += own
    if (own > 0) hours += 1
  }
  const kept = held === undefined ? 0 : await lake.count({ scope, query: { kind: 'and', parts: [wanted, held] } })
  return { events, hours, held: kept }
}

export function askedText({ identities, from, to }: Asked): string {
  return jsonText({ identities, ...(from === undefined ? {} : { from }), ...(to === undefined ? {} : { to }) })
}
