import { isIP } from 'node:net'

/** The network that an address most likely shares with its owner's others: /24 of IPv4, /56 of IPv6; other text as it is. */
export function networkOf(address: string): string {
  const family = isIP(address)
  if (family === 4) return `${address.slice(0, address.lastIndexOf('.'))}.0/24`
  if (family !== 6) return address
  return `${groupsOf(address)
    .slice(0, 4)
    .map((group, at) => (at === 3 ? group & 0xff00 : group).toString(16))
    .join(':')}::/56`
}

/** One client of IPv6 has a /64 of its own: an address within it says nothing. IPv4 as it is. */
export function clientKey(address: string): string {
  if (isIP(address) !== 6) return address
  return `${groupsOf(address)
    .slice(0, 4)
    .map((group) => group.toString(16))
    .join(':')}::/64`
}

function groupsOf(address: string): number[] {
  const [plain = ''] = address.split('%')
  const [before = '', after] = plain.split('::')
  const left = before === '' ? [] : before.split(':')
  const right = after === undefined || after === '' ? [] : after.split(':')
  const missing = after === undefined ? 0 : Math.max(0, 8 - left.length - right.length - (plain.includes('.') ? 1 : 0))
  return [...left, ...Array.from({ length: missing }, () => '0'), ...right].map((group) => Number.parseInt(group, 16) || 0)
}
