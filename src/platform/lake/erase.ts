import type { Engine } from './engine-calls.ts'
import type { Condemned, CondemnedBatch, CondemnedRows } from './lake.ts'
import { inHour, inScope, type Statement, upTo } from './queries.ts'
import { compileQuery } from './query/compile.ts'
import { Params } from './query/params.ts'
import { partitionOf } from './table.ts'

/** Marks a row's salt as the event's own; otherwise it is its batch's secret. */
const OWN = 'e:'
const EVENTS_A_READ = 20_000

/** An event's salt as its batch's tree has it (see `eventSalt` of the ledger), computed where the rows lie. */
const EVENT_SALT = `if(startsWith(salt, '${OWN}'), unhex(substring(salt, ${OWN.length + 1})), SHA256(concat(unhex(salt), reinterpretAsFixedString(byteSwap(ix)))))`
const LEAF = `lower(hex(SHA256(concat(char(0), ${EVENT_SALT}, doc))))`

/** The event's own salt if its batch's is gone, hexadecimal. */
export function ownSalt(column: string): string | undefined {
  return column.startsWith(OWN) ? column.slice(OWN.length) : undefined
}

export async function* condemnedBatches(
  engine: Engine,
  hour: number,
  what: Condemned,
  now: number,
): AsyncGenerator<CondemnedBatch> {
  let after: Place | undefined
  let open: { writer: string; sequence: number; leaves: { index: number; leaf: string }[] } | undefined
  for (;;) {
    const { sql, params } = leavesAfter(hour, what, now, after)
    const rows = await engine.rows<{ writer: string; sequence: string; ix: number; leaf: string }>(sql, params)
    for (const { writer, sequence: number, ix, leaf } of rows) {
      const sequence = Number(number)
      after = { writer, sequence, index: ix }
      if (open !== undefined && (open.writer !== writer || open.sequence !== sequence)) {
        yield open
        open = undefined
      }
      open ??= { writer, sequence, leaves: [] }
      open.leaves.push({ index: ix, leaf })
    }
    if (rows.length < EVENTS_A_READ) break
  }
  if (open !== undefined) yield open
}

interface Place {
  readonly writer: string
  readonly sequence: number
  readonly index: number
}

function leavesAfter(hour: number, what: Condemned, now: number, after: Place | undefined): Statement {
  const params = new Params()
  const beyond =
    after === undefined
      ? ''
      : ` AND (writer, sequence, ix) > (${params.text(after.writer)}, ${params.add('UInt64', after.sequence)}, ${params.add('UInt32', after.index)})`
  return {
    params,
    sql: `SELECT writer, toString(sequence) AS number, ix, ${LEAF} AS leaf, number AS sequence FROM events
      WHERE ${inHour(hour)} AND ${condition(what, params, now)}${beyond}
      ORDER BY events.writer, events.sequence, events.ix LIMIT ${EVENTS_A_READ} SETTINGS max_block_size = 8192`,
  }
}

/**
 * One mutation, so that there is no moment in which an event is gone and its batch's salt is still there; it resolves when
 * it is done. Of a batch of which nothing is taken out the salt stays.
 */
export function eraseStatement(
  hour: number,
  what: Condemned,
  now: number,
  rows: readonly CondemnedRows[] | undefined,
): Statement {
  const params = new Params()
  const partition = partitionOf(hour)
  const doomed = rows === undefined ? condition(what, params, now) : oneOf(rows, params)
  const touched =
    rows === undefined
      ? `(writer, sequence) IN (SELECT writer, sequence FROM events WHERE ${inHour(hour)} AND ${doomed})`
      : ofBatches(rows, params)
  return {
    params,
    sql: `ALTER TABLE events
      UPDATE salt = concat('${OWN}', lower(hex(${EVENT_SALT}))) IN PARTITION ${partition} WHERE NOT startsWith(salt, '${OWN}') AND ${touched},
      DELETE IN PARTITION ${partition} WHERE ${doomed}
      SETTINGS mutations_sync = 1, allow_nondeterministic_mutations = 1, validate_mutation_query = 0`,
  }
}

function oneOf(rows: readonly CondemnedRows[], params: Params): string {
  const places = ({ sequence, indexes }: CondemnedRows): string[] =>
    indexes.map((index) => `(${whole(sequence)},${whole(index)})`)
  return byWriter(rows, params, (own) => `(sequence, ix) IN (${own.flatMap(places).join(',')})`)
}

function ofBatches(rows: readonly CondemnedRows[], params: Params): string {
  return byWriter(rows, params, (own) => `sequence IN (${own.map(({ sequence }) => whole(sequence)).join(',')})`)
}

function byWriter(rows: readonly CondemnedRows[], params: Params, condition: (own: readonly CondemnedRows[]) => string): string {
  const parts = [...Map.groupBy(rows, ({ writer }) => writer)].map(
    ([writer, own]) => `(writer = ${params.text(writer)} AND ${condition(own)})`,
  )
  return `(${parts.length === 0 ? '0' : parts.join(' OR ')})`
}

function whole(number: number): string {
  if (Number.isSafeInteger(number) && number >= 0) return String(number)
  throw new RangeError(`${number} is no place of a row`)
}

function condition({ scope, query, upto }: Condemned, params: Params, now: number): string {
  return `${upTo(upto, params)} AND ${compileQuery(query, { params, now })}${inScope(scope, params)}`
}
