import { KanpekiError } from '../../kernel/error.ts'
import type { DeedContext } from './deed-context.ts'
import { isPastContainment } from './phases.ts'
import { planForGraver, planMessages, resetClocks, startClocks } from './plan-work.ts'
import { policyOf } from './policy.ts'
import {
  alertsOf,
  artefactsOf,
  changeIncident,
  changeMessage,
  changeTask,
  entitiesOf,
  incidentById,
  insertAlerts,
  insertArtefact,
  insertEntity,
  insertLink,
  messagesOf,
  rolesOf,
  setRole,
  tasksOf,
} from './queries.ts'
import type { Deed } from './schema.ts'
import type { IncidentsTable } from './tables.ts'
import { OUTCOME_WORDS, PHASE_WORDS, ROLE_WORDS, same } from './words.ts'

/** Of messages that are not at their end: a channel may still give one back. */
const PENDING: ReadonlySet<string> = new Set(['planned', 'queued', 'failed'])

type Of<K extends Deed['do']> = Extract<Deed, { readonly do: K }>

export async function changeDeed({ trx, deps, incident, now, done }: DeedContext, asked: Of<'change'>): Promise<IncidentsTable> {
  const { title, severity, summary, note } = asked
  const parts = [
    ...(title === undefined || title === incident.title
      ? []
      : [{ en: `Title: ${incident.title} → ${title}`, ja: `件名：${incident.title} → ${title}` }]),
    ...(severity === undefined || severity === incident.severity
      ? []
      : [{ en: `Severity: P${incident.severity} → P${severity}`, ja: `重大度：P${incident.severity} → P${severity}` }]),
    ...(summary === undefined || summary === incident.summary ? [] : [{ en: 'Summary rewritten', ja: '概要を更新' }]),
  ]
  if (parts.length === 0) throw new KanpekiError('invalid_input', 'Nothing is to be changed.')
  const change = {
    ...(title === undefined ? {} : { title, title_ja: title }),
    ...(severity === undefined ? {} : { severity }),
    ...(summary === undefined ? {} : { summary }),
  }
  const after = { ...incident, ...change }
  await resetClocks(trx, await policyOf(deps.policy, trx), incident, after)
  const text = { en: parts.map(({ en }) => en).join('; '), ja: parts.map(({ ja }) => ja).join('、') }
  const { title: was, severity: grade, summary: said } = incident
  const changed = await done(
    { kind: 'change', text, note, facts: { before: { title: was, severity: grade, summary: said }, after: change } },
    change,
  )
  if (changed.severity < incident.severity) await planForGraver(trx, deps, incident, changed, now)
  return changed
}

export function acknowledgeDeed({ incident, done }: DeedContext, { note }: Of<'acknowledge'>): Promise<IncidentsTable> {
  if (incident.acknowledged !== null) throw new KanpekiError('conflict', 'It was acknowledged already.')
  return done({ kind: 'acknowledge', text: { en: 'Acknowledged', ja: '着手' }, note })
}

/** To any other phase, also back. What is entered after containment is contained; going back says that it was not. */
export async function phaseDeed(
  { trx, deps, incident, by, now, done }: DeedContext,
  { phase, note }: Of<'phase'>,
): Promise<IncidentsTable> {
  if (phase === incident.phase) throw new KanpekiError('conflict', `It is in the phase ${phase} already.`)
  const [from, to] = [PHASE_WORDS[incident.phase], PHASE_WORDS[phase]]
  const past = isPastContainment(phase)
  const contained =
    past && incident.contained === null
      ? { contained: now, contained_by: by.person ? ('person' as const) : ('playbook' as const) }
      : {}
  const undone = !past && isPastContainment(incident.phase) ? { contained: null, contained_by: null } : {}
  const changed = await done(
    {
      kind: 'phase',
      text: { en: `Phase: ${from.en} → ${to.en}`, ja: `フェーズ：${from.ja} → ${to.ja}` },
      note,
      facts: { before: incident.phase, after: phase },
    },
    { phase, ...contained, ...undone },
  )
  await startClocks(trx, await policyOf(deps.policy, trx), changed, now)
  await planMessages(trx, deps, changed, phase, now)
  if (changed.contained !== null && incident.contained === null) await planMessages(trx, deps, changed, 'contained', now)
  return changed
}

