import { randomUUID } from 'node:crypto'
import { KanpekiError } from '../../kernel/error.ts'
import type { DeedContext } from './deed-context.ts'
import { alertRow, timesOf } from './open.ts'
import { dueOf, policyOf } from './policy.ts'
import { changeTask, insertAlerts, insertArtefact, insertEntity, insertTasks, tasksOf } from './queries.ts'
import type { Deed } from './schema.ts'
import type { IncidentsTable, TasksTable } from './tables.ts'
import { same } from './words.ts'

type Of<K extends Deed['do']> = Extract<Deed, { readonly do: K }>

export function commentDeed({ done }: DeedContext, { text }: Of<'comment'>): Promise<IncidentsTable> {
  return done({ kind: 'comment', text: { en: 'Comment', ja: 'コメント' }, note: text })
}

export async function taskDeed({ trx, deps, incident, now, done }: DeedContext, asked: Of<'task'>): Promise<IncidentsTable> {
  const { title, phase = incident.phase, assignee, due } = asked
  const row: TasksTable = {
    id: randomUUID(),
    incident_id: incident.id,
    scope: incident.scope,
    phase,
    title_en: title,
    title_ja: title,
    assignee,
    due: due === null ? dueOf(await policyOf(deps.policy, trx), incident.severity, phase, now) : Date.parse(due),
    by_policy: 0,
    done: null,
    done_by: null,
    note: '',
    created: now,
  }
  await insertTasks(trx, [row])
  return done({
    kind: 'task',
    text: { en: `Task: ${title}`, ja: `作業を追加：${title}` },
    facts: { task: row.id, phase, assignee, due: iso(row.due) },
  })
}

export async function changeTaskDeed(
  context: DeedContext,
  { task: id, assignee, due }: Of<'task-change'>,
): Promise<IncidentsTable> {
  const task = await taskOf(context, id)
  const parts = [
    ...(assignee === undefined || assignee === task.assignee
      ? []
      : [
          {
            en: `${task.assignee ?? 'nobody'} → ${assignee ?? 'nobody'}`,
            ja: `${task.assignee ?? '未割当'} → ${assignee ?? '未割当'}`,
          },
        ]),
    ...(due === undefined ? [] : [same(`${iso(task.due) ?? '–'} → ${due ?? '–'}`)]),
  ]
  if (parts.length === 0) throw new KanpekiError('invalid_input', 'Nothing is to be changed.')
  await changeTask(context.trx, id, {
    ...(assignee === undefined ? {} : { assignee }),
    ...(due === undefined ? {} : { due: due === null ? null : Date.parse(due), by_policy: 0 }),
  })
  return context.done({
    kind: 'task-change',
    text: {
      en: `Task “${task.title_en}”: ${parts.map(({ en }) => en).join('; ')}`,
      ja: `作業「${task.title_ja}」：${parts.map(({ ja }) => ja).join('、')}`,
    },
    facts: {
      task: id,
      before: { assignee: task.assignee, due: iso(task.due) },
      after: { assignee: assignee ?? task.assignee, due: due ?? iso(task.due) },
    },
  })
}

export async function taskDoneDeed(context: DeedContext, { task: id, note }: Of<'task-done'>): Promise<IncidentsTable> {
  const task = await taskOf(context, id)
  if (task.done !== null) throw new KanpekiError('conflict', 'That task was done already.')
  const { now, by } = context
  await changeTask(context.trx, id, { done: now, done_by: by.name, note })
  const late = task.due !== null && task.due < now
  return context.done({
    kind: 'task-done',
    text: {
      en: `Done${late ? ', late' : ''}: ${task.title_en}`,
      ja: `作業完了${late ? '（期限超過）' : ''}：${task.title_ja}`,
    },
    note,
    facts: { task: id, due: iso(task.due), late },
  })
}

export async function taskAgainDeed(context: DeedContext, { task: id, note }: Of<'task-again'>): Promise<IncidentsTable> {
  const task = await taskOf(context, id)
  if (task.done === null) throw new KanpekiError('conflict', 'That task was not done yet.')
  await changeTask(context.trx, id, { done: null, done_by: null, note })
  return context.done({
    kind: 'task-again',
    text: { en: `To be done again: ${task.title_en}`, ja: `作業のやり直し：${task.title_ja}` },
    note,
    facts: { task: id, before: { done: iso(task.done), by: task.done_by } },
  })
}

export async function alertsDeed({ trx, incident, now, fetched, done }: DeedContext): Promise<IncidentsTable> {
  const { alerts } = fetched
  await insertAlerts(
    trx,
    alerts.map((alert) => alertRow(incident, alert, now)),
  )
  const times = timesOf(alerts)
  const least = (a: number | null, b: number | null): number | null => (a === null ? b : b === null ? a : Math.min(a, b))
  const titles = alerts
    .slice(0, 3)
    .map(({ title, entity }) => ({ en: `${title.en} (${entity.name})`, ja: `${title.ja}（${entity.name}）` }))
  const more = alerts.length - titles.length
  return done(
    {
      kind: 'alerts',
      text: {
        en: `Alerts added: ${titles.map(({ en }) => en).join('; ')}${more > 0 ? ` and ${more} more` : ''}`,
        ja: `アラートを追加：${titles.map(({ ja }) => ja).join('、')}${more > 0 ? `ほか${more}件` : ''}`,
      },
      facts: { alerts: alerts.map(({ id }) => id) },
    },
    {
      first_observed: least(incident.first_observed, times.first_observed),
      detected: least(incident.detected, times.detected),
    },
  )
}

export async function entityDeed(
  { trx, incident, done }: DeedContext,
  { kind, name, note }: Of<'entity'>,
): Promise<IncidentsTable> {
  await insertEntity(trx, { incident_id: incident.id, kind, name, scope: incident.scope, note })
  return done({ kind: 'entity', text: { en: `Concerned: ${name}`, ja: `関係する対象：${name}` }, note, facts: { kind, name } })
}

export async function artefactDeed(
  { trx, incident, by, now, fetched, done }: DeedContext,
  { note }: Of<'artefact'>,
): Promise<IncidentsTable> {
  const { artefact } = fetched
  if (artefact === undefined)
    throw new KanpekiError('not_found', 'There is no such artefact.', { remedy: 'Bring it under Evidence first.' })
  const { id, name, sha256 } = artefact
  await insertArtefact(trx, {
    incident_id: incident.id,
    artefact_id: id,
    scope: incident.scope,
    name,
    sha256,
    added: now,
    by_name: by.name,
  })
  return done({
    kind: 'artefact',
    text: { en: `Artefact: ${name}`, ja: `証拠品：${name}` },
    note,
    facts: { artefact: id, sha256 },
  })
}

async function taskOf({ trx, incident }: DeedContext, id: string): Promise<TasksTable> {
  const task = (await tasksOf(trx, [incident.id])).find((one) => one.id === id)
  if (task === undefined) throw new KanpekiError('not_found', 'This incident has no such task.')
  return task
}

function iso(ms: number | null): string | null {
  return ms === null ? null : new Date(ms).toISOString()
}
