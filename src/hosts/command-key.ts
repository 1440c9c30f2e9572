import { createPrivateKey, createPublicKey, generateKeyPairSync, sign, verify } from 'node:crypto'
import { join } from 'node:path'
import { openSealedFile, sealedFile } from '../platform/secrets/sealed-file.ts'
import type { SealedPlace } from '../platform/secrets/sealed-place.ts'
import type { Sealer } from '../platform/secrets/sealer.ts'
import type { Signed } from './schema.ts'

const FILE = 'agent-commands.key.sealed'
const CONTEXT = 'agent-command-key'

/** What a signature is for is part of what is signed: a policy is never taken for a command. */
export type SignedFor = 'command' | 'policy'

const message = (what: SignedFor, text: string): Buffer => Buffer.from(`kanpeki-agent-${what}/v1\n${text}`)

/** The key that agents know commands by (Ed25519, RFC 8032). An agent takes it at its first contact and no other later. */
export interface CommandKey {
  /** SPKI, base64. */
  readonly public: string
  readonly sign: (what: SignedFor, text: string) => Signed
}

/** Reads the key from the folder of keys, sealed there, or makes one. */
export async function openCommandKey(folder: string, sealer: Sealer): Promise<CommandKey> {
  const der = await openSealedFile(join(folder, FILE), sealer, CONTEXT, () =>
    generateKeyPairSync('ed25519').privateKey.export({ format: 'der', type: 'pkcs8' }),
  )
  const key = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' })
  return {
    public: createPublicKey(key).export({ format: 'der', type: 'spki' }).toString('base64'),
    sign: (what, text) => ({ text, signature: sign(null, message(what, text), key).toString('base64') }),
  }
}

/** Whether the holder of `key` (SPKI, base64) signed the text for that. */
export function isSigned(what: SignedFor, { text, signature }: Signed, key: string): boolean {
  try {
    const known = createPublicKey({ key: Buffer.from(key, 'base64'), format: 'der', type: 'spki' })
    return known.asymmetricKeyType === 'ed25519' && verify(null, message(what, text), known, Buffer.from(signature, 'base64'))
  } catch {
    return false
  }
}

/** For the rotation of the seal key. */
export function sealedCommandKey(folder: string): SealedPlace {
  return sealedFile(join(folder, FILE), CONTEXT)
}
