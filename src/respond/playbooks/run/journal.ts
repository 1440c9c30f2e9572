import { createHash } from 'node:crypto'
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Evidence } from '../../../kernel/evidence.ts'
import { recordEvidence } from '../../../platform/state/outbox.ts'
import type { State } from '../../../platform/state/state.ts'
import { keepStep, type PlaybooksDb, stepsOf } from '../queries.ts'
import type { PlaybookTables, RunsTable, StepsTable } from '../tables.ts'
import type { Path } from './walk.ts'

/** What a run did, by where in the run it stands: read once a walk, written step by step with its evidence. */
export interface Journal {
  at(path: Path): StepsTable | undefined
  /** The row of a step that is reached for the first time; not kept yet. */
  begin(path: Path, what: Pick<StepsTable, 'step_id' | 'name' | 'name_ja' | 'work' | 'input'>, now: number): StepsTable
  /** Keeps a step as it is now together with its evidence; `also` runs in the same transaction, before. */
  keep(row: StepsTable, evidence: readonly Evidence[], also?: (trx: PlaybooksDb) => Promise<void>): Promise<StepsTable>
  rows(): readonly StepsTable[]
}

export async function openJournal(state: State, run: RunsTable, now: () => number): Promise<Journal> {
  const rows = new Map((await stepsOf(state.tables<PlaybookTables>(), run.id)).map((row) => [row.path, row]))
  let number = Math.max(0, ...[...rows.values()].map((row) => row.number))
  return {
    at: (path) => rows.get(path),
    rows: () => [...rows.values()],
    begin: (path, what, at) => ({
      key: keyOf(run.id, path),
      scope: run.scope,
      run_id: run.id,
      path,
      number: ++number,
      ...what,
      state: 'ready',
      tries: 0,
      next: null,
      plan: null,
      receipt: null,
      output: null,
      code: null,
      message: null,
      person: null,
      undo_state: null,
      undo_receipt: null,
      created: at,
      started: null,
      ended: null,
    }),
    async keep(row, evidence, also) {
      // SQLite answers at once: without a pause a thousand runs would leave no turn for anybody who looks at a page.
      await nextTurn()
      await state.transaction<PlaybookTables, void>(async (trx) => {
        await also?.(trx)
        await keepStep(trx, row)
        await recordEvidence(trx, evidence, { now })
      })
      rows.set(row.path, row)
      return row
    },
  }
}

/** The same for every try of one step of one run, and for no other. */
export function keyOf(runId: string, path: Path): string {
  return createHash('sha256').update(`step\0${runId}\0${path}`).digest('hex').slice(0, 32)
}