export async function containedDeed(
  { trx, deps, incident, by, now, done }: DeedContext,
  { note }: Of<'contained'>,
): Promise<IncidentsTable> {
  if (incident.contained !== null) throw new KanpekiError('conflict', 'It is contained already.')
  const changed = await done(
    { kind: 'contained', text: { en: 'Contained', ja: '封じ込め完了' }, note, facts: { by: by.person ? 'person' : 'playbook' } },
    { contained: now, contained_by: by.person ? 'person' : 'playbook' },
  )
  await planMessages(trx, deps, changed, 'contained', now)
  return changed
}

export async function closeDeed(
  { trx, deps, incident, now, done }: DeedContext,
  { outcome, note }: Of<'close'>,
): Promise<IncidentsTable> {
  const open = (await tasksOf(trx, [incident.id])).filter(({ done: at, due }) => at === null && due !== null).length
  const words = OUTCOME_WORDS[outcome]
  const changed = await done(
    {
      kind: 'close',
      text: {
        en: `Closed: ${words.en}${open === 0 ? '' : ` (${open} tasks left open)`}`,
        ja: `完了：${words.ja}${open === 0 ? '' : `（未完了の作業${open}件）`}`,
      },
      note,
      facts: { before: incident.state, after: 'closed', outcome, openTasks: open },
    },
    { state: 'closed', outcome, closed: now },
  )
  if (outcome === 'true') await planMessages(trx, deps, changed, 'closed', now)
  return changed
}

export function reopenDeed({ done, incident }: DeedContext, { note }: Of<'reopen'>): Promise<IncidentsTable> {
  if (incident.state !== 'closed') throw new KanpekiError('conflict', 'It is not closed.')
  return done(
    {
      kind: 'reopen',
      text: { en: 'Opened again', ja: '再開' },
      note,
      facts: { before: 'closed', after: 'open', outcome: incident.outcome },
    },
    { state: 'open', outcome: null, closed: null },
  )
}

export async function roleDeed({ trx, incident, now, done }: DeedContext, { role, person }: Of<'role'>): Promise<IncidentsTable> {
  const before = (await rolesOf(trx, [incident.id])).find((one) => one.role === role)?.person ?? null
  if (before === person) throw new KanpekiError('conflict', 'That role is theirs already.')
  await setRole(trx, { incident_id: incident.id, role, scope: incident.scope, person, since: now })
  const word = ROLE_WORDS[role]
  return done({
    kind: 'role',
    text: {
      en: `${word.en}: ${before ?? 'nobody'} → ${person ?? 'nobody'}`,
      ja: `${word.ja}：${before ?? 'なし'} → ${person ?? 'なし'}`,
    },
    facts: { role, before, after: person },
  })
}

/** The next shift takes command, and the note says what they have to know. */
export async function handOverDeed(
  { trx, incident, by, now, done }: DeedContext,
  { to, note }: Of<'hand-over'>,
): Promise<IncidentsTable> {
  const before = (await rolesOf(trx, [incident.id])).find(({ role }) => role === 'commander')?.person ?? by.name
  await setRole(trx, { incident_id: incident.id, role: 'commander', scope: incident.scope, person: to, since: now })
  return done({
    kind: 'hand-over',
    text: { en: `Handed over: ${before} → ${to}`, ja: `引き継ぎ：${before} → ${to}` },
    note,
    facts: { role: 'commander', before, after: to },
  })
}

