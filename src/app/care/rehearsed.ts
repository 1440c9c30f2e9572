import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Clock } from '../../kernel/clock.ts'
import { DEFAULT_SCOPE } from '../../kernel/event.ts'
import type { DataDir } from '../../platform/data-dir.ts'
import { readIfThere } from '../../platform/read-if-there.ts'
import { recordEvidence } from '../../platform/state/outbox.ts'
import type { State } from '../../platform/state/state.ts'
import { RESTORED_NOTE, type RestoreNote } from './restore-backup.ts'

/** Turns the note that a restore left into evidence: how old the data was, how long it took, how much came back. */
export async function recordRestore(state: State, dir: DataDir, clock: Clock): Promise<boolean> {
  const path = join(dir.root, RESTORED_NOTE)
  const text = await readIfThere(path)
  if (text === undefined) return false
  const note = JSON.parse(text) as RestoreNote
  const now = clock.now()
  await state.transaction((trx) =>
    recordEvidence(
      trx,
      [
        {
          type: 'admin',
          scope: DEFAULT_SCOPE,
          observed: Date.parse(note.ended),
          received: now,
          body: {
            action: 'restore.rehearsed',
            by: 'kanpeki restore',
            target: `ledger of ${note.ledgerSize} entries`,
            after: { ...note },
          },
        },
      ],
      clock,
    ),
  )
  await rm(path)
  return true
}
