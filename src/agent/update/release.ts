import { createPublicKey, verify } from 'node:crypto'

/** What the release key signs (Ed25519, RFC 8032): a bundle cannot be given out as another version than it is. */
export const releaseText = (version: string, sha256: string): string => `kanpeki-agent-release/v1\n${version}\n${sha256}\n`

export interface Release {
  readonly version: string
  /** Of the bundle, hexadecimal. */
  readonly sha256: string
  /** Base64. */
  readonly signature: string
}

/** @param key the release key that the host's own settings name, PEM or SPKI in base64. */
export function isReleased({ version, sha256, signature }: Release, key: string): boolean {
  try {
    const known = key.includes('BEGIN')
      ? createPublicKey(key)
      : createPublicKey({ key: Buffer.from(key, 'base64'), format: 'der', type: 'spki' })
    const text = Buffer.from(releaseText(version, sha256))
    return known.asymmetricKeyType === 'ed25519' && verify(null, text, known, Buffer.from(signature, 'base64'))
  } catch {
    return false
  }
}

/** Compares dotted versions by their numbers; what follows a dash does not count. */
export function compareVersions(a: string, b: string): number {
  const numbers = (text: string): number[] =>
    text
      .split('-', 1)[0]!
      .split('.')
      .map((part) => Number.parseInt(part, 10) || 0)
  const [left, right] = [numbers(a), numbers(b)]
  for (let i = 0; i < Math.max(left.length, right.length); i++) {
    const difference = (left[i] ?? 0) - (right[i] ?? 0)
    if (difference !== 0) return difference
  }
  return 0
}
