import type { ActionReceipt } from '../../kernel/action.ts'
import { KanpekiError } from '../../kernel/error.ts'
import type { JsonObject } from '../../kernel/json.ts'
import { jsonText } from '../../platform/state/columns.ts'
import { recordEvidence } from '../../platform/state/outbox.ts'
import { runEvidence } from './evidence.ts'
import { DEFAULT_GUARDS } from './guards.ts'
import { changeStep, guardsOf, keepGuards, type PlaybooksDb, runById, stepByKey, stepsOf, wakeRun } from './queries.ts'
import { guardSettingsOf } from './run/begin.ts'
import { undoable } from './run/undo.ts'
import type { GuardSettings } from './schema.ts'
import type { GuardsTable, RunsTable, StepsTable } from './tables.ts'
import { refuseOwn, tell, type Who } from './write.ts'

/** What people do to runs. Each takes a handle of one scope, inside a transaction. */

/** @throws KanpekiError `not_found`. */
export async function knownRun(db: PlaybooksDb, id: string): Promise<RunsTable> {
  const run = await runById(db, id)
  if (run === undefined) throw new KanpekiError('not_found', 'There is no such run.')
  return run
}

async function knownStep(db: PlaybooksDb, id: string, key: string): Promise<{ run: RunsTable; step: StepsTable }> {
  const run = await knownRun(db, id)
  const step = await stepByKey(db, key)
  if (step?.run_id !== id) throw new KanpekiError('not_found', 'There is no such step.')
  return { run, step }
}

/**
 * Approves or refuses a step that waits for a second person; whoever started the run may not.
 * @throws KanpekiError `not_found`, `conflict`, `own_approval`, `forbidden`.
 */
export async function decideStep(
  db: PlaybooksDb,
  id: string,
  key: string,
  decision: 'approve' | 'refuse',
  note: string,
  by: Who,
  now: number,
): Promise<void> {
  const { run, step } = await knownStep(db, id, key)
  if (step.state !== 'approval' || run.state !== 'waiting') throw new KanpekiError('conflict', 'It does not wait for approval.')
  refuseOwn({ account: run.by_account, name: run.by_name }, by, 'this run')
  const approved = decision === 'approve'
  const change: Partial<StepsTable> = approved
    ? { state: 'approved', person: by.name }
    : { state: 'refused', person: by.name, code: 'refused', message: note === '' ? `${by.name} refused it.` : note, ended: now }
  await changeStep(db, key, change)
  await wakeRun(db, id, now, { human: 1 })
  const more = { person: by.name, personId: by.id, ...(note === '' ? {} : { note }) }
  await recordEvidence(db, [runEvidence(run, approved ? 'approved' : 'refused', now, more, step)], { now: () => now })
}

/**
 * A person says what they did, or whether a step ran whose end nobody saw.
 * @throws KanpekiError `not_found`, `conflict`.
 */
export async function answerStep(
  db: PlaybooksDb,
  id: string,
  key: string,
  {
    answer,
    note,
    values,
  }: {
    readonly answer: 'done' | 'failed' | 'ran' | 'not-run'
    readonly note: string
    readonly values: Readonly<Record<string, string>>
  },
  by: Who,
  now: number,
): Promise<void> {
  const { run, step } = await knownStep(db, id, key)
  const asked = step.state === 'person' ? ['done', 'failed'] : step.state === 'unsure' ? ['ran', 'not-run', 'failed'] : []
  if (!asked.includes(answer)) throw new KanpekiError('conflict', 'That is not what the step waits for.')
  await changeStep(db, key, answered(answer, note, values, by, now))
  if (run.state === 'waiting') await wakeRun(db, id, now, { human: 1 })
  const more: JsonObject = {
    answer,
    person: by.name,
    personId: by.id,
    ...(note === '' ? {} : { note }),
    ...(Object.keys(values).length === 0 ? {} : { values }),
  }
  await recordEvidence(db, [runEvidence(run, 'answered', now, more, step)], { now: () => now })
}

function answered(
  answer: string,
  note: string,
  values: Readonly<Record<string, string>>,
  by: Who,
  now: number,
): Partial<StepsTable> {
  const said = { person: by.name, next: null }
  if (answer === 'not-run') return { ...said, state: 'retry', next: now, code: null, message: null }
  if (answer === 'failed')
    return {
      ...said,
      state: 'failed',
      code: 'failed',
      message: note === '' ? `${by.name} said that it failed.` : note,
      ended: now,
    }
  const receipt: ActionReceipt = { outcome: 'done', detail: { confirmedBy: by.name, ...(note === '' ? {} : { note }) } }
  return { ...said, state: 'done', receipt: jsonText(receipt), output: jsonText(values), code: null, ended: now }
}

/** No further step is begun, and calls that go on are cut off. @throws KanpekiError `not_found`, `conflict`. */
export async function stopRun(db: PlaybooksDb, id: string, by: Who, now: number): Promise<void> {
  const run = await knownRun(db, id)
  if (run.state !== 'waiting') throw new KanpekiError('conflict', 'It has ended already.')
  if (run.stop_by !== null) return
  await wakeRun(db, id, now, { stop_by: by.name, human: 1 })
  await recordEvidence(db, [runEvidence(run, 'stop', now, { person: by.name, personId: by.id })], { now: () => now })
}

/** Takes back everything that the run did. @throws KanpekiError `not_found`, `conflict` where it goes on or nothing can be taken back. */
export async function undoOf(db: PlaybooksDb, id: string, by: Who, now: number): Promise<void> {
  const run = await knownRun(db, id)
  if (run.state === 'waiting')
    throw new KanpekiError('conflict', 'It has not ended yet.', { remedy: 'Stop it first; what it did can then be taken back.' })
  if (run.state === 'undoing') return
  if (undoable(await stepsOf(db, id)).length === 0) throw new KanpekiError('conflict', 'Nothing of it can be taken back.')
  await wakeRun(db, id, now, { state: 'undoing', undo_at: null, undo_by: by.name, human: 1 })
  await recordEvidence(db, [runEvidence(run, 'undo-started', now, { undoBy: by.name, personId: by.id })], { now: () => now })
}

// ── For a whole scope ──

/** While it is set no step begins in the scope, whatever its run; runs keep their place. */
export async function setHalt(
  db: PlaybooksDb,
  scope: string,
  halt: boolean,
  reason: string,
  by: Who,
  now: number,
): Promise<void> {
  const row = await guardsRow(db, scope, by, now)
  if ((row.halted === 1) === halt) return
  await keepGuards(db, { ...row, halted: halt ? 1 : 0, halted_by: halt ? by.name : null, halted_at: halt ? now : null })
  await tell(db, scope, halt ? 'runs.halt' : 'runs.release', by, now, reason === '' ? {} : { reason })
}

export async function setGuards(db: PlaybooksDb, scope: string, settings: GuardSettings, by: Who, now: number): Promise<void> {
  const before = await guardSettingsOf(db, scope)
  const row = await guardsRow(db, scope, by, now)
  await keepGuards(db, { ...row, settings: jsonText(settings), updated: now, by_name: by.name })
  await tell(db, scope, 'guards.change', by, now, {
    before: before as unknown as JsonObject,
    after: settings as unknown as JsonObject,
  })
}

async function guardsRow(db: PlaybooksDb, scope: string, by: Who, now: number): Promise<GuardsTable> {
  return (
    (await guardsOf(db, scope)) ?? {
      uid: scope,
      scope,
      halted: 0,
      halted_by: null,
      halted_at: null,
      settings: jsonText(DEFAULT_GUARDS),
      updated: now,
      by_name: by.name,
    }
  )
}
