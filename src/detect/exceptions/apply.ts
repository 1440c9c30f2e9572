import type { Kysely } from 'kysely'
import type { JsonObject } from '../../kernel/json.ts'
import { jsonText, readJson } from '../../platform/state/columns.ts'
import type { Keyed } from '../alerts-group.ts'
import type { DetectTables } from '../tables.ts'
import { holds } from './match.ts'
import { changeException, exceptionsFor } from './queries.ts'
import type { ExceptionCondition } from './schema.ts'
import type { ExceptionsTable } from './tables.ts'

const EVENTS_KEPT = 20

/** The document of an event of the batch at hand. */
export type DocOf = (eventId: string) => JsonObject | undefined

export interface Excepted {
  readonly kept: readonly Keyed[]
  /** Key of a hidden detection → the exception that hid it; the oldest of several. */
  readonly hidden: ReadonlyMap<string, { readonly exception: string; readonly keyed: Keyed }>
}

/**
 * Takes out what exceptions hide, and counts it on them in the caller's transaction. A correlation is looked at by what it
 * groups by and by its last event.
 */
export async function applyExceptions(
  db: Kysely<DetectTables>,
  detections: readonly Keyed[],
  now: number,
  docOf: DocOf,
): Promise<Excepted> {
  const ruleIds = [...new Set(detections.map(({ detection }) => detection.rule.id))]
  const rows = (await exceptionsFor(db, ruleIds, now)).map((row) => ({
    row,
    conditions: readJson<readonly ExceptionCondition[]>(row.conditions),
  }))
  const hidden = new Map<string, { exception: string; keyed: Keyed }>()
  if (rows.length === 0) return { kept: detections, hidden }
  const kept: Keyed[] = []
  const byException = new Map<ExceptionsTable, Keyed[]>()
  for (const keyed of detections) {
    const { detection } = keyed
    const doc = docOf(detection.eventIds.at(-1) ?? '')
    const found = rows.find(
      ({ row, conditions }) =>
        row.rule_id === detection.rule.id && row.scope === detection.scope && holds(conditions, { ...detection, doc }),
    )
    if (found === undefined) kept.push(keyed)
    else if (!hidden.has(keyed.key)) {
      hidden.set(keyed.key, { exception: found.row.id, keyed })
      byException.set(found.row, [...(byException.get(found.row) ?? []), keyed])
    }
  }
  for (const [row, all] of byException) {
    const events = all.map(({ detection }) => detection.eventIds.at(-1) ?? '').reverse()
    await changeException(db, row.id, {
      hidden: row.hidden + all.length,
      last_hidden: now,
      last_events: jsonText([...events, ...readJson<string[]>(row.last_events)].slice(0, EVENTS_KEPT)),
    })
  }
  return { kept, hidden }
}
