import { isIP } from 'node:net'

/** Whether a text is an address block in CIDR form (RFC 4632, RFC 4291 §2.3): `192.0.2.0/24`, `2001:db8::/32`. */
export function isNetwork(text: string): boolean {
  const slash = text.lastIndexOf('/')
  const version = slash < 0 ? 0 : isIP(text.slice(0, slash))
  const bits = text.slice(slash + 1)
  return version !== 0 && /^\d{1,3}$/.test(bits) && Number(bits) <= (version === 4 ? 32 : 128)
}
