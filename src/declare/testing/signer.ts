import { generateKeyPairSync, sign } from 'node:crypto'
import type { CredentialSigner } from '../credential/secure.ts'

/** A key of a test's own. */
export function testSigner(): CredentialSigner {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519')
  return {
    publicKey: publicKey.export({ format: 'der', type: 'spki' }).subarray(-32),
    signDigests: (digests) => sign(null, digests, privateKey),
  }
}
