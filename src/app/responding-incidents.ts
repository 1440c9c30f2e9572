import { join } from 'node:path'
import { enqueueLetter } from '../detect/notify/letter.ts'
import { channelById, channels, deliveriesByIds, type NotifyDb } from '../detect/notify/queries.ts'
import type { NotifyTables } from '../detect/notify/tables.ts'
import { alertsByIds, alertsOfStory, graveSince } from '../detect/queries.ts'
import { severity as severityOfSchema } from '../detect/schema.ts'
import type { AlertsTable, DetectTables } from '../detect/tables.ts'
import { messageOf } from '../kernel/error.ts'
import { getPath, type JsonObject } from '../kernel/json.ts'
import { readJson } from '../platform/state/columns.ts'
import { artefactById } from '../prove/custody/queries.ts'
import { ledgerPlaces } from '../prove/queries.ts'
import type { ProveTables } from '../prove/tables.ts'
import { advanceSimulations, type ExerciseDeps } from '../respond/exercises/exercise.ts'
import type { AlertSnapshot, DeliveryFate, IncidentDeps, IncidentEvent, IncidentRun } from '../respond/incidents/deps.ts'
import { openForAlerts, type WaitingAlert } from '../respond/incidents/open-automatically.ts'
import { readPolicy } from '../respond/incidents/policy.ts'
import { settleMessages } from '../respond/incidents/settle-messages.ts'
import { laneOf, summaryOf } from './entity-timeline.ts'
import { CONTENT } from './places.ts'
import { repeatOrSooner, type Waking } from './repeat.ts'
import type { Services } from './services.ts'

/** Alerts and deliveries are looked at so often; sooner where alerts were raised or something was sent. */
const LOOK_EVERY_MS = 5_000
const LOOK_SOONEST_MS = 200
/** After a start, alerts this old may still open an incident. */
const LOOK_BACK_MS = 24 * 3_600_000
/** Alerts of one moment may be committed a little after each other. */
const OVERLAP_MS = 60_000
const ALERTS_AT_ONCE = 1_000
const STORY_ALERTS = 200
const EVENTS_A_CALL = 1_000

export interface IncidentNeighbours {
  /** The console's address as people reach it, without a trailing slash. */
  readonly origin: () => string
  /** What playbooks did for an incident. */
  readonly runs: (scope: string, incident: string) => Promise<readonly IncidentRun[]>
  readonly changed: () => void
}

/** What incidents need of the other rooms. */
export function incidentDeps(services: Services, { origin, runs, changed }: IncidentNeighbours): IncidentDeps {
  const { state, clock, lake } = services
  return {
    state,
    clock,
    policy: readPolicy(join(CONTENT, 'incidents', 'policy.yml')),
    alerts: async (scope, ids) => (await alertsByIds(state.scoped<DetectTables>(scope), ids)).map(snapshotOf),
    events: async (scope, ids) =>
      (await lake.getMany(scope, ids.slice(0, EVENTS_A_CALL))).map(({ id, observed, doc }) => eventOf(id, observed, doc)),
    artefact: async (scope, id) => {
      const row = await artefactById(state.tables(), scope, id)
      return row === undefined ? undefined : { id: row.id, name: row.name, sha256: row.sha256 }
    },
    channels: async (scope) =>
      (await channels(state.scoped<NotifyTables>(scope))).map(({ id, name, kind, enabled }) => ({
        id,
        name,
        kind,
        enabled: enabled === 1,
      })),
    tell: (trx, { scope, channel, incident, number, severity, subject, text }, now) =>
      enqueueLetter(
        trx as unknown as NotifyDb,
        channel,
        {
          type: 'incident.update',
          timestamp: new Date(now).toISOString(),
          data: {
            id: incident,
            scope,
            number,
            severity: severityOfSchema.parse(severity),
            subject,
            text,
            url: `/incidents?incident=${encodeURIComponent(incident)}`,
          },
        },
        now,
      ),
    fates: async (ids) => {
      const db = state.tables<NotifyTables>()
      const rows = await deliveriesByIds(db, ids)
      const fates = await Promise.all(
        rows.map(async (row): Promise<readonly [string, DeliveryFate]> => {
          const error = row.state === 'sent' ? null : ((await channelById(db, row.channel_id))?.error ?? null)
          return [row.id, { state: row.state, at: row.done, error }]
        }),
      )
      return new Map(fates)
    },
    runs,
    ledgerIndexes: (outbox) => ledgerPlaces(state.tables<ProveTables>(), outbox),
    origin,
    changed,
  }
}

