import { isIP } from 'node:net'
import { type Draft, known, put } from './draft.ts'

/**
 * An address as ECS `ip` takes it: without brackets, IPv4 in IPv6 (`::ffff:10.0.0.1`) as IPv4, without a zone (`%eth0`).
 * Undefined for a name, `LOCAL`, `UNKNOWN` and all else.
 */
export function ipOf(text: string | undefined): string | undefined {
  if (text === undefined || text.length < 2 || text.length > 60) return undefined
  const first = text.charCodeAt(0)
  // Addresses begin with a hexadecimal digit, ':' or '['; most of what is none is told apart here.
  if (!((first >= 48 && first <= 58) || first === 91 || ((first | 32) >= 97 && (first | 32) <= 102))) return undefined
  let address = text
  if (first === 91 && address.endsWith(']')) address = address.slice(1, -1)
  if (address.startsWith('::ffff:') && address.includes('.')) address = address.slice(7)
  const zone = address.indexOf('%')
  if (zone > 0) address = address.slice(0, zone)
  return isIP(address) === 0 ? undefined : address
}

/** A port number 1–65535; 0 is what Windows writes for none. */
export function portOf(value: number | undefined): number | undefined {
  return value !== undefined && value > 0 && value < 65_536 ? value : undefined
}

/** ECS `source`, `destination`: the address as written, as `ip` where it is one, and the port. Undefined where nothing is known. */
export function endpoint(address: string | undefined, port: number | undefined, name?: string): Draft | undefined {
  const written = known(address)
  const usable = portOf(port)
  const domain = known(name)
  if (written === undefined && usable === undefined && domain === undefined) return undefined
  const draft: Draft = {}
  const ip = ipOf(written)
  put(draft, 'address', ip ?? written)
  put(draft, 'ip', ip)
  put(draft, 'port', usable)
  put(draft, 'domain', domain)
  return draft
}
