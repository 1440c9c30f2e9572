import { createHash } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { relative } from 'node:path'
import { listRuleFiles } from '../detect/engines/sigma/load/read-files.ts'
import type { Clock } from '../kernel/clock.ts'
import { DEFAULT_SCOPE } from '../kernel/event.ts'
import { recordEvidence } from '../platform/state/outbox.ts'
import type { State } from '../platform/state/state.ts'
import type { StateTables } from '../platform/state/tables.ts'

const KEY = 'pipelines'

/**
 * Records that the user's field-mapping pipelines are others than when the server ran last: who renames a field makes rules blind without
 * touching one. Nothing is recorded at a first start without any.
 * @returns whether an entry was recorded.
 */
export async function recordPipelineChange(state: State, folders: readonly string[], clock: Clock): Promise<boolean> {
  const { files, sha256 } = digestOf(folders)
  return await state.transaction<StateTables, boolean>(async (trx) => {
    const row = await trx.selectFrom('settings').select('value').where('key', '=', KEY).executeTakeFirst()
    const before = row?.value ?? digestOf([]).sha256
    if (before === sha256) return false
    await trx
      .insertInto('settings')
      .values({ key: KEY, value: sha256 })
      .onConflict((conflict) => conflict.column('key').doUpdateSet({ value: sha256 }))
      .execute()
    const at = clock.now()
    const body = { action: 'pipelines', files, sha256, before }
    await recordEvidence(trx, [{ type: 'rule', scope: DEFAULT_SCOPE, observed: at, received: at, body }], clock)
    return true
  })
}

function digestOf(folders: readonly string[]): { readonly files: number; readonly sha256: string } {
  const hash = createHash('sha256')
  let files = 0
  for (const folder of folders.filter((path) => existsSync(path))) {
    for (const file of listRuleFiles([folder])) {
      files += 1
      const text = createHash('sha256').update(readFileSync(file)).digest('hex')
      hash.update(`${text}  ${relative(folder, file)}\n`)
    }
  }
  return { files, sha256: hash.digest('hex') }
}
