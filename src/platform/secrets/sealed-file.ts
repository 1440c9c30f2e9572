import { basename } from 'node:path'
import { writeFileAtomically } from '../atomic-file.ts'
import { readIfThere } from '../read-if-there.ts'
import { resealed, type SealedPlace } from './sealed-place.ts'
import type { Sealer } from './sealer.ts'

/** The secret in a sealed file, or a new one from `make`, sealed and written durably before it is given. */
export async function openSealedFile(file: string, sealer: Sealer, context: string, make: () => Buffer): Promise<Buffer> {
  const sealed = await readIfThere(file)
  if (sealed !== undefined) return sealer.open(sealed.trim(), context)
  const secret = make()
  await writeFileAtomically(file, `${sealer.seal(secret, context)}\n`)
  return secret
}

/** Such a file, for the rotation of the seal key. */
export function sealedFile(file: string, context: string): SealedPlace {
  return {
    id: basename(file),
    async reseal(sealer) {
      const sealed = await readIfThere(file)
      const again = sealed === undefined ? undefined : resealed(sealer, sealed.trim(), context)
      if (again === undefined) return 0
      await writeFileAtomically(file, `${again}\n`)
      return 1
    },
  }
}
