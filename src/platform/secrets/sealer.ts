import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto'
import { KanpekiError } from '../../kernel/error.ts'

/** A seal key's length: AES-256. */
export const SEAL_KEY_BYTES = 32
const NONCE_BYTES = 12
const TAG_BYTES = 16
const CIPHER = 'aes-256-gcm'
const FORM = /^kpseal1:([0-9a-f]{12}):([A-Za-z0-9_-]+)$/

/**
 * Seals secrets that have to be stored and read again (a TOTP seed, a client secret, the ledger's key). What only has to
 * be compared (passwords, tokens) is hashed instead.
 */
export interface Sealer {
  /** The id of the key that seals now. */
  readonly keyId: string
  /** Ids of every key that opens, the sealing one first. */
  readonly keyIds: readonly string[]
  /**
   * @param context names the one place this value belongs to, such as `access_totp:ACCOUNT`: it is authenticated with
   *   the value, so that a sealed text copied to another row does not open there.
   * @returns `kpseal1:KEYID:BASE64URL(nonce ‖ ciphertext ‖ tag)`; never the same text twice.
   */
  seal(plain: Uint8Array | string, context: string): string
  /** @throws KanpekiError `seal_wrong_key` (sealed by a key that is not known), `seal_broken` (changed, or of another context). */
  open(sealed: string, context: string): Buffer
}

/** Whether a text has the form of a sealed value; says nothing about who can open it. */
export function isSealed(text: string): boolean {
  return FORM.test(text)
}

/** The id of the key that sealed the value; undefined if it is not a sealed value. */
export function sealedBy(text: string): string | undefined {
  return FORM.exec(text)?.[1]
}

/** What every value sealed with a key begins with. */
export function sealedPrefix(keyId: string): string {
  return `kpseal1:${keyId}:`
}

/** A key's public name: the first six bytes of a hash that is taken for nothing else. */
export function sealKeyId(key: Uint8Array): string {
  return createHash('sha256').update('kanpeki seal key id\0').update(key).digest('hex').slice(0, 12)
}

/**
 * AES-256-GCM with random 96-bit nonces (NIST SP 800-38D §8.2.2: safe for 2³² values a key).
 * @param keys 32 bytes each; the first seals, all open.
 */
export function createSealer(keys: readonly Uint8Array[]): Sealer {
  const [newest] = keys
  if (newest === undefined || keys.some((key) => key.length !== SEAL_KEY_BYTES)) {
    throw new KanpekiError('seal_key_malformed', `A seal key is ${SEAL_KEY_BYTES} bytes.`)
  }
  const byId = new Map(keys.map((key) => [sealKeyId(key), key]))
  const keyId = sealKeyId(newest)
  return {
    keyId,
    keyIds: [...byId.keys()],
    seal(plain, context) {
      const nonce = randomBytes(NONCE_BYTES)
      const cipher = createCipheriv(CIPHER, newest, nonce, { authTagLength: TAG_BYTES }).setAAD(boundTo(keyId, context))
      const body = Buffer.concat([nonce, cipher.update(plain), cipher.final(), cipher.getAuthTag()])
      return sealedPrefix(keyId) + body.toString('base64url')
    },
    open(sealed, context) {
      const match = FORM.exec(sealed)
      if (match === null) throw broken(context)
      const [, id, text] = match as unknown as [string, string, string]
      const key = byId.get(id)
      if (key === undefined) throw wrongKey(id, context)
      const body = Buffer.from(text, 'base64url')
      // Another spelling of the same bytes is a changed text too.
      if (body.length < NONCE_BYTES + TAG_BYTES || body.toString('base64url') !== text) throw broken(context)
      const decipher = createDecipheriv(CIPHER, key, body.subarray(0, NONCE_BYTES), { authTagLength: TAG_BYTES })
        .setAAD(boundTo(id, context))
        .setAuthTag(body.subarray(body.length - TAG_BYTES))
      try {
        return Buffer.concat([decipher.update(body.subarray(NONCE_BYTES, body.length - TAG_BYTES)), decipher.final()])
      } catch {
        throw broken(context)
      }
    },
  }
}

function boundTo(keyId: string, context: string): Buffer {
  return Buffer.from(sealedPrefix(keyId) + context)
}

function wrongKey(id: string, context: string): KanpekiError {
  return new KanpekiError(
    'seal_wrong_key',
    `What is kept at ${context} was sealed with the key ${id}, which is not known here.`,
    {
      remedy:
        'Give that key besides the present one: a further line of the key file, or a further value after a comma in KANPEKI_SEAL_KEY.',
    },
  )
}

function broken(context: string): KanpekiError {
  return new KanpekiError('seal_broken', `The sealed value at ${context} was changed, or belongs elsewhere.`, {
    remedy: 'Restore it from a backup, or set the secret again.',
  })
}
