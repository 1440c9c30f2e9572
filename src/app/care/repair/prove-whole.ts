import { join } from 'node:path'
import { nativeSha256 } from '../../../prove/batch-root.ts'
import { readFolder } from '../../../prove/read-folder.ts'
import { verifyDirectory } from '../../../prove/verify/directory.ts'
import type { VerifierKey } from '../../../prove/verify/note.ts'
import { type Finding, fail, pass } from '../doctor/check.ts'

const NAMED = 5

/** Reads all that the ledger stands on, as `kanpeki verify` does: that it can go on says nothing about what came before. */
export async function proveWhole(root: string, key: VerifierKey): Promise<Finding> {
  const report = await verifyDirectory(readFolder(root), { trusted: [key], hash: nativeSha256 })
  const { failures, checked } = report
  if (failures.length === 0)
    return pass(`All ${checked.entries} entries prove.`, `${checked.entries} 件すべての検証に成功しました。`)
  const named = failures.slice(0, NAMED).map(({ path, leaf, reason }) => `${path}${leaf === null ? '' : ` (${leaf})`}: ${reason}`)
  return fail(
    {
      en: `${failures.length} failures, which nothing here can mend: ${named.join('; ')}.`,
      ja: `検証の失敗が ${failures.length} 件あり、ここでは直せません: ${named.join('、')}`,
    },
    {
      en: `Keep ${join(root, 'ledger')} as it is, see kanpeki verify, and put the named files back from a backup.`,
      ja: `${join(root, 'ledger')} はそのまま残し、kanpeki verify で確かめてから、該当のファイルをバックアップから戻してください。`,
    },
  )
}
