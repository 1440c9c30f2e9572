import type { Evidence } from '../../kernel/evidence.ts'
import type { JsonObject } from '../../kernel/json.ts'
import { jsonText } from '../../platform/state/columns.ts'
import { recordEvidence } from '../../platform/state/outbox.ts'
import { changeIncident, type Db, type IncidentChange, insertEntry, lastEntryNumber } from './queries.ts'
import type { IncidentsTable } from './tables.ts'
import type { Both } from './words.ts'

/** Who does something: a person (or a token that acts for one), or the house by itself. */
export interface Actor {
  readonly id: string
  readonly name: string
  /** The account that answers for it; null where none does. */
  readonly account: string | null
  readonly person: boolean
}

/** The house itself: policy, clocks, channels. */
export const HOUSE: Actor = { id: 'kanpeki', name: 'Kanpeki', account: null, person: false }

/** What was done, in words; `facts` go into the ledger beside them. */
export interface Said {
  readonly kind: string
  readonly text: Both
  readonly note?: string
  readonly facts?: JsonObject
  /** Known to have happened earlier than it is written down (a delivery). */
  readonly at?: number
}

/**
 * Changes an incident and writes the deed into its timeline and, in the same transaction, into the ledger. The first
 * deed of a person acknowledges it.
 * @returns the incident as it is then.
 */
export async function enter(
  trx: Db,
  incident: IncidentsTable,
  by: Actor,
  said: Said,
  now: number,
  change: IncidentChange = {},
): Promise<IncidentsTable> {
  const { kind, text, note = '', facts = {}, at = now } = said
  const first = by.person && incident.acknowledged === null ? { acknowledged: now } : {}
  const changed: IncidentChange = { ...first, ...change, updated: now }
  await changeIncident(trx, incident.id, changed)
  const outbox = await recordEvidence(trx, [evidenceOf(incident, by, said, now)], { now: () => now })
  await insertEntry(trx, {
    incident_id: incident.id,
    number: (await lastEntryNumber(trx, incident.id)) + 1,
    scope: incident.scope,
    at,
    by_id: by.id,
    by_name: by.name,
    kind,
    detail: jsonText({ text, ...facts }),
    note,
    outbox,
  })
  return { ...incident, ...changed }
}

function evidenceOf(incident: IncidentsTable, by: Actor, { kind, text, note = '', facts = {}, at }: Said, now: number): Evidence {
  return {
    type: 'incident',
    scope: incident.scope,
    observed: at ?? now,
    received: now,
    body: {
      action: `incident.${kind}`,
      incident: incident.id,
      number: incident.number,
      ...(incident.exercise === null ? {} : { exercise: incident.exercise }),
      by: { id: by.id, name: by.name },
      said: text.en,
      ...(text.ja === text.en ? {} : { saidJa: text.ja }),
      ...(note === '' ? {} : { note }),
      ...facts,
    },
  }
}
