import { createHash } from 'node:crypto'
import { canonicalJson, type JsonObject } from '../../kernel/json.ts'
import { base58, multikey } from './multibase.ts'

/** Who signs credentials: a key of which everybody can compute the identifier. */
export interface CredentialSigner {
  /** Ed25519, 32 bytes. */
  readonly publicKey: Uint8Array
  /** Signs the 64 bytes that `eddsa-jcs-2022` makes of a document and its proof. */
  signDigests(digests: Uint8Array): Uint8Array
}

/** `did:key` of the signer (https://w3c-ccg.github.io/did-key-spec/): the key itself is the identifier. */
export function didOf({ publicKey }: CredentialSigner): string {
  return `did:key:${multikey(publicKey)}`
}

/**
 * Adds a Data Integrity proof by the cryptosuite `eddsa-jcs-2022` (https://www.w3.org/TR/vc-di-eddsa/ §3.3): Ed25519 over
 * SHA-256 of the proof's and of the document's canonical JSON (RFC 8785).
 * @param created milliseconds UTC.
 */
export function secured(document: JsonObject, signer: CredentialSigner, created: number): JsonObject {
  const did = didOf(signer)
  const options: JsonObject = {
    type: 'DataIntegrityProof',
    cryptosuite: 'eddsa-jcs-2022',
    created: new Date(created).toISOString().replace(/\.\d{3}Z$/, 'Z'),
    verificationMethod: `${did}#${did.slice('did:key:'.length)}`,
    proofPurpose: 'assertionMethod',
    '@context': document['@context']!,
  }
  const digests = Buffer.concat([digestOf(options), digestOf(document)])
  return { ...document, proof: { ...options, proofValue: base58(signer.signDigests(digests)) } }
}

function digestOf(value: JsonObject): Buffer {
  return createHash('sha256').update(canonicalJson(value)).digest()
}
