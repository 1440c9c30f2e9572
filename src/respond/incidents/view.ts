import { KanpekiError } from '../../kernel/error.ts'
import { readJson } from '../../platform/state/columns.ts'
import type { IncidentDeps } from './deps.ts'
import {
  alertsOf,
  artefactsOf,
  type Db,
  entitiesOf,
  entriesOf,
  followUpsOf,
  incidentById,
  incidentsByIds,
  linkedWith,
  messagesOf,
  rolesOf,
  tasksOf,
} from './queries.ts'
import {
  type FollowUpView,
  type IncidentAlert,
  type IncidentDetail,
  type IncidentSummary,
  type MessageView,
  PHASES,
  type TaskView,
} from './schema.ts'
import { similarTo } from './similar.ts'
import type {
  EntriesTable,
  FollowUpsTable,
  IncidentAlertsTable,
  IncidentsTable,
  IncidentTables,
  MessagesTable,
  RolesTable,
  TasksTable,
} from './tables.ts'

export function iso(ms: number): string {
  return new Date(ms).toISOString()
}

export function isoOrNull(ms: number | null): string | null {
  return ms === null ? null : iso(ms)
}

/** A task whose time is over; what has no clock is never late. */
export function isOverdue(task: Pick<TasksTable, 'due' | 'done'>, now: number): boolean {
  return task.due !== null && task.done === null && task.due < now
}

/** One that was opened before titles had two languages has one. */
export function titleJaOf({ title, title_ja }: Pick<IncidentsTable, 'title' | 'title_ja'>): string {
  return title_ja === '' ? title : title_ja
}

/** Rows of the list, each with its figures. */
export async function summariesOf(db: Db, rows: readonly IncidentsTable[], now: number): Promise<IncidentSummary[]> {
  const ids = rows.map(({ id }) => id)
  const [tasks, alerts, roles] = [await tasksOf(db, ids), await alertsOf(db, ids), await rolesOf(db, ids)]
  const [tasksBy, alertsBy] = [Map.groupBy(tasks, (row) => row.incident_id), Map.groupBy(alerts, (row) => row.incident_id)]
  return rows.map((row) =>
    summaryOf(
      row,
      tasksBy.get(row.id) ?? [],
      alertsBy.get(row.id)?.length ?? 0,
      roles.filter(({ incident_id }) => incident_id === row.id),
      now,
    ),
  )
}

function summaryOf(
  row: IncidentsTable,
  tasks: readonly TasksTable[],
  alerts: number,
  roles: readonly RolesTable[],
  now: number,
): IncidentSummary {
  const running = tasks.filter(({ due, done }) => due !== null && done === null)
  const next = running.length === 0 || row.state !== 'open' ? null : Math.min(...running.map(({ due }) => due!))
  return {
    id: row.id,
    number: row.number,
    title: row.title,
    titleJa: titleJaOf(row),
    severity: row.severity,
    phase: row.phase,
    state: row.state,
    outcome: row.outcome,
    exercise: row.exercise,
    commander: roles.find(({ role }) => role === 'commander')?.person ?? null,
    opened: iso(row.opened),
    updated: iso(row.updated),
    closed: isoOrNull(row.closed),
    contained: isoOrNull(row.contained),
    containedBy: row.contained_by,
    alerts,
    tasks: {
      open: running.length,
      overdue: row.state === 'open' ? running.filter((task) => isOverdue(task, now)).length : 0,
      done: tasks.filter(({ done }) => done !== null).length,
      nextDue: isoOrNull(next),
    },
  }
}

/** @throws KanpekiError `not_found`. */
export async function incidentDetailOf(deps: IncidentDeps, scope: string, id: string): Promise<IncidentDetail> {
  const { state, clock } = deps
  const db = state.scoped<IncidentTables>(scope)
  const now = clock.now()
  const row = await incidentById(db, id)
  if (row === undefined) throw new KanpekiError('not_found', `There is no incident ${id}.`)
  const [tasks, alerts, roles, entries] = [
    await tasksOf(db, [id]),
    await alertsOf(db, [id]),
    await rolesOf(db, [id]),
    await entriesOf(db, id),
  ]
  const joined = await incidentsByIds(db, [...(await linkedWith(db, id)), ...(row.merged_into === null ? [] : [row.merged_into])])
  const into = joined.find((other) => other.id === row.merged_into)
  const runs = await deps.runs(scope, id)
  return {
    ...summaryOf(row, tasks, alerts.length, roles, now),
    summary: row.summary,
    openedBy: row.opened_by,
    automatic: row.automatic === 1,
    firstObserved: isoOrNull(row.first_observed),
    detected: isoOrNull(row.detected),
    acknowledged: isoOrNull(row.acknowledged),
    clocks: clocksOf(row),
    phases: phasesOf(row, entries),
    roles: roles.map(({ role, person, since }) => ({ role, person, since: iso(since) })),
    taskList: tasks
      .map((task) => taskViewOf(task, row, now))
      .toSorted((a, b) => PHASES.indexOf(a.phase) - PHASES.indexOf(b.phase)),
    alertList: alerts.map(alertViewOf),
    entities: entitiesIn(alerts, await entitiesOf(db, id)),
    artefacts: (await artefactsOf(db, id)).map(({ artefact_id, name, sha256, added, by_name }) => ({
      id: artefact_id,
      name,
      sha256,
      added: iso(added),
      by: by_name,
    })),
    links: joined
      .filter((other) => other.id !== row.merged_into)
      .map((other) => ({
        id: other.id,
        number: other.number,
        title: other.title,
        titleJa: titleJaOf(other),
        state: other.state,
      })),
    mergedInto: into === undefined ? null : { id: into.id, number: into.number, title: into.title, titleJa: titleJaOf(into) },
    messages: (await messagesOf(db, id)).map((message) => messageViewOf(message, now)),
    postMortem: row.post_mortem === null ? null : readJson<NonNullable<IncidentDetail['postMortem']>>(row.post_mortem),
    followUps: (await followUpsOf(db, id)).map((one) => followUpViewOf(one, now)),
    similar: await similarTo(db, row, alerts),
    runs: runs.map(({ id: run, title, state: how, started, ended, simulated }) => ({
      id: run,
      title,
      state: how,
      started: iso(started),
      ended: isoOrNull(ended),
      simulated,
    })),
  }
}

