import { join } from 'node:path'
import { KanpekiError } from '../../kernel/error.ts'
import { writeFileAtomically } from '../atomic-file.ts'
import { readIfThere } from '../read-if-there.ts'
import { readSealKeys, type SealKeySource } from './seal-keys.ts'
import { createSealer, type Sealer, sealedBy } from './sealer.ts'

const CHECK_FILE = 'seal.check'
const CHECK_CONTEXT = 'seal.check'
const CHECK_TEXT = 'kanpeki'

/**
 * Opens the sealer of a data folder. A sealed word beside the keys tells at once whether the key given is the one that
 * sealed this folder's secrets, rather than at the first secret that is needed.
 * @throws KanpekiError `seal_key_missing`, `seal_wrong_key`, and those of `readSealKeys`.
 */
export async function openSealer(keysFolder: string, source: SealKeySource): Promise<Sealer> {
  const check = await readCheck(keysFolder)
  const sealer = createSealer(await readSealKeys(source, check === undefined))
  if (check === undefined) {
    await writeCheck(keysFolder, sealer)
    return sealer
  }
  const id = sealedBy(check)
  if (id === undefined || !sealer.keyIds.includes(id)) {
    throw new KanpekiError(
      'seal_wrong_key',
      `The secrets here are sealed with the key ${id ?? '(unknown)'}; the one given is ${sealer.keyId}.`,
      {
        place: { file: join(keysFolder, CHECK_FILE) },
        remedy:
          'Give the key they were sealed with. To change keys, give the new one first and the old one after it, and run: kanpeki secrets rotate',
      },
    )
  }
  sealer.open(check, CHECK_CONTEXT)
  return sealer
}

/** Says durably which key the folder's secrets are sealed with. */
export async function writeCheck(keysFolder: string, sealer: Sealer): Promise<void> {
  await writeFileAtomically(join(keysFolder, CHECK_FILE), `${sealer.seal(CHECK_TEXT, CHECK_CONTEXT)}\n`)
}

async function readCheck(keysFolder: string): Promise<string | undefined> {
  return (await readIfThere(join(keysFolder, CHECK_FILE)))?.trim()
}
