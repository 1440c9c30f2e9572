import { listAgents } from '../access/machines/queries.ts'
import type { AccessTables } from '../access/tables.ts'
import { takeUse } from '../assess/weighing/take-use.ts'
import type { UsedPart } from '../assess/weighing/use.ts'
import type { StoredEvent } from '../kernel/event.ts'
import { isJsonObject, type JsonObject } from '../kernel/json.ts'
import type { Lake } from '../platform/lake/lake.ts'
import { parseQuery } from '../platform/lake/query/parse.ts'
import type { State } from '../platform/state/state.ts'
import type { StateTables } from '../platform/state/tables.ts'

const READ_UPTO = 'assess.use-read-upto'
/** As far back as an agent’s word holds: it tells of all that runs once a day. */
const FIRST_LOOK_MS = 2 * 86_400_000
/** Batches become visible a little after they were received; taking an event twice changes nothing. */
const OVERLAP_MS = 120_000
const EVENTS_A_PAGE = 5000
const IN_USE = parseQuery('event.action:"package-in-use"')

/**
 * Reads what agents told of packages in use since the last call, and adds it to what is known of their hosts. Only what came over an
 * agent's own link counts, for the host that its certificate is of: nobody else may say that something does not run.
 * @returns how many events were taken.
 */
export async function readAgentUse({
  state,
  lake,
  now,
}: {
  readonly state: State
  readonly lake: Pick<Lake, 'search'>
  readonly now: number
}): Promise<number> {
  const from = Math.max(((await readUpto(state)) ?? 0) - OVERLAP_MS, now - FIRST_LOOK_MS)
  const agentsOf = new Map<string, ReadonlyMap<string, string>>()
  const nameOf = async ({ scope, source }: StoredEvent): Promise<string | undefined> => {
    let agents = agentsOf.get(scope)
    if (agents === undefined) {
      const rows = await listAgents(state.tables<AccessTables>(), scope)
      agents = new Map(rows.flatMap(({ id, name, revoked }) => (revoked === null ? [[`agent:${id}`, name] as const] : [])))
      agentsOf.set(scope, agents)
    }
    return agents.get(source)
  }
  const told = new Map<
    string,
    { readonly scope: string; readonly asset: string; readonly seenOnly: boolean; readonly parts: UsedPart[] }
  >()
  let taken = 0
  let after: string | undefined
  do {
    const page = await lake.search({
      scope: undefined,
      query: IN_USE,
      range: { from, to: now + 1, by: 'received' },
      limit: EVENTS_A_PAGE,
      order: 'oldest',
      ...(after === undefined ? {} : { after }),
    })
    for (const event of page.events) {
      const asset = await nameOf(event)
      const part = partOf(event)
      if (asset === undefined || part === undefined) continue
      taken += 1
      const image = imageOf(event)
      // What a container holds is its image's, not the host's; of which image it is may not be known.
      if (image === null) continue
      const key = `${event.source} ${image ?? ''}`
      const known = told.get(key)
      if (known === undefined)
        told.set(key, { scope: event.scope, asset: image ?? asset, seenOnly: image !== undefined, parts: [part] })
      else known.parts.push(part)
    }
    after = page.cursor
  } while (after !== undefined)
  for (const one of told.values()) await takeUse(state, one)
  await noteUpto(state, now)
  return taken
}

function partOf({ doc, received }: StoredEvent): UsedPart | undefined {
  const [used, file, process] = ['package', 'file', 'process'].map((name) => objectOf(doc[name]))
  const type = textOf(used, 'type')
  const name = textOf(used, 'name')
  if (type === '' || name === '') return undefined
  return {
    type,
    name,
    version: textOf(used, 'version') || null,
    file: textOf(file, 'path'),
    process: `${textOf(process, 'name')} (${textOf(process, 'pid')})`,
    at: received,
  }
}

/** The image that an event is of, by its name; undefined: the host itself; null: a container of which no more is known. */
function imageOf({ doc }: StoredEvent): string | null | undefined {
  if (doc['container'] === undefined) return undefined
  return textOf(objectOf(objectOf(doc['container'])['image']), 'name') || null
}

function objectOf(value: unknown): JsonObject {
  return isJsonObject(value as never) ? (value as JsonObject) : {}
}

function textOf(object: JsonObject | undefined, name: string): string {
  const value = object?.[name]
  return typeof value === 'string' ? value.slice(0, 500) : typeof value === 'number' ? String(value) : ''
}

async function readUpto(state: State): Promise<number | undefined> {
  const db = state.tables<StateTables>()
  const row = await db.selectFrom('settings').select('value').where('key', '=', READ_UPTO).executeTakeFirst()
  return row === undefined ? undefined : Number(row.value)
}

async function noteUpto(state: State, upto: number): Promise<void> {
  const value = String(upto)
  await state
    .tables<StateTables>()
    .insertInto('settings')
    .values({ key: READ_UPTO, value })
    .onConflict((conflict) => conflict.column('key').doUpdateSet({ value }))
    .execute()
}
