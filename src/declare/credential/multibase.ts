const ALPHABET = '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz'

/** Multibase base58-btc: `z`, then the number in base 58 with a `1` for each leading zero byte (W3C Controlled Identifiers §2.4). */
export function base58(bytes: Uint8Array): string {
  let number = 0n
  for (const byte of bytes) number = number * 256n + BigInt(byte)
  let text = ''
  for (; number > 0n; number /= 58n) text = ALPHABET[Number(number % 58n)] + text
  const zeroes = bytes.findIndex((byte) => byte !== 0)
  return `z${'1'.repeat(zeroes < 0 ? bytes.length : zeroes)}${text}`
}

/** Multicodec ed25519-pub, as a varint. */
const ED25519_PUBLIC = [0xed, 0x01] as const

/** A Multikey's text for an Ed25519 public key of 32 bytes. */
export function multikey(publicKey: Uint8Array): string {
  return base58(Uint8Array.of(...ED25519_PUBLIC, ...publicKey))
}
