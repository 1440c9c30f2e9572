import { concatBytes, fromBase64, fromHex, textOf, toBase64, toHex, utf8 } from './bytes.ts'
import { sha256 } from './sha256.ts'

/** Signature types of C2SP signed-note: a log's own signature, and a witness's cosignature (C2SP tlog-cosignature). */
export const ED25519 = 0x01
export const COSIGNATURE = 0x04
export type SignatureType = typeof ED25519 | typeof COSIGNATURE
const MOST_SIGNATURES = 100

/** A key that checks notes (C2SP signed-note): `name+hash+base64(type ‖ public key)`. */
export interface VerifierKey {
  readonly name: string
  /** First four bytes of SHA-256(name ‖ 0x0A ‖ type ‖ public key), lower-case hexadecimal. */
  readonly id: string
  readonly publicKey: Uint8Array
  /** The key as text. */
  readonly text: string
}

export interface NoteSignature {
  readonly name: string
  readonly id: string
  readonly signature: Uint8Array
}

export interface SignedNote {
  /** What is signed, with its final newline. */
  readonly text: string
  readonly signatures: readonly NoteSignature[]
}

/** Why a note is not accepted; `unsigned` means that the key did not sign it. */
export type NoteFault = 'malformed' | 'unsigned' | 'forged'

export function keyId(name: string, publicKey: Uint8Array, type: SignatureType = ED25519): Uint8Array {
  return sha256(concatBytes(utf8(`${name}\n`), Uint8Array.of(type), publicKey)).slice(0, 4)
}

/** Whether a name can stand in a signature line: not empty, no Unicode space, no plus, no control character. */
export function isKeyName(name: string): boolean {
  return /^[^\s+\p{Cc}\p{Zs}]+$/u.test(name)
}

export function formatVerifierKey(name: string, publicKey: Uint8Array, type: SignatureType = ED25519): string {
  return `${name}+${toHex(keyId(name, publicKey, type))}+${toBase64(concatBytes(Uint8Array.of(type), publicKey))}`
}

/** Reads a verifier key; undefined unless it is an Ed25519 key of this type whose hash belongs to it. */
export function parseVerifierKey(text: string, type: SignatureType = ED25519): VerifierKey | undefined {
  // Base64 may hold a plus, names and hashes may not.
  const match = /^([^+]+)\+([0-9a-f]{8})\+(\S+)$/.exec(text)
  const key = match === null ? undefined : fromBase64(match[3]!)
  if (match === null || key === undefined || key.length !== 33 || key[0] !== type) return undefined
  const [, name, id] = match
  const publicKey = key.subarray(1)
  if (!isKeyName(name!) || toHex(keyId(name!, publicKey, type)) !== id) return undefined
  return { name: name!, id, publicKey, text }
}

/** Reads a signed note; undefined unless it is strictly of the form the specification gives. */
export function parseNote(bytes: Uint8Array): SignedNote | undefined {
  const whole = textOf(bytes)
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the format forbids exactly these
  if (whole === undefined || /[\u0000-\u0009\u000b-\u001f]/.test(whole)) return undefined
  const split = whole.lastIndexOf('\n\n')
  if (split < 0 || !whole.endsWith('\n')) return undefined
  const lines = whole.slice(split + 2, -1).split('\n')
  if (lines.length > MOST_SIGNATURES) return undefined
  const signatures: NoteSignature[] = []
  for (const line of lines) {
    const signature = parseSignatureLine(line)
    if (signature === undefined) return undefined
    signatures.push(signature)
  }
  return { text: whole.slice(0, split + 1), signatures }
}

/** Reads one signature line, without its newline. */
export function parseSignatureLine(line: string): NoteSignature | undefined {
  const match = /^— (\S+) (\S+)$/u.exec(line)
  const signed = match === null ? undefined : fromBase64(match[2]!)
  if (match === null || signed === undefined || signed.length < 5 || !isKeyName(match[1]!)) return undefined
  return { name: match[1]!, id: toHex(signed.subarray(0, 4)), signature: signed.subarray(4) }
}

/** A signature line with its newline. */
export function formatSignatureLine({ name, id, signature }: NoteSignature): string {
  return `— ${name} ${toBase64(concatBytes(fromHex(id) ?? new Uint8Array(0), signature))}\n`
}

/** Checks that the key signed the note. Signatures by other keys are ignored, a wrong one by this key rejects it. */
export async function checkNote(note: SignedNote, key: VerifierKey): Promise<NoteFault | undefined> {
  const own = note.signatures.filter((signature) => signature.name === key.name && signature.id === key.id)
  if (own.length === 0) return 'unsigned'
  for (const { signature } of own) {
    if (!(await verifyEd25519(key.publicKey, signature, utf8(note.text)))) return 'forged'
  }
  return undefined
}

/** The bytes of a note with one signature line. `signature` is the Ed25519 signature over `text`. */
export function formatNote(text: string, key: VerifierKey, signature: Uint8Array): string {
  return `${text}\n${formatSignatureLine({ name: key.name, id: key.id, signature })}`
}

export async function verifyEd25519(publicKey: Uint8Array, signature: Uint8Array, message: Uint8Array): Promise<boolean> {
  if (signature.length !== 64) return false
  try {
    const key = await crypto.subtle.importKey('raw', new Uint8Array(publicKey), { name: 'Ed25519' }, false, ['verify'])
    return await crypto.subtle.verify({ name: 'Ed25519' }, key, new Uint8Array(signature), new Uint8Array(message))
  } catch (error) {
    // Bytes that are no curve point are no key and have signed nothing; a runtime without Ed25519 must not look like a forgery.
    if (error instanceof DOMException && error.name === 'DataError') return false
    throw error
  }
}