export async function linkDeed(context: DeedContext, { incident: id, note }: Of<'link'>): Promise<IncidentsTable> {
  const { trx, incident, now, done } = context
  const other = await otherIncident(context, id)
  await insertLink(trx, incident.id, other.id, incident.scope, now)
  await context.enterIn(other, {
    kind: 'link',
    text: same(`↔ INC-${incident.number} ${incident.title}`),
    note,
    facts: { other: incident.id },
  })
  return done({ kind: 'link', text: same(`↔ INC-${other.number} ${other.title}`), note, facts: { other: other.id } })
}

/** Everything of this one goes to the other, which is as grave as the graver of both and where work continues; this one stays to be read. */
export async function mergeDeed(context: DeedContext, { into, note }: Of<'merge'>): Promise<IncidentsTable> {
  const { trx, deps, incident, now, done } = context
  const other = await otherIncident(context, into)
  if (other.state !== 'open')
    throw new KanpekiError('conflict', `INC-${other.number} is not open.`, { remedy: 'Open it again first, or choose another.' })
  if ((incident.exercise === null) !== (other.exercise === null))
    throw new KanpekiError('conflict', 'An exercise and a real incident stay apart.')
  await insertAlerts(
    trx,
    (await alertsOf(trx, [incident.id])).map((row) => ({ ...row, incident_id: other.id })),
  )
  for (const row of await entitiesOf(trx, incident.id)) await insertEntity(trx, { ...row, incident_id: other.id })
  for (const row of await artefactsOf(trx, incident.id)) await insertArtefact(trx, { ...row, incident_id: other.id })
  for (const task of await tasksOf(trx, [incident.id]))
    if (task.by_policy === 0 && task.done === null) await changeTask(trx, task.id, { incident_id: other.id })
  // Whoever has still to be told is told from there: of this one nothing can be sent any more.
  const told = new Set((await messagesOf(trx, other.id)).flatMap(({ audience_id }) => audience_id ?? []))
  for (const message of await messagesOf(trx, incident.id))
    if (PENDING.has(message.state) && (message.audience_id === null || !told.has(message.audience_id)))
      await changeMessage(trx, message.id, { incident_id: other.id })
  const least = (a: number | null, b: number | null): number | null => (a === null ? b : b === null ? a : Math.min(a, b))
  const times = {
    first_observed: least(other.first_observed, incident.first_observed),
    detected: least(other.detected, incident.detected),
    acknowledged: least(other.acknowledged, incident.acknowledged),
  }
  const isGraver = incident.severity < other.severity
  const raised = {
    en: `; severity: P${other.severity} → P${incident.severity}`,
    ja: `、重大度：P${other.severity} → P${incident.severity}`,
  }
  const change = { ...times, ...(isGraver ? { severity: incident.severity } : {}) }
  const joined = { ...other, ...change }
  await changeIncident(trx, other.id, change)
  if (isGraver) await resetClocks(trx, await policyOf(deps.policy, trx), other, joined)
  await context.enterIn(joined, {
    kind: 'merge',
    text: {
      en: `INC-${incident.number} was merged into this${isGraver ? raised.en : ''}`,
      ja: `INC-${incident.number}をこのインシデントに統合${isGraver ? raised.ja : ''}`,
    },
    note,
    facts: {
      from: incident.id,
      ...(isGraver ? { before: { severity: other.severity }, after: { severity: joined.severity } } : {}),
    },
  })
  if (isGraver) await planForGraver(trx, deps, other, joined, now)
  return done(
    {
      kind: 'merge',
      text: { en: `Merged into INC-${other.number}`, ja: `INC-${other.number}に統合` },
      note,
      facts: { before: incident.state, after: 'merged', into: other.id },
    },
    { state: 'merged', merged_into: other.id, closed: now },
  )
}

async function otherIncident({ trx, incident }: DeedContext, id: string): Promise<IncidentsTable> {
  const other = await incidentById(trx, id)
  if (other === undefined) throw new KanpekiError('not_found', `There is no incident ${id}.`)
  if (other.id === incident.id) throw new KanpekiError('invalid_input', 'It cannot be joined to itself.')
  return other
}
