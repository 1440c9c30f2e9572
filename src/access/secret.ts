import { createHash, randomBytes } from 'node:crypto'

/** 256 random bits in URL-safe text. */
export function newSecret(): string {
  return randomBytes(32).toString('base64url')
}

/** What the database keeps of a secret. The secrets are random, so that a fast hash is enough. */
export function hashSecret(secret: string): string {
  return createHash('sha256').update(secret).digest('hex')
}
