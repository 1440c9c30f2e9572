import { randomBytes } from 'node:crypto'
import { KanpekiError } from '../../kernel/error.ts'
import { readJson } from '../../platform/state/columns.ts'
import { recordEvidence } from '../../platform/state/outbox.ts'
import type { Db as IncidentDb } from '../incidents/queries.ts'
import { isExercise } from '../incidents/seams.ts'
import { newRun } from './enqueue.ts'
import { runEvidence } from './evidence.ts'
import { insertRuns, type PlaybooksDb, playbookById, versionOf } from './queries.ts'
import type { RunsTable } from './tables.ts'
import { type AlertFacts, type Arming, givenBy } from './triggers.ts'

export interface Start {
  readonly playbook: string
  readonly mode: 'plan' | 'real'
  /** Of an exercise: plans only, and recorded as such. */
  readonly simulated?: boolean
  readonly variables: Readonly<Record<string, string>>
  readonly alert?: AlertFacts | undefined
  readonly incident?: string | undefined
  readonly by: { readonly account: string | null; readonly name: string }
  /** A person asked for it. */
  readonly human: boolean
}

/**
 * Begins a run by hand, for an incident or for an exercise, in the caller's transaction on a handle of one scope.
 * @throws KanpekiError `not_found`, `not_approved` for a real run of a version that nobody approved.
 */
export async function startRun(db: PlaybooksDb, start: Start, now: number): Promise<RunsTable> {
  const playbook = await playbookById(db, start.playbook)
  if (playbook === undefined) throw new KanpekiError('not_found', `There is no playbook ${start.playbook}.`)
  const simulated =
    start.simulated === true || (start.incident !== undefined && (await isExercise(db as unknown as IncidentDb, start.incident)))
  const version = await versionOf(db, playbook.uid, playbook.version)
  if (start.mode === 'real' && !simulated && version?.state !== 'approved')
    throw new KanpekiError('not_approved', 'This version was not approved by a second person yet.', {
      remedy: 'Run it as a plan, or ask somebody who holds the role approver.',
    })
  const facts = start.alert === undefined ? {} : givenBy(start.alert, readJson<Arming>(playbook.arming))
  const given = { ...facts, ...start.variables }
  const row = newRun(playbook, {
    id: randomBytes(16).toString('hex'),
    alert: start.alert?.id ?? null,
    given,
    by: start.by,
    human: start.human,
    now,
    mode: start.mode,
    simulated,
    incident: start.incident ?? null,
  })
  await insertRuns(db, [row])
  await recordEvidence(db, [runEvidence(row, 'begun', now, { given })], { now: () => now })
  return row
}
