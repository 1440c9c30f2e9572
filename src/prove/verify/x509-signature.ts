import { contentOf, type Der, oidOf, readDer, sequenceOf, TAG } from './der.ts'

type Digest = 'SHA-256' | 'SHA-384' | 'SHA-512'

/** How a signature of X.509 or CMS was made. */
export interface SignatureScheme {
  readonly kind: 'RSASSA-PKCS1-v1_5' | 'RSA-PSS' | 'ECDSA' | 'Ed25519'
  readonly digest: Digest
  /** Bytes of salt, for RSA-PSS. */
  readonly salt: number
}

const DIGESTS: Readonly<Record<string, Digest>> = {
  '2.16.840.1.101.3.4.2.1': 'SHA-256',
  '2.16.840.1.101.3.4.2.2': 'SHA-384',
  '2.16.840.1.101.3.4.2.3': 'SHA-512',
}
const RSA = '1.2.840.113549.1.1.1'
const RSA_PSS = '1.2.840.113549.1.1.10'
const EC_KEY = '1.2.840.10045.2.1'
const SIGNATURES: Readonly<Record<string, SignatureScheme>> = {
  '1.2.840.113549.1.1.11': { kind: 'RSASSA-PKCS1-v1_5', digest: 'SHA-256', salt: 0 },
  '1.2.840.113549.1.1.12': { kind: 'RSASSA-PKCS1-v1_5', digest: 'SHA-384', salt: 0 },
  '1.2.840.113549.1.1.13': { kind: 'RSASSA-PKCS1-v1_5', digest: 'SHA-512', salt: 0 },
  '1.2.840.10045.4.3.2': { kind: 'ECDSA', digest: 'SHA-256', salt: 0 },
  '1.2.840.10045.4.3.3': { kind: 'ECDSA', digest: 'SHA-384', salt: 0 },
  '1.2.840.10045.4.3.4': { kind: 'ECDSA', digest: 'SHA-512', salt: 0 },
  '1.3.101.112': { kind: 'Ed25519', digest: 'SHA-512', salt: 0 },
}
/** Curves with the bytes of one coordinate. */
const CURVES: Readonly<Record<string, { readonly name: string; readonly bytes: number }>> = {
  '1.2.840.10045.3.1.7': { name: 'P-256', bytes: 32 },
  '1.3.132.0.34': { name: 'P-384', bytes: 48 },
  '1.3.132.0.35': { name: 'P-521', bytes: 66 },
}

/** A digest by its AlgorithmIdentifier; undefined for one that is not believed any more (SHA-1, MD5). */
export function digestName(algorithm: Der | undefined): Digest | undefined {
  return DIGESTS[oidOf(sequenceOf(algorithm)[0])]
}

/** @param digest for CMS, which may name it beside an algorithm that does not. @returns undefined for a scheme that is not taken. */
export function signatureScheme(algorithm: Der, digest: Digest | undefined): SignatureScheme | undefined {
  const [id, parameters] = sequenceOf(algorithm)
  const name = oidOf(id)
  if (name === RSA && digest !== undefined) return { kind: 'RSASSA-PKCS1-v1_5', digest, salt: 0 }
  if (name === RSA_PSS && parameters !== undefined) {
    const given = sequenceOf(parameters)
    const hash = given.find(({ tag }) => tag === 0xa0)
    const salt = given.find(({ tag }) => tag === 0xa2)
    const named = hash === undefined ? undefined : digestName(readDer(hash.content))
    const bytes = salt === undefined ? 20 : (contentOf(readDer(salt.content), TAG.integer)[0] ?? 0)
    return named === undefined ? undefined : { kind: 'RSA-PSS', digest: named, salt: bytes }
  }
  return SIGNATURES[name]
}

/** Whether the holder of the key (SubjectPublicKeyInfo) signed the message. False too for keys that cannot be used. */
export async function verifySignature(
  scheme: SignatureScheme,
  publicKey: Uint8Array,
  signature: Uint8Array,
  message: Uint8Array,
): Promise<boolean> {
  const { kind, digest, salt } = scheme
  const curve = kind === 'ECDSA' ? curveOf(publicKey) : undefined
  if (kind === 'ECDSA' && curve === undefined) return false
  const bytes = curve === undefined ? signature : plainEcdsa(signature, curve.bytes)
  if (bytes === undefined) return false
  const imported = { name: kind, hash: digest, ...(curve && { namedCurve: curve.name }) }
  try {
    const key = await crypto.subtle.importKey('spki', new Uint8Array(publicKey), imported, false, ['verify'])
    const verified = { name: kind, hash: digest, saltLength: salt }
    return await crypto.subtle.verify(verified, key, new Uint8Array(bytes), new Uint8Array(message))
  } catch (error) {
    if (error instanceof DOMException && (error.name === 'DataError' || error.name === 'OperationError')) return false
    throw error
  }
}

function curveOf(publicKey: Uint8Array): { readonly name: string; readonly bytes: number } | undefined {
  const [algorithm] = sequenceOf(readDer(publicKey))
  const [id, curve] = sequenceOf(algorithm)
  return oidOf(id) === EC_KEY && curve?.tag === TAG.oid ? CURVES[oidOf(curve)] : undefined
}

/** DER's two integers as WebCrypto takes them: two numbers of fixed length. */
function plainEcdsa(signature: Uint8Array, length: number): Uint8Array | undefined {
  const plain = new Uint8Array(2 * length)
  for (const [place, part] of sequenceOf(readDer(signature)).entries()) {
    const number = contentOf(part, TAG.integer)
    const digits = number[0] === 0 ? number.subarray(1) : number
    if (place > 1 || digits.length > length) return undefined
    plain.set(digits, (place + 1) * length - digits.length)
  }
  return plain
}
