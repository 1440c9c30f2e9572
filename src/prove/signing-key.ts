import { createPrivateKey, createPublicKey, type KeyObject, randomBytes, sign } from 'node:crypto'
import { chmod, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { KanpekiError } from '../kernel/error.ts'
import { readIfThere } from '../platform/read-if-there.ts'
import { resealed, type SealedPlace } from '../platform/secrets/sealed-place.ts'
import { isSealed, type Sealer } from '../platform/secrets/sealer.ts'
import { diskFiles } from './files.ts'
import { fromBase64, toBase64, toHex } from './verify/bytes.ts'
import { checkpointText } from './verify/checkpoint.ts'
import {
  formatNote,
  formatSignatureLine,
  formatVerifierKey,
  isKeyName,
  keyId,
  parseVerifierKey,
  type VerifierKey,
} from './verify/note.ts'

/** Path of the log's private key below the data directory. */
export const KEY_FILE = 'ledger.key'
/** Beside it while the log changes its key. */
const NEXT_KEY_FILE = 'ledger.key.next'
const SEAL_CONTEXT = 'ledger.key'
const SEED_BYTES = 32
const ED25519 = 0x01
/** PKCS #8 around an Ed25519 seed (RFC 8410 §7). */
const PKCS8_PREFIX = Buffer.from('302e020100300506032b657004220420', 'hex')

/** The key a log signs its checkpoints with. */
export interface SigningKey {
  readonly verifier: VerifierKey
  /** A signed checkpoint: origin, size and root, as C2SP tlog-checkpoint writes it. */
  signCheckpoint(size: number, root: Uint8Array): string
  /** The key's signature line under a text that another key signs too. */
  signatureLine(text: string): string
  /** A signed note about something else. `text` ends with a newline; its first line MUST NOT be a name that a log can have. */
  signNote(text: string): string
  /** Signs two SHA-256 digests, 64 bytes. Nobody can find a document whose digests read as a note, so neither passes for the other. */
  signDigests(digests: Uint8Array): Uint8Array
}

/** A new installation's name; it only has to be its own. */
export function randomOrigin(): string {
  return `kanpeki.local/${randomBytes(4).toString('hex')}`
}

export interface SigningKeyOptions {
  /** False where a log exists already: a new key would disown it. */
  readonly mayCreate: boolean
  /** The log's name; undefined keeps the key's, or makes one up for a new key. */
  readonly origin?: string | undefined
  /** Seals the key at rest; without one it is kept as it is. */
  readonly sealer?: Sealer | undefined
}

/**
 * Reads the log's key from `folder`, or makes one on the first start (mode 0600, fsynced). A key that an older version
 * kept plain is written again sealed.
 * @throws KanpekiError `ledger_key_missing`, `ledger_key_exposed`, `ledger_key_sealed`, `ledger_key_malformed`,
 *   `ledger_origin_changed`, `ledger_origin_invalid`, `seal_wrong_key`, `seal_broken`.
 */
export async function openSigningKey(folder: string, options: SigningKeyOptions): Promise<SigningKey> {
  const { mayCreate, origin, sealer } = options
  const read = await readKey(folder, KEY_FILE, sealer)
  if (read === undefined) {
    if (mayCreate) return createKey(folder, origin ?? randomOrigin(), sealer)
    throw new KanpekiError('ledger_key_missing', 'The ledger is there, and the key that signs it is not.', {
      place: { file: join(folder, KEY_FILE) },
      remedy: 'Restore the key from a backup. A new key would disown everything signed so far.',
    })
  }
  const { key, sealed } = read
  if (origin !== undefined && key.verifier.name !== origin) {
    throw new KanpekiError('ledger_origin_changed', `The ledger is called ${key.verifier.name}, the settings say ${origin}.`, {
      remedy: 'Take the setting back: the name is part of every signature and cannot change.',
    })
  }
  if (!sealed && sealer !== undefined) await keep(folder, KEY_FILE, key.text, sealer)
  return key
}

/** The key that the log changes to, where that was begun. */
export async function openNextKey(folder: string, sealer: Sealer | undefined): Promise<SigningKey | undefined> {
  return (await readKey(folder, NEXT_KEY_FILE, sealer))?.key
}

/** Makes the key that the log changes to, and keeps it beside the one that signs. */
export async function makeNextKey(folder: string, origin: string, sealer: Sealer | undefined): Promise<SigningKey> {
  const key = signingKeyOf(origin, randomBytes(SEED_BYTES))
  await keep(folder, NEXT_KEY_FILE, key.text, sealer)
  return key
}

/** Puts the next key in the place of the one that signed until now, which is gone afterwards. */
export async function takeNextKey(folder: string): Promise<void> {
  const files = diskFiles(folder)
  const bytes = await files.read(NEXT_KEY_FILE)
  if (bytes === undefined) return
  await files.write([{ path: KEY_FILE, bytes }])
  await files.remove(NEXT_KEY_FILE)
}

async function readKey(
  folder: string,
  file: string,
  sealer: Sealer | undefined,
): Promise<{ readonly key: SigningKey & { readonly text: string }; readonly sealed: boolean } | undefined> {
  const path = join(folder, file)
  const place = { file: path }
  const text = await readIfThere(path)
  if (text === undefined) return undefined
  if (((await stat(path)).mode & 0o077) !== 0) {
    throw new KanpekiError('ledger_key_exposed', 'Others on this machine can read the key that signs the ledger.', {
      place,
      remedy: `Run: chmod 600 ${path}`,
    })
  }
  const kept = text.trim()
  const sealed = isSealed(kept)
  if (sealed && sealer === undefined) {
    throw new KanpekiError('ledger_key_sealed', 'The key that signs the ledger is sealed, and no seal key was given.', { place })
  }
  const key = parseSigningKey(sealed && sealer !== undefined ? sealer.open(kept, SEAL_CONTEXT).toString('utf8') : kept)
  if (key === undefined) {
    throw new KanpekiError('ledger_key_malformed', 'The file is not an Ed25519 note key.', {
      place,
      remedy: 'Restore the key from a backup.',
    })
  }
  return { key, sealed }
}

/** Writes the key as version 0.1 kept it, which cannot open a sealed one. @returns whether it was sealed. */
export async function keepUnsealed(folder: string, sealer: Sealer): Promise<boolean> {
  const text = (await readFile(join(folder, KEY_FILE), 'utf8')).trim()
  if (!isSealed(text)) return false
  await keep(folder, KEY_FILE, sealer.open(text, SEAL_CONTEXT).toString('utf8'), undefined)
  return true
}

/** Whether the key is sealed at rest; false where there is none. */
export async function isKeySealed(folder: string): Promise<boolean> {
  return isSealed((await readFile(join(folder, KEY_FILE), 'utf8').catch(() => '')).trim())
}

/** The key files, for the rotation of the seal key. */
export function sealedSigningKey(folder: string): SealedPlace {
  return {
    id: KEY_FILE,
    async reseal(sealer) {
      const files = diskFiles(folder)
      let done = 0
      for (const path of [KEY_FILE, NEXT_KEY_FILE]) {
        const bytes = await files.read(path)
        const again = bytes === undefined ? undefined : resealed(sealer, Buffer.from(bytes).toString('utf8').trim(), SEAL_CONTEXT)
        if (again === undefined) continue
        await files.write([{ path, bytes: Buffer.from(`${again}\n`) }])
        done++
      }
      return done
    },
  }
}

async function createKey(folder: string, origin: string, sealer: Sealer | undefined): Promise<SigningKey> {
  if (!isKeyName(origin)) {
    throw new KanpekiError('ledger_origin_invalid', `A ledger cannot be called ${JSON.stringify(origin)}.`, {
      remedy: 'Use a name such as kanpeki.example.com/soc, without spaces and plus signs.',
    })
  }
  const key = signingKeyOf(origin, randomBytes(SEED_BYTES))
  await keep(folder, KEY_FILE, key.text, sealer)
  await chmod(folder, 0o700)
  return key
}

async function keep(folder: string, file: string, text: string, sealer: Sealer | undefined): Promise<void> {
  const kept = sealer === undefined ? text : sealer.seal(text, SEAL_CONTEXT)
  await diskFiles(folder).write([{ path: file, bytes: Buffer.from(`${kept}\n`) }])
}

/** The note key format of golang.org/x/mod/sumdb/note: `PRIVATE+KEY+name+hash+base64(0x01 ‖ seed)`. */
export function parseSigningKey(text: string): (SigningKey & { readonly text: string }) | undefined {
  const match = /^PRIVATE\+KEY\+([^+]+)\+([0-9a-f]{8})\+(\S+)$/.exec(text)
  const bytes = match === null ? undefined : fromBase64(match[3]!)
  if (match === null || bytes === undefined || bytes.length !== 1 + SEED_BYTES || bytes[0] !== ED25519) return undefined
  const key = signingKeyOf(match[1]!, bytes.subarray(1))
  return key.verifier.id === match[2] && isKeyName(match[1]!) ? key : undefined
}

/** @param seed 32 bytes, the Ed25519 private key of RFC 8032. */
export function signingKeyOf(name: string, seed: Uint8Array): SigningKey & { readonly text: string } {
  const { privateKey, publicKey } = ed25519Pair(seed)
  const verifier = parseVerifierKey(formatVerifierKey(name, publicKey))
  if (verifier === undefined) throw new KanpekiError('ledger_origin_invalid', `${JSON.stringify(name)} cannot name a key.`)
  const note = (text: string): string => formatNote(text, verifier, sign(null, Buffer.from(text), privateKey))
  return {
    verifier,
    text: `PRIVATE+KEY+${name}+${toHex(keyId(name, publicKey))}+${toBase64(Buffer.concat([Uint8Array.of(ED25519), seed]))}`,
    signatureLine: (text) => formatSignatureLine({ name, id: verifier.id, signature: sign(null, Buffer.from(text), privateKey) }),
    signCheckpoint: (size, root) => note(checkpointText(name, size, root)),
    signNote(text) {
      if (!text.endsWith('\n') || isKeyName(text.split('\n', 1)[0]!)) throw new TypeError('this could be taken for a checkpoint')
      return note(text)
    },
    signDigests(digests) {
      if (digests.length !== 64) throw new TypeError('two SHA-256 digests are signed')
      return sign(null, digests, privateKey)
    },
  }
}

/** @param seed 32 bytes, the Ed25519 private key of RFC 8032. The public key is raw, 32 bytes. */
export function ed25519Pair(seed: Uint8Array): { readonly privateKey: KeyObject; readonly publicKey: Uint8Array } {
  const privateKey = createPrivateKey({ key: Buffer.concat([PKCS8_PREFIX, seed]), format: 'der', type: 'pkcs8' })
  return { privateKey, publicKey: createPublicKey(privateKey).export({ format: 'der', type: 'spki' }).subarray(-32) }
}
