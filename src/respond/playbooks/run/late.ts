import type { Action, ActionReceipt } from '../../../kernel/action.ts'
import { jsonText, readJson } from '../../../platform/state/columns.ts'
import { recordEvidence } from '../../../platform/state/outbox.ts'
import { scopedTo } from '../../../platform/state/scope.ts'
import type { State } from '../../../platform/state/state.ts'
import { runEvidence } from '../evidence.ts'
import { EXTENSION_KEY } from '../language/form.ts'
import { readPlaybook } from '../language/read.ts'
import { changeRun, changeStep, givenUpSteps, runById, versionOf } from '../queries.ts'
import type { PlaybookTables, RunsTable, StepsTable } from '../tables.ts'

/** As long as a command lies in an agent's queue, and a try may have taken. */
export const COMMANDS_WAIT_MS = 2 * 3_600_000

export interface LateDeps {
  readonly state: State
  readonly actions: ReadonlyMap<string, Action>
  readonly now: () => number
}

/**
 * Finds out what was done after its step was given up, as by a host that came back. Such a step stays failed, for the run went on
 * from there; but it says what happened, and can be taken back like any other, also by the run's own time.
 * @returns how many were found.
 */
export async function settleLate({ state, actions, now }: LateDeps): Promise<number> {
  let found = 0
  for (const row of await givenUpSteps(state.tables<PlaybookTables>(), now() - COMMANDS_WAIT_MS)) {
    const receipt = await lookFor(actions.get(row.work), row, now)
    if (receipt === undefined) continue
    await state.transaction<PlaybookTables, void>(async (all) => {
      const trx = scopedTo(all, row.scope)
      const run = await runById(trx, row.run_id)
      if (run === undefined) return
      const message = 'It was done after the step had been given up.'
      await changeStep(trx, row.key, { receipt: jsonText(receipt), code: 'done_late', message })
      const undoAt = await undoTime(trx, run, receipt, now())
      if (undoAt !== null) await changeRun(trx, run.id, { undo_at: undoAt })
      const { undo: _, ...shown } = receipt
      await recordEvidence(trx, [runEvidence(run, 'late', now(), { receipt: { ...shown } }, row)], { now })
    })
    found++
  }
  return found
}

/** What cannot be asked for now is asked for again. */
async function lookFor(action: Action | undefined, row: StepsTable, now: () => number): Promise<ActionReceipt | undefined> {
  const input = action?.input.safeParse(readJson(row.input ?? '{}'))
  if (action?.find === undefined || action.repeats !== 'key' || input?.success !== true) return undefined
  const context = { scope: row.scope, key: row.key, by: 'Kanpeki', signal: AbortSignal.timeout(10_000), now }
  return await action.find(input.data, context).catch(() => undefined)
}

async function undoTime(
  db: Parameters<typeof versionOf>[0],
  run: RunsTable,
  { outcome, undo }: ActionReceipt,
  now: number,
): Promise<number | null> {
  if (outcome !== 'done' || undo === undefined || run.undo_at !== null || run.ended === null) return null
  const version = await versionOf(db, run.playbook_uid, run.version)
  const after = version === undefined ? undefined : readPlaybook(version.source).playbook?.[EXTENSION_KEY].undo_after
  return after === undefined ? null : now + after * 1000
}
