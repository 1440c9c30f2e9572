import { BlockList, isIP, isIPv4 } from 'node:net'
import { domainToASCII } from 'node:url'
import { KanpekiError } from '../../kernel/error.ts'

/**
 * IPv4 that is not the public internet: IANA's special-purpose registry (RFC 6890 and after), multicast and reserved, and
 * Azure's host service, which lies in public space.
 */
const SPECIAL_V4 = [
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '168.63.129.16/32',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.88.99.0/24',
  '192.168.0.0/16',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '224.0.0.0/4',
  '240.0.0.0/4',
] as const

/** Only global unicast is public IPv6, without Teredo and other protocol blocks, documentation and 6to4. */
const GLOBAL_V6 = '2000::/3'
const SPECIAL_V6 = ['2001::/23', '2001:db8::/32', '2002::/16', '3fff::/20'] as const
/** NAT64's well-known prefix (RFC 6052): the last 32 bits are the IPv4 address that is really reached. */
const NAT64 = '64:ff9b::/96'

/** Where clouds hand credentials to whoever asks. A network that holds one of them does not allow it; its own name does. */
const METADATA = new Set([
  '169.254.169.254',
  '169.254.170.2',
  '169.254.170.23',
  '100.100.100.200',
  '192.0.0.192',
  '168.63.129.16',
  'fd00:ec2::254',
  'fd00:ec2::23',
  'fd20:ce::254',
])

const specialV4 = listOf(SPECIAL_V4)
const globalV6 = listOf([GLOBAL_V6])
const specialV6 = listOf(SPECIAL_V6)
const nat64 = listOf([NAT64])

/** Whether an address belongs to the public internet. @param address as `net.isIP` takes it, without a zone. */
export function isPublicAddress(address: string): boolean {
  const family = isIP(address)
  // A zone names an interface: that is this link, whatever the address.
  if (family === 0 || address.includes('%')) return false
  if (family === 4) return !specialV4.check(address, 'ipv4')
  if (nat64.check(address, 'ipv6')) return isPublicAddress(lastFourBytes(address))
  return globalV6.check(address, 'ipv6') && !specialV6.check(address, 'ipv6')
}

/** What may be called although it is not public. */
export interface Allowance {
  /** @param host as it stands in the URL, in the form of `URL.hostname`. @param address one that it resolved to. */
  allows(host: string, address: string): boolean
}

/**
 * @param entries host names, addresses, and networks such as `10.1.0.0/16` or `fd00:1::/64`.
 * @throws KanpekiError `config` naming the entry that is none of these.
 */
export function allowance(entries: readonly string[]): Allowance {
  const hosts = new Set<string>()
  const addresses = new Set<string>()
  const networks: string[] = []
  for (const entry of entries) {
    const bare = entry.trim().replace(/^\[(.*)\]$/, '$1')
    if (isIP(bare) !== 0 && !bare.includes('%')) addresses.add(canonical(bare))
    else if (isNetwork(bare)) networks.push(bare)
    else if (isHostName(bare)) hosts.add(hostKey(domainToASCII(bare)))
    else {
      throw new KanpekiError('config', `outgoing-allow: ${JSON.stringify(entry)} is not a host, an address or a network.`, {
        remedy: 'Write idp.example.internal, 10.1.2.3 or 10.1.0.0/16.',
        place: { field: 'outgoing-allow' },
      })
    }
  }
  const inside = listOf(networks)
  return {
    allows(host, address) {
      if (isIP(address) === 0 || address.includes('%')) return false
      const plain = canonical(address)
      if (addresses.has(plain)) return true
      if (METADATA.has(plain)) return false
      return hosts.has(hostKey(host)) || inside.check(plain, isIPv4(plain) ? 'ipv4' : 'ipv6')
    },
  }
}

function hostKey(host: string): string {
  return host.toLowerCase().replace(/\.$/, '')
}

function isHostName(text: string): boolean {
  const ascii = domainToASCII(text)
  return (
    /^(?=.{1,254}$)[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?)*\.?$/i.test(ascii) &&
    !/^[\d.]+$/.test(ascii)
  )
}

function isNetwork(text: string): boolean {
  const [address, bits, ...more] = text.split('/')
  if (address === undefined || bits === undefined || more.length > 0 || !/^\d{1,3}$/.test(bits) || address.includes('%'))
    return false
  const family = isIP(address)
  return family !== 0 && Number(bits) <= (family === 4 ? 32 : 128)
}

function listOf(networks: readonly string[]): BlockList {
  const list = new BlockList()
  for (const network of networks) {
    const [address, bits] = network.split('/') as [string, string]
    list.addSubnet(address, Number(bits), isIPv4(address) ? 'ipv4' : 'ipv6')
  }
  return list
}

/** RFC 5952, as URL writes it. */
function canonical(address: string): string {
  return isIPv4(address) ? address : new URL(`http://[${address}]/`).hostname.slice(1, -1)
}

function lastFourBytes(address: string): string {
  const dotted = /(\d+\.\d+\.\d+\.\d+)$/.exec(address)
  if (dotted !== null) return dotted[1]!
  const groups = canonical(address).split('::').at(-1)!.split(':').slice(-2)
  const [high, low] = groups.length === 2 ? groups : ['0', groups[0] ?? '0']
  const value = ((Number.parseInt(high || '0', 16) << 16) | Number.parseInt(low || '0', 16)) >>> 0
  return [24, 16, 8, 0].map((shift) => (value >>> shift) & 255).join('.')
}
