import { utf8 } from './bytes.ts'
import { COSIGNATURE, type NoteSignature, parseVerifierKey, type SignedNote, type VerifierKey, verifyEd25519 } from './note.ts'

const TIME_BYTES = 8
/** After which ECMAScript has no date. */
const LAST_SECOND = 8_640_000_000_000

/** Reads a witness's key; undefined unless it is one for Ed25519 cosignatures. */
export function parseCosignerKey(text: string): VerifierKey | undefined {
  return parseVerifierKey(text, COSIGNATURE)
}

/**
 * What a witness signs: that at this time the log's largest consistent tree it had seen was the checkpoint's (C2SP tlog-cosignature).
 * @param seconds POSIX time; @param text the checkpoint without its signatures.
 */
export function cosignedMessage(seconds: number, text: string): Uint8Array {
  return utf8(`cosignature/v1\ntime ${seconds}\n${text}`)
}

/** The bytes of a cosignature line's signature: the time, big-endian, and the Ed25519 signature. */
export function formatCosignature(seconds: number, signature: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(TIME_BYTES + signature.length)
  new DataView(bytes.buffer).setBigUint64(0, BigInt(seconds))
  bytes.set(signature, TIME_BYTES)
  return bytes
}

/** A cosignature of the key that holds, with its POSIX time in seconds; otherwise why there is none. */
export async function checkCosignature(
  note: Pick<SignedNote, 'text' | 'signatures'>,
  key: VerifierKey,
): Promise<{ readonly seconds: number; readonly line: NoteSignature } | 'unsigned' | 'forged'> {
  const own = note.signatures.filter(({ name, id }) => name === key.name && id === key.id)
  let newest: { readonly seconds: number; readonly line: NoteSignature } | undefined
  for (const line of own) {
    const seconds = timeOf(line.signature)
    if (seconds === undefined) return 'forged'
    const holds = await verifyEd25519(key.publicKey, line.signature.subarray(TIME_BYTES), cosignedMessage(seconds, note.text))
    if (!holds) return 'forged'
    if (newest === undefined || seconds > newest.seconds) newest = { seconds, line }
  }
  return newest ?? 'unsigned'
}

function timeOf(signature: Uint8Array): number | undefined {
  if (signature.length <= TIME_BYTES) return undefined
  const seconds = Number(new DataView(signature.buffer, signature.byteOffset).getBigUint64(0))
  return seconds <= LAST_SECOND ? seconds : undefined
}