/** Seconds. Detection is measured from the first event to the first alert, the rest from that alert (or the opening). */
export function clocksOf(row: IncidentsTable): IncidentDetail['clocks'] {
  const begin = row.detected ?? row.opened
  const since = (at: number | null): number | null => (at === null ? null : Math.max(0, at - begin) / 1000)
  return {
    detect: row.detected === null || row.first_observed === null ? null : Math.max(0, row.detected - row.first_observed) / 1000,
    acknowledge: since(row.acknowledged),
    contain: since(row.contained),
    resolve: row.state === 'closed' ? since(row.closed) : null,
  }
}

/** Only the last beginning of each: a phase may be gone back to. */
function phasesOf(row: IncidentsTable, entries: readonly EntriesTable[]): IncidentDetail['phases'] {
  const began = new Map<string, { readonly at: number; readonly by: string }>([
    ['identification', { at: row.opened, by: row.opened_by }],
  ])
  for (const entry of entries)
    if (entry.kind === 'phase') began.set(readJson<{ after: string }>(entry.detail).after, { at: entry.at, by: entry.by_name })
  return PHASES.flatMap((phase) => {
    const one = began.get(phase)
    return one === undefined ? [] : [{ phase, at: iso(one.at), by: one.by }]
  })
}

function taskViewOf(task: TasksTable, { state }: IncidentsTable, now: number): TaskView {
  return {
    id: task.id,
    phase: task.phase,
    title: { en: task.title_en, ja: task.title_ja },
    assignee: task.assignee,
    due: isoOrNull(task.due),
    done: isoOrNull(task.done),
    doneBy: task.done_by,
    note: task.note,
    overdue: state === 'open' && isOverdue(task, now),
  }
}

function alertViewOf(row: IncidentAlertsTable): IncidentAlert {
  return {
    id: row.alert_id,
    rule: row.rule_id,
    title: { en: row.title, ja: row.title_ja },
    severity: row.severity,
    entity: { kind: row.entity_kind, name: row.entity_name },
    techniques: readJson<string[]>(row.techniques),
    firstObserved: iso(row.first_observed),
    raised: iso(row.raised),
    added: iso(row.added),
  }
}

function entitiesIn(
  alerts: readonly IncidentAlertsTable[],
  added: readonly { readonly kind: string; readonly name: string; readonly note: string }[],
): IncidentDetail['entities'] {
  const all = [...added, ...alerts.map((row) => ({ kind: row.entity_kind, name: row.entity_name, note: '' }))]
  const unique = new Map<string, IncidentDetail['entities'][number]>()
  for (const { kind, name, note } of all) {
    const key = `${kind} ${name.toLowerCase()}`
    if (!unique.has(key)) unique.set(key, { kind, name, note })
  }
  return [...unique.values()]
}

function messageViewOf(row: MessagesTable, now: number): MessageView {
  const told = row.state === 'sent' || row.state === 'said' || row.state === 'simulated' || row.state === 'dropped'
  return {
    id: row.id,
    audience: { en: row.audience_en, ja: row.audience_ja },
    about: { en: row.about_en, ja: row.about_ja },
    due: isoOrNull(row.due),
    channel: row.channel_id === null ? null : { id: row.channel_id, name: row.channel_name },
    contact: row.contact,
    state: row.state,
    overdue: !told && row.due !== null && row.due < now,
    subject: row.subject,
    text: row.text,
    sent: isoOrNull(row.sent),
    by: row.by_name,
    proof: row.sha256 === null ? null : { message: row.delivery ?? '', sha256: row.sha256 },
    error: row.error,
  }
}

function followUpViewOf(row: FollowUpsTable, now: number): FollowUpView {
  return {
    id: row.id,
    title: row.title,
    owner: row.owner,
    due: isoOrNull(row.due),
    done: row.done === null ? null : { at: iso(row.done), by: row.done_by ?? '', note: row.done_note },
    verified: row.verified === null ? null : { at: iso(row.verified), by: row.verified_by ?? '', note: row.verified_note },
    overdue: row.verified === null && row.due !== null && row.due < now,
  }
}
