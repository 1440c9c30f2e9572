import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { openSealedFile, sealedFile } from '../../platform/secrets/sealed-file.ts'
import type { SealedPlace } from '../../platform/secrets/sealed-place.ts'
import type { Sealer } from '../../platform/secrets/sealer.ts'

const FILE = 'masking.key.sealed'
const CONTEXT = 'masking-key'
const KEY_BYTES = 32

/** The key of rules that hash, from the folder of keys, or a new one. It is sealed on disk. */
export function openMaskingKey(folder: string, sealer: Sealer): Promise<Uint8Array> {
  return openSealedFile(join(folder, FILE), sealer, CONTEXT, () => randomBytes(KEY_BYTES))
}

/** For the rotation of the seal key. */
export function sealedMaskingKey(folder: string): SealedPlace {
  return sealedFile(join(folder, FILE), CONTEXT)
}
