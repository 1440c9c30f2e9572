import type { Action, ActionReceipt } from '../../../kernel/action.ts'
import { messageOf } from '../../../kernel/error.ts'
import type { JsonObject } from '../../../kernel/json.ts'
import { jsonText, readJson } from '../../../platform/state/columns.ts'
import { runEvidence } from '../evidence.ts'
import type { RunsTable, StepsTable } from '../tables.ts'
import type { Journal } from './journal.ts'

/** Steps of a run that can be taken back, the last first; a failed one, too, that was done after it had been given up. */
export function undoable(rows: readonly StepsTable[]): readonly StepsTable[] {
  return rows
    .filter((row) => (row.state === 'done' || row.state === 'failed') && row.undo_state !== 'done' && hasUndo(row))
    .sort((a, b) => b.number - a.number)
}

function hasUndo({ receipt }: StepsTable): boolean {
  if (receipt === null) return false
  const { outcome, undo } = readJson<ActionReceipt>(receipt)
  return outcome === 'done' && undo !== undefined
}

export interface UndoDeps {
  readonly journal: Journal
  readonly run: RunsTable
  readonly actions: ReadonlyMap<string, Action>
  readonly now: () => number
  readonly signal: AbortSignal
}

const TIMEOUT_MS = 60_000

/**
 * Takes back what a run did, the last step first; what cannot be taken back is said, and the others are taken back none the
 * less. An undo that was cut off is done again: actions promise that this is safe.
 * @returns how many were taken back, and how many could not be.
 */
export async function undoRun({ journal, run, actions, now, signal }: UndoDeps): Promise<{ undone: number; failed: number }> {
  let [undone, failed] = [0, 0]
  for (const row of undoable(journal.rows())) {
    const by = run.undo_by ?? run.by_name
    const started: StepsTable = { ...row, undo_state: 'started' }
    await journal.keep(started, [runEvidence(run, 'undo-started', now(), { undoBy: by }, row)])
    try {
      const undo = actions.get(row.work)?.undo
      if (undo === undefined) throw new Error(`There is no action ${row.work} any more.`)
      const context = {
        scope: run.scope,
        key: `${row.key}-undo`,
        by,
        signal: AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]),
        now,
      }
      const receipt = await undo(readJson<ActionReceipt>(row.receipt!), context)
      const { undo: _, ...shown } = receipt
      await journal.keep({ ...started, undo_state: 'done', undo_receipt: jsonText(receipt) }, [
        runEvidence(run, 'undone', now(), { undoBy: by, receipt: shown as unknown as JsonObject }, row),
      ])
      undone++
    } catch (error) {
      if (signal.aborted) throw error
      const message = messageOf(error)
      await journal.keep({ ...started, undo_state: 'failed', undo_receipt: jsonText({ message }) }, [
        runEvidence(run, 'undo-failed', now(), { undoBy: by, message }, row),
      ])
      failed++
    }
  }
  return { undone, failed }
}
