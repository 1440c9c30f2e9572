import { crc32 } from 'node:zlib'

const BASE62 = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'

/** A number in base 62, at least `width` digits: digits, capitals, small letters. */
export function base62(value: number, width: number): string {
  let text = ''
  for (let rest = value; rest > 0; rest = Math.floor(rest / 62)) text = BASE62[rest % 62]! + text
  return text.padStart(width, '0')
}

/** GitHub's and npm's tokens end in the CRC-32 of their random part: six digits of base 62. */
export function endsInCrc(secret: string): boolean {
  const body = secret.slice(secret.indexOf('_') + 1)
  return base62(crc32(body.slice(0, -6)), 6) === body.slice(-6)
}

/** An access key's letters are base 32 and hold the number of its account, twelve digits at most. */
export function isAwsKey(secret: string): boolean {
  if (secret.endsWith('EXAMPLE')) return false
  let bits = 0n
  for (const sign of secret.slice(4)) bits = bits * 32n + BigInt('ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(sign))
  // 80 bits: the account in bits 78 to 39 of the first 48.
  const account = (bits >> 32n) & 0x7fff_ffff_ff80n
  return account >> 7n < 1_000_000_000_000n
}

/** A JSON Web Token: a header that names its algorithm, and claims; unsigned ones open nothing. */
export function isJwt(secret: string): boolean {
  const [head = '', claims = '', signature = ''] = secret.split('.')
  const header = jsonOf(head)
  if (header === undefined || typeof header['alg'] !== 'string' || header['alg'].toLowerCase() === 'none') return false
  return jsonOf(claims) !== undefined && signature.length >= 20 && /^[A-Za-z0-9_-]+$/.test(signature)
}

function jsonOf(part: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(part, 'base64url').toString('utf8'))
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined
  } catch {
    return undefined
  }
}

/** Base 64 of so many bytes. */
export function decodesTo(bytes: number): (secret: string) => boolean {
  return (secret) => Buffer.from(secret, 'base64').length === bytes
}

/** The first part of a Discord bot's token is its number in base 64. */
export function isDiscordToken(secret: string): boolean {
  return /^\d{17,20}$/.test(Buffer.from(secret.split('.')[0] ?? '', 'base64').toString('latin1'))
}

/** A key between PEM's lines that is DER (a sequence), OpenSSH's or PGP's own form; an example with a few letters is none. */
export function isPrivateKey(pem: string): boolean {
  if (/Proc-Type: 4,ENCRYPTED|BEGIN ENCRYPTED/.test(pem)) return false
  const body = pem
    .replaceAll(/-----[A-Z0-9 ]+-----/g, '')
    .replaceAll(/\\[nr]|["'+,]|^[A-Z][\w-]*:.*$/gm, '')
    .replaceAll(/\s/g, '')
  const bytes = Buffer.from(body, 'base64')
  if (bytes.length < 32) return false
  if (pem.includes('OPENSSH')) return bytes.subarray(0, 14).toString('latin1') === 'openssh-key-v1' && !bytes.includes('bcrypt')
  if (pem.includes('PGP')) return (bytes[0]! & 0x80) !== 0
  return bytes[0] === 0x30
}

/** A password in an address: neither a variable nor one that stands for one. */
export function isRealPassword(secret: string): boolean {
  return (
    secret.length >= 6 &&
    !/^[$%{<[(]|[}>\])]$|\$\{|\{\{|%[sdv]|^(pass(word|wd)?|pwd|secret|user(name)?|admin|root|test(ing)?|postgres|mysql|guest|changeme|token|null|undefined|none|my_?pass(word)?|[x*.]+)\d{0,4}$/i.test(
      secret,
    )
  )
}
