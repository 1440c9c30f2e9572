import { canonicalJson, isJsonObject, type JsonObject, type JsonValue } from '../../kernel/json.ts'
import { fromBase64, textOf, toHex, utf8 } from './bytes.ts'
import { canonicalOf } from './canonical.ts'
import { HASH_BYTES } from './merkle.ts'
import { sha256 } from './sha256.ts'

export const BUNDLE_FORMAT = 'kanpeki-bundle'

/** An entry with its way to the checkpoint's root. */
export interface BundleEntry {
  readonly index: number
  /** The leaf's exact text. */
  readonly entry: string
  /** RFC 6962 inclusion proof, Base64 hashes, lowest first. */
  readonly proof: readonly string[]
}

/** An event with its way to the root in the entry of its batch. */
export interface BundleEvent {
  /** Index of the batch's entry, which is among the entries. */
  readonly batch: number
  readonly index: number
  /** Base64. */
  readonly salt: string
  /** The document's exact text, as the lake keeps it. */
  readonly document: string
  readonly proof: readonly string[]
}

/** A time-stamp of an earlier checkpoint, and the way from there to the bundle's. */
export interface BundleStamp {
  /** Exact text of what was stamped. */
  readonly checkpoint: string
  /** RFC 6962 consistency proof to the bundle's checkpoint, Base64. */
  readonly proof: readonly string[]
  /** TimeStampResp (RFC 3161), Base64 of its DER. */
  readonly token: string
}

/** A change of the log's key: the entry that announces it, and the checkpoint over it that both keys signed. */
export interface BundleRotation {
  readonly index: number
  readonly entry: string
  /** Inclusion proof of the entry in the bundle's checkpoint. */
  readonly proof: readonly string[]
  readonly checkpoint: string
  /** Consistency proof from that checkpoint to the bundle's. */
  readonly consistency: readonly string[]
}

/** Evidence in one file, to be verified without Kanpeki. README.md describes it for other implementations. */
export interface Bundle {
  readonly format: typeof BUNDLE_FORMAT
  readonly version: 1
  /** What was asked for: `{alert}`, `{card}`, `{incident}`, `{index}` or `{from, to}`. */
  readonly about: JsonObject
  readonly made: string
  /** The log's key as its server states it: information, not trust. */
  readonly key: string
  readonly checkpoint: string
  readonly entries: readonly BundleEntry[]
  readonly events: readonly BundleEvent[]
  /** Absent where the log's key never changed. */
  readonly rotations?: readonly BundleRotation[]
  /** Absent where no authority stamped the log. */
  readonly stamps?: readonly BundleStamp[]
  /** What belongs to the matter and could not be had, with the reason. */
  readonly missing: readonly { readonly what: string; readonly reason: string }[]
}

/** The file's text: canonical JSON with a digest of the rest, so that a slip anywhere in it is found, and a newline. */
export function formatBundle(bundle: Bundle): string {
  const value = bundle as unknown as JsonObject
  return `${canonicalJson({ ...value, digest: digestOf(value) })}\n`
}

function digestOf(bundle: JsonObject): string {
  return toHex(sha256(utf8(canonicalJson(bundle))))
}

/** Reads a bundle. `fault` says that its digest or layout is not what it must be; a text, that it is no bundle at all. */
export function readBundle(bytes: Uint8Array): { readonly bundle: Bundle; readonly fault: string | undefined } | string {
  const text = textOf(bytes)
  if (text === undefined) return 'the bundle is not UTF-8'
  let value: JsonValue
  try {
    value = JSON.parse(text) as JsonValue
  } catch (error) {
    return `the bundle is not JSON: ${error instanceof Error ? error.message : String(error)}`
  }
  if (!isJsonObject(value) || value['format'] !== BUNDLE_FORMAT) return 'this is not a Kanpeki bundle'
  if (value['version'] !== 1) return `the bundle is of version ${JSON.stringify(value['version'])}; this program reads version 1`
  const { digest, ...rest } = value
  const wrong = wrongMember(rest)
  if (wrong !== undefined) return `the bundle's ${wrong} is missing or malformed`
  const [whole, signed] = [canonicalOf(value), canonicalOf(rest)]
  if (whole === undefined || signed === undefined) return 'the bundle has no canonical form (RFC 8785)'
  const sound = digest === toHex(sha256(utf8(signed))) && `${whole}\n` === text
  const fault = 'the digest over the whole bundle does not fit: something was changed, perhaps outside what is signed'
  return { bundle: rest as unknown as Bundle, fault: sound ? undefined : fault }
}

function wrongMember(bundle: JsonObject): string | undefined {
  const { about, made, key, checkpoint, entries, events, rotations, stamps, missing } = bundle
  if (!isJsonObject(about)) return 'about'
  if (typeof made !== 'string') return 'made'
  if (typeof key !== 'string') return 'key'
  if (typeof checkpoint !== 'string') return 'checkpoint'
  if (!Array.isArray(entries) || entries.some((entry: JsonValue) => !isBundleEntry(entry))) return 'entries'
  if (!Array.isArray(events) || events.some((event: JsonValue) => !isBundleEvent(event))) return 'events'
  if (rotations !== undefined && (!Array.isArray(rotations) || rotations.some((one: JsonValue) => !isBundleRotation(one))))
    return 'rotations'
  if (stamps !== undefined && (!Array.isArray(stamps) || stamps.some((stamp: JsonValue) => !isBundleStamp(stamp))))
    return 'stamps'
  if (!Array.isArray(missing) || missing.some((one: JsonValue) => !isJsonObject(one))) return 'missing'
  return undefined
}

function isBundleEntry(value: JsonValue): boolean {
  return isJsonObject(value) && isIndex(value['index']) && typeof value['entry'] === 'string' && isProof(value['proof'])
}

function isBundleEvent(value: JsonValue): boolean {
  if (!isJsonObject(value)) return false
  const { batch, index, salt, document, proof } = value
  return isIndex(batch) && isIndex(index) && typeof salt === 'string' && typeof document === 'string' && isProof(proof)
}

function isBundleRotation(value: JsonValue): boolean {
  return isBundleEntry(value) && isJsonObject(value) && typeof value['checkpoint'] === 'string' && isProof(value['consistency'])
}

function isBundleStamp(value: JsonValue): boolean {
  if (!isJsonObject(value)) return false
  return typeof value['checkpoint'] === 'string' && typeof value['token'] === 'string' && isProof(value['proof'])
}

function isIndex(value: JsonValue | undefined): boolean {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0
}

function isProof(value: JsonValue | undefined): boolean {
  return Array.isArray(value) && value.length <= 64 && value.every((part: JsonValue) => typeof part === 'string')
}

/** The hashes of a proof, undefined if one is no canonical Base64 of 32 bytes. */
export function decodeProof(proof: readonly string[]): readonly Uint8Array[] | undefined {
  const hashes = proof.map(fromBase64)
  return hashes.every((part) => part?.length === HASH_BYTES) ? (hashes as Uint8Array[]) : undefined
}
