import type { Engine } from './engine-calls.ts'
import type { Condemned, CondemnedBatch } from './lake.ts'
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
export function eraseStatement(hour: number, what: Condemned, now: number): Statement {
  const params = new Params()
  const partition = partitionOf(hour)
  const doomed = condition(what, params, now)
  const touched = `(writer, sequence) IN (SELECT writer, sequence FROM events WHERE ${inHour(hour)} AND ${doomed})`
  return {
    params,
    sql: `ALTER TABLE events
      UPDATE salt = concat('${OWN}', lower(hex(${EVENT_SALT}))) IN PARTITION ${partition} WHERE NOT startsWith(salt, '${OWN}') AND ${touched},
      DELETE IN PARTITION ${partition} WHERE ${doomed}
      SETTINGS mutations_sync = 1, allow_nondeterministic_mutations = 1, validate_mutation_query = 0`,
  }
}

function condition({ scope, query, upto }: Condemned, params: Params, now: number): string {
  return `${upTo(upto, params)} AND ${compileQuery(query, { params, now })}${inScope(scope, params)}`
}
