import { EVERY_SCOPE } from '../../platform/http/route.ts'
import type { Lake } from '../../platform/lake/lake.ts'
import type { Query } from '../../platform/lake/query/ast.ts'
import { HOUR_MS } from '../../platform/lake/table.ts'
import { jsonText, readJson } from '../../platform/state/columns.ts'
import { recordEvidence } from '../../platform/state/outbox.ts'
import { redactIncidents } from '../../respond/incidents/redact.ts'
import { heldQuery, notHeld } from '../retention/held.ts'
import { activeHolds, changeErasure, runningErasures } from '../retention/queries.ts'
import type { ErasuresTable, RetentionTables } from '../retention/tables.ts'
import { finish, type TakeOutDeps, takeOut } from '../retention/take-out.ts'
import { formsOf, personQuery } from './identity.ts'
import type { ErasureRequest } from './schema.ts'

export interface ErasureDeps extends TakeOutDeps {
  readonly lake: TakeOutDeps['lake'] & Pick<Lake, 'count' | 'histogram' | 'search' | 'stats'>
  /** Makes what was learned from events forget the same people; names in lower case. */
  readonly forget: (scope: string | undefined, names: readonly string[], texts: readonly string[]) => Promise<unknown>
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
  const asked = readJson<Asked>(row.request)
  const wanted = personQuery(asked)
  const held = heldQuery(await activeHolds(db, clock.now()))
  const query = notHeld(wanted, held)
  let { events, batches, hours } = row
  for (const { hour } of await hoursWith(lake, scope, query)) {
    deps.signal?.throwIfAborted()
    const taken = await takeOut(deps, hour, { scope, query }, `erasure ${row.id}`)
    events += taken.events
    batches += taken.batches
    hours += 1
    await changeErasure(db, row.id, { events, batches, hours })
  }
  await finish(deps)
  await deps.forget(scope, ...namesOf(asked))
  const kept = held === undefined ? 0 : await lake.count({ scope, query: { kind: 'and', parts: [wanted, held] } })
  const now = clock.now()
  const names = asked.identities.flatMap(formsOf)
  await state.transaction<RetentionTables, void>(async (trx) => {
    const incidents = await redactIncidents(trx, scope, names, row.id, now)
    await changeErasure(trx, row.id, { state: 'done', finished: now, request: '{}', held: kept })
    const body = { action: 'erasure.done', erasure: row.id, events, batches, hours, held: kept, incidents, by: row.by_name }
    await recordEvidence(trx, [{ type: 'admin', scope: 'default', observed: now, received: now, body }], clock)
  })
}

/** Names of people and hosts, and texts, that profiles of behaviour may hold; addresses are none of theirs. */
function namesOf({ identities }: Asked): readonly [names: readonly string[], texts: readonly string[]] {
  const of = (...kinds: readonly string[]): string[] =>
    identities.filter(({ kind }) => kinds.includes(kind)).map(({ value }) => value.toLowerCase())
  return [of('user', 'email', 'host'), of('text')]
}

/** A week at once: a question over years might not be answered in time. */
const HOURS_A_QUESTION = 168

interface HourHits {
  readonly hour: number
  readonly count: number
}

/** The received hours that hold such events, oldest first. */
async function hoursWith(
  lake: Pick<Lake, 'histogram' | 'stats'>,
  scope: string | undefined,
  query: Query,
): Promise<readonly HourHits[]> {
  const hits: HourHits[] = []
  const hours = (await lake.stats()).hours.map(({ hour }) => hour)
  for (let at = 0; at < hours.length; ) {
    const from = hours[at]!
    const next = hours.findIndex((hour) => hour >= from + HOURS_A_QUESTION * HOUR_MS)
    const to = (hours.at(next < 0 ? -1 : next - 1) ?? from) + HOUR_MS
    const bars = await lake.histogram({ scope, query, range: { from, to, by: 'received' }, step: HOUR_MS })
    hits.push(...bars.filter(({ count }) => count > 0).map(({ at: hour, count }) => ({ hour, count })))
    at = next < 0 ? hours.length : next
  }
  return hits
}

export interface Found {
  readonly events: number
  readonly hours: number
  readonly held: number
}

/** What an erasure would take, and what holds keep from it. */
export async function wouldErase(
  { lake, state, clock }: Omit<ErasureDeps, 'forget'>,
  asked: Asked,
  scope: string | undefined,
): Promise<Found> {
  const wanted = personQuery(asked)
  const held = heldQuery(await activeHolds(state.tables<RetentionTables>(), clock.now()))
  const query = notHeld(wanted, held)
  const hours = await hoursWith(lake, scope, query)
  const kept = held === undefined ? 0 : await lake.count({ scope, query: { kind: 'and', parts: [wanted, held] } })
  return { events: hours.reduce((sum, { count }) => sum + count, 0), hours: hours.length, held: kept }
}

export function askedText({ identities, from, to }: Asked): string {
  return jsonText({ identities, ...(from === undefined ? {} : { from }), ...(to === undefined ? {} : { to }) })
}
