import { randomBytes } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { writeFileAtomically } from '../../platform/atomic-file.ts'
import { resealed, type SealedPlace } from '../../platform/secrets/sealed-place.ts'
import type { Sealer } from '../../platform/secrets/sealer.ts'

const FILE = 'masking.key.sealed'
const CONTEXT = 'masking-key'
const KEY_BYTES = 32

/** The key of rules that hash, from the folder of keys, or a new one. It is sealed on disk. */
export async function openMaskingKey(folder: string, sealer: Sealer): Promise<Uint8Array> {
  const file = join(folder, FILE)
  const sealed = await readIfThere(file)
  if (sealed !== undefined) return sealer.open(sealed.trim(), CONTEXT)
  const key = randomBytes(KEY_BYTES)
  await writeFileAtomically(file, `${sealer.seal(key, CONTEXT)}\n`)
  return key
}

/** For the rotation of the seal key. */
export function sealedMaskingKey(folder: string): SealedPlace {
  return {
    id: FILE,
    async reseal(sealer) {
      const file = join(folder, FILE)
      const sealed = await readIfThere(file)
      const again = sealed === undefined ? undefined : resealed(sealer, sealed.trim(), CONTEXT)
      if (again === undefined) return 0
      await writeFileAtomically(file, `${again}\n`)
      return 1
    },
  }
}

async function readIfThere(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}
