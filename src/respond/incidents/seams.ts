import { KanpekiError } from '../../kernel/error.ts'
import type { IncidentDeps } from './deps.ts'
import { type Actor, enter } from './enter.ts'
import { planMessages, startClocks } from './plan-work.ts'
import { policyOf } from './policy.ts'
import { type Db, incidentById, incidentsByIds, incidentsHolding } from './queries.ts'
import type { Both } from './words.ts'

/** What playbooks need of incidents. Handles are limited to one scope. */

/** Whether nothing may be done in earnest for this incident. @throws KanpekiError `not_found`. */
export async function isExercise(db: Db, incident: string): Promise<boolean> {
  return (await known(db, incident)).exercise !== null
}

/** Where the work on an incident goes on: the one that it was merged into, or itself. */
export async function workedOnIn(db: Db, incident: string): Promise<string> {
  let at = incident
  const seen = new Set<string>()
  while (!seen.has(at)) {
    seen.add(at)
    at = (await incidentById(db, at))?.merged_into ?? at
  }
  return at
}

/** The newest open incident that holds one of these alerts. */
export async function incidentOfAlerts(db: Db, alerts: readonly string[]): Promise<string | undefined> {
  const rows = await incidentsByIds(db, await incidentsHolding(db, alerts))
  return rows.filter(({ state }) => state === 'open').toSorted((a, b) => b.number - a.number)[0]?.id
}

export interface RunNote {
  readonly run: string
  readonly playbook: Both
  /** What it did: “started”, “waits for approval”, “blocked 192.0.2.7”. */
  readonly what: Both
  readonly by: Actor
}

/** Puts what a playbook did into the incident's timeline and the ledger, in the caller's transaction. */
export async function noteRun(trx: Db, incident: string, { run, playbook, what, by }: RunNote, now: number): Promise<void> {
  const text = { en: `${playbook.en}: ${what.en}`, ja: `${playbook.ja}：${what.ja}` }
  await enter(trx, await known(trx, incident), by, { kind: 'run', text, facts: { run } }, now)
}

export interface ContainedBy {
  /** `playbook` only where no person had to approve or do a step. */
  readonly kind: 'playbook' | 'person'
  readonly id: string
  readonly name: string
  readonly run: string
}

/**
 * Says that a run contained it; the first to contain it is who did. Clocks start and people are told as where a person says so.
 * @returns whether it was this one.
 */
export async function noteContained(
  trx: Db,
  deps: Pick<IncidentDeps, 'policy' | 'tell'>,
  incident: string,
  by: ContainedBy,
  now: number,
): Promise<boolean> {
  const row = await known(trx, incident)
  if (row.contained !== null || row.state !== 'open') return false
  const actor: Actor = { id: by.id, name: by.name, account: null, person: false }
  const text =
    by.kind === 'playbook'
      ? { en: `Contained by ${by.name}, without a person`, ja: `「${by.name}」により自動で封じ込め完了` }
      : { en: `Contained by ${by.name}, with people deciding`, ja: `「${by.name}」により封じ込め完了（人の承認あり）` }
  const changed = await enter(trx, row, actor, { kind: 'contained', text, facts: { run: by.run, by: by.kind } }, now, {
    contained: now,
    contained_by: by.kind,
    ...(row.phase === 'identification' || row.phase === 'preparation' ? { phase: 'containment' as const } : {}),
  })
  await startClocks(trx, await policyOf(deps.policy, trx), changed, now)
  for (const when of ['containment', 'contained'] as const) await planMessages(trx, deps, changed, when, now)
  return true
}

async function known(db: Db, incident: string) {
  const row = await incidentById(db, incident)
  if (row === undefined) throw new KanpekiError('not_found', `There is no incident ${incident}.`)
  return row
}
