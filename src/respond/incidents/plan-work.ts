import { randomUUID } from 'node:crypto'
import { KanpekiError } from '../../kernel/error.ts'
import type { IncidentDeps } from './deps.ts'
import { enter, HOUSE } from './enter.ts'
import { dueOf, type IncidentPolicy, type Occasion, policyOf } from './policy.ts'
import { audiencesOf, changeMessage, changeTask, type Db, insertMessages, insertTasks, messagesOf, tasksOf } from './queries.ts'
import { PHASES, type Phase } from './schema.ts'
import { sendMessage } from './send-message.ts'
import type { IncidentsTable, MessagesTable, TasksTable } from './tables.ts'

/** What the policy asks for in an incident of this severity, in its order. Clocks start with their phase. */
export function plannedTasks(policy: IncidentPolicy, incident: IncidentsTable, now: number): TasksTable[] {
  return policy.tasks
    .filter(({ severity }) => incident.severity <= severity)
    .map(({ phase, title }, place) => taskOf(incident, phase, title.en, title.ja, now + place))
}

function taskOf({ id, scope }: IncidentsTable, phase: Phase, en: string, ja: string, now: number): TasksTable {
  return {
    id: randomUUID(),
    incident_id: id,
    scope,
    phase,
    title_en: en,
    title_ja: ja,
    assignee: null,
    due: null,
    by_policy: 1,
    done: null,
    done_by: null,
    note: '',
    created: now,
  }
}

/** Starts the clocks of a phase that begins now; one that ran before goes on. */
export async function startClocks(trx: Db, policy: IncidentPolicy, incident: IncidentsTable, now: number): Promise<void> {
  for (const task of await tasksOf(trx, [incident.id]))
    if (task.phase === incident.phase && task.by_policy === 1 && task.due === null && task.done === null)
      await changeTask(trx, task.id, { due: dueOf(policy, incident.severity, task.phase, now) })
}

/**
 * What the policy asks for now that an incident is graver than before: tasks that a lesser one has none of, with their clocks
 * where their phase has begun, and everybody whom what happened so far has to reach.
 */
export async function planForGraver(
  trx: Db,
  deps: IncidentDeps,
  before: IncidentsTable,
  after: IncidentsTable,
  now: number,
): Promise<void> {
  const policy = await policyOf(deps.policy, trx)
  const there = new Set((await tasksOf(trx, [after.id])).map(({ phase, title_en }) => `${phase} ${title_en}`))
  const asked = { ...policy, tasks: policy.tasks.filter(({ severity }) => severity < before.severity) }
  // An incident begins in identification.
  const past = PHASES.slice(PHASES.indexOf('identification'), PHASES.indexOf(after.phase) + 1)
  const added = plannedTasks(asked, after, now)
    .filter(({ phase, title_en }) => !there.has(`${phase} ${title_en}`))
    .map((task) => ({ ...task, due: past.includes(task.phase) ? dueOf(policy, after.severity, task.phase, now) : null }))
  await insertTasks(trx, added)
  for (const when of ['opened', ...past, ...(after.contained === null ? [] : ['contained' as const])] as const)
    await planMessages(trx, deps, after, when, now)
}

/** Clocks follow the severity: what was due after two hours is due after thirty minutes, counted from where it began. */
export async function resetClocks(trx: Db, policy: IncidentPolicy, before: IncidentsTable, after: IncidentsTable): Promise<void> {
  for (const task of await tasksOf(trx, [after.id]))
    if (task.by_policy === 1 && task.due !== null && task.done === null) {
      const began = task.due - dueOf(policy, before.severity, task.phase, 0)
      await changeTask(trx, task.id, { due: dueOf(policy, after.severity, task.phase, began) })
    }
}

/** Writes down who has to be told now; where the scope says so, it is sent at once. */
export async function planMessages(
  trx: Db,
  deps: Pick<IncidentDeps, 'policy' | 'tell'>,
  incident: IncidentsTable,
  when: Occasion,
  now: number,
): Promise<void> {
  const [set, planned] = [await audiencesOf(trx), await messagesOf(trx, incident.id)]
  const wanted = deps.policy.audiences.filter(
    (one) => one.when === when && incident.severity <= one.severity && !planned.some(({ audience_id }) => audience_id === one.id),
  )
  const rows = wanted.map((one): MessagesTable => {
    const own = set.find(({ id }) => id === one.id)
    return {
      id: randomUUID(),
      incident_id: incident.id,
      scope: incident.scope,
      audience_id: one.id,
      audience_en: one.audience.en,
      audience_ja: one.audience.ja,
      about_en: one.about.en,
      about_ja: one.about.ja,
      channel_id: own?.channel_id ?? null,
      channel_name: '',
      contact: own?.contact ?? '',
      due: now + one.withinMinutes * 60_000,
      state: 'planned',
      subject: '',
      text: '',
      delivery: null,
      sha256: null,
      sent: null,
      by_name: null,
      error: null,
      created: now,
    }
  })
  await insertMessages(trx, rows)
  for (const row of rows)
    if (row.channel_id !== null && set.some(({ id, automatic }) => id === row.audience_id && automatic === 1))
      await sendOrSay(trx, deps, incident, row, now)
}

/** A channel that was stopped or removed keeps nobody from working on the incident: that it was not told is said there. */
async function sendOrSay(
  trx: Db,
  deps: Pick<IncidentDeps, 'tell'>,
  incident: IncidentsTable,
  message: MessagesTable,
  now: number,
): Promise<void> {
  try {
    await sendMessage(trx, deps, incident, message, undefined, now)
  } catch (error) {
    if (!(error instanceof KanpekiError)) throw error
    await changeMessage(trx, message.id, { state: 'failed', error: error.message })
    const text = {
      en: `${message.audience_en} could not be told: ${error.message}`,
      ja: `${message.audience_ja}に連絡できず：${error.message}`,
    }
    const facts = { message: message.id, audience: message.audience_en, error: error.message }
    await enter(trx, incident, HOUSE, { kind: 'message-failed', text, facts }, now)
  }
}
