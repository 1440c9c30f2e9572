import { isIP } from 'node:net'

/** 4 or 6 for an address that the engine knows as one, else 0: an address with a zone (`fe80::1%eth0`) is a text to it. */
export function addressVersion(text: string): number {
  return text.includes('%') ? 0 : isIP(text)
}

/** Whether a text is an address block in CIDR form (RFC 4632, RFC 4291 §2.3): `192.0.2.0/24`, `2001:db8::/32`. */
export function isNetwork(text: string): boolean {
  const slash = text.lastIndexOf('/')
  const version = slash < 0 ? 0 : addressVersion(text.slice(0, slash))
  const bits = text.slice(slash + 1)
  return version !== 0 && /^\d{1,3}$/.test(bits) && Number(bits) <= (version === 4 ? 32 : 128)
}

/** A value in small letters; an IPv6 address also as RFC 5952 writes it. */
export function addressForms(text: string): readonly string[] {
  const typed = text.toLowerCase()
  if (addressVersion(text) !== 6) return [typed]
  return [...new Set([typed, new URL(`http://[${text}]`).hostname.slice(1, -1)])]
}
