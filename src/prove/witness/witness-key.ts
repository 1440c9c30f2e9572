import { randomBytes, sign } from 'node:crypto'
import { join } from 'node:path'
import { KanpekiError } from '../../kernel/error.ts'
import { openSealedFile, sealedFile } from '../../platform/secrets/sealed-file.ts'
import type { SealedPlace } from '../../platform/secrets/sealed-place.ts'
import type { Sealer } from '../../platform/secrets/sealer.ts'
import { ed25519Pair } from '../signing-key.ts'
import { cosignedMessage, formatCosignature, parseCosignerKey } from '../verify/cosignature.ts'
import { COSIGNATURE, formatSignatureLine, formatVerifierKey, type VerifierKey } from '../verify/note.ts'

const FILE = 'witness.key.sealed'
const CONTEXT = 'witness-key'
const SEED_BYTES = 32

/** The key with which this installation cosigns the checkpoints of others: never the one that signs its own. */
export interface WitnessKey {
  readonly verifier: VerifierKey
  /** A signature line over a checkpoint's text, at a POSIX time in seconds. */
  cosign(text: string, seconds: number): string
}

/**
 * Reads the key from the folder of keys, sealed there, or makes one.
 * @param name a URL without its scheme, by C2SP tlog-cosignature; the log's own name with `/witness`.
 */
export async function openWitnessKey(folder: string, sealer: Sealer, name: string): Promise<WitnessKey> {
  return witnessKeyOf(name, await openSealedFile(join(folder, FILE), sealer, CONTEXT, () => randomBytes(SEED_BYTES)))
}

/** @param seed 32 bytes, the Ed25519 private key of RFC 8032. */
export function witnessKeyOf(name: string, seed: Uint8Array): WitnessKey {
  const { privateKey, publicKey } = ed25519Pair(seed)
  const verifier = parseCosignerKey(formatVerifierKey(name, publicKey, COSIGNATURE))
  if (verifier === undefined) throw new KanpekiError('ledger_origin_invalid', `${JSON.stringify(name)} cannot name a key.`)
  return {
    verifier,
    cosign(text, seconds) {
      const signature = sign(null, cosignedMessage(seconds, text), privateKey)
      return formatSignatureLine({ name: verifier.name, id: verifier.id, signature: formatCosignature(seconds, signature) })
    },
  }
}

/** For the rotation of the seal key. */
export function sealedWitnessKey(folder: string): SealedPlace {
  return sealedFile(join(folder, FILE), CONTEXT)
}
