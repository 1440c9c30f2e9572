import { randomBytes } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { KanpekiError } from '../../kernel/error.ts'
import { openSealer, writeCheck } from './open-sealer.ts'
import { readSealKeys, type SealKeySource, writeSealKeyFile } from './seal-keys.ts'
import type { SealedPlace } from './sealed-place.ts'
import { createSealer, SEAL_KEY_BYTES, sealedPrefix } from './sealer.ts'

export interface Rotation {
  readonly keysFolder: string
  readonly source: SealKeySource
  /** Everything that is sealed. */
  readonly places: readonly SealedPlace[]
  /** Names of what these keys still seal outside the keys folder: asked at the end. */
  readonly leftBehind: (keyIds: readonly string[]) => Promise<readonly string[]>
  /** Leaves evidence of the change; before the old keys are dropped. */
  readonly record: (rotated: Rotated) => Promise<void>
  /** Called after each durable step. */
  readonly progress?: (step: string) => void
}

export interface Rotated {
  /** Ids of keys. */
  readonly from: readonly string[]
  readonly to: string
  readonly values: number
}

/**
 * Changes the seal key. The old key stays known until everything is sealed with the new one, so that a crash at any step
 * leaves everything readable; the same call then goes on where it ended. A key file gets its new key here; keys from
 * elsewhere must be given with the new one first.
 * @throws KanpekiError `seal_rotation_keys` (no second key given), `seal_left_behind`, and those of `openSealer`.
 */
export async function rotateSealKey(rotation: Rotation): Promise<Rotated> {
  const { keysFolder, source, places, leftBehind, record } = rotation
  const progress = rotation.progress ?? (() => undefined)
  await openSealer(keysFolder, source)
  const before = await readSealKeys(source, false)
  const keys = before.length > 1 ? before : await withNewKey(source, before)
  progress('the new key is known')
  const sealer = createSealer(keys)
  let values = 0
  for (const place of places) {
    values += await place.reseal(sealer)
    progress(`${place.id} is sealed again`)
  }
  await writeCheck(keysFolder, sealer)
  progress('the check is sealed again')
  const old = sealer.keyIds.slice(1)
  const left = [...(await leftBehind(old)), ...(await leftInFolder(keysFolder, old))]
  if (left.length > 0) {
    throw new KanpekiError('seal_left_behind', `Sealed with an old key still: ${left.join(', ')}.`, {
      remedy: 'Nothing is lost: the old key is kept beside the new one. Report this as a fault of Kanpeki.',
    })
  }
  const rotated = { from: old, to: sealer.keyId, values }
  await record(rotated)
  progress('the change is recorded')
  if (source.kind === 'file') {
    await writeSealKeyFile(source.path, keys.slice(0, 1))
    progress('the old key is gone')
  }
  return rotated
}

async function withNewKey(source: SealKeySource, before: readonly Uint8Array[]): Promise<readonly Uint8Array[]> {
  if (source.kind !== 'file') {
    throw new KanpekiError('seal_rotation_keys', 'There is one seal key, so there is nothing to change to.', {
      remedy: 'Give the new key first and the old one after it, parted by a comma; then run this again.',
    })
  }
  const keys = [randomBytes(SEAL_KEY_BYTES), ...before]
  await writeSealKeyFile(source.path, keys)
  return keys
}

/** Files beside the keys that hold a value of one of these keys. */
async function leftInFolder(folder: string, keyIds: readonly string[]): Promise<readonly string[]> {
  const found: string[] = []
  for (const entry of await readdir(folder, { withFileTypes: true, recursive: true })) {
    if (!entry.isFile()) continue
    const path = join(entry.parentPath, entry.name)
    const text = await readFile(path, 'latin1')
    if (keyIds.some((id) => text.includes(sealedPrefix(id)))) found.push(path)
  }
  return found
}