/** Opens incidents for grave alerts, follows what was sent, and gives what simulations have for now. */
export function startIncidents(exercises: ExerciseDeps, { log }: Pick<Services, 'log'>, atOnce = ALERTS_AT_ONCE): Waking {
  const { incidents: deps } = exercises
  const { state, clock } = deps
  const db = state.tables<DetectTables>()
  // Of the scope: the index of stories begins with it.
  const ofStory = async (scope: string, story: string): Promise<string[]> =>
    (await alertsOfStory(state.scoped<DetectTables>(scope), story, STORY_ALERTS)).map(({ id }) => id)
  let since = clock.now() - LOOK_BACK_MS
  /** Those of the overlap that were looked at already, by how grave they were then, with when they were raised. */
  const seen = new Map<string, number>()
  return repeatOrSooner(
    LOOK_EVERY_MS,
    LOOK_SOONEST_MS,
    async () => {
      let after: Pick<AlertsTable, 'raised' | 'id'> | undefined
      for (let full = true; full; ) {
        const rows = await graveSince(db, since, 4, atOnce, after)
        const fresh = rows.filter((row) => !seen.has(lookedAt(row)))
        if (fresh.length > 0) await openForAlerts(deps, fresh.map(waitingOf), ofStory)
        for (const row of fresh) seen.set(lookedAt(row), row.raised)
        after = rows.at(-1) ?? after
        // One batch of events may raise more than a page of alerts, all in the same millisecond.
        full = rows.length === atOnce
      }
      if (after !== undefined) since = Math.max(since, after.raised - OVERLAP_MS)
      for (const [key, raised] of seen) if (raised < since) seen.delete(key)
      await settleMessages(deps)
      await advanceSimulations(exercises)
    },
    (error) => log.error('opening incidents failed and is tried again', { reason: messageOf(error) }),
  )
}

/** An alert that further detections make graver is looked at anew. */
const lookedAt = ({ id, severity }: AlertsTable): string => `${id} ${severity}`

function waitingOf(row: AlertsTable): WaitingAlert {
  return { ...snapshotOf(row), scope: row.scope, story: row.story_id }
}

function snapshotOf(row: AlertsTable): AlertSnapshot {
  return {
    id: row.id,
    rule: row.rule_id,
    title: { en: row.title, ja: row.title_ja },
    severity: row.severity,
    entity: { kind: row.entity_kind, name: row.entity_name },
    techniques: readJson<string[]>(row.techniques),
    events: readJson<{ readonly eventIds: readonly string[] }>(row.detail).eventIds,
    firstObserved: row.first_observed,
    raised: row.raised,
    acknowledged: row.acknowledged,
  }
}

/** Fields that name who and what an event is about. */
const ENTITY_FIELDS: readonly (readonly [field: string, kind: string])[] = [
  ['host.name', 'host'],
  ['user.name', 'user'],
  ['source.ip', 'address'],
  ['destination.ip', 'address'],
  ['dns.question.name', 'domain'],
  ['destination.domain', 'domain'],
  ['process.executable', 'file'],
  ['file.path', 'file'],
]

function eventOf(id: string, observed: number, doc: JsonObject): IncidentEvent {
  const lane = laneOf(doc)
  const entities = ENTITY_FIELDS.flatMap(([field, kind]) => {
    const name = getPath(doc, field)
    return typeof name === 'string' && name !== '' ? [{ kind, name: name.slice(0, 300) }] : []
  })
  return { id, at: observed, lane, summary: summaryOf(doc, lane), entities }
}
