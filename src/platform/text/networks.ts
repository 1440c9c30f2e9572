import { BlockList, isIP } from 'node:net'

/**
 * Addresses and networks (`10.0.0.0/8`, `2001:db8::/32`; an address alone is a network of itself), as one test.
 * @param refused makes the error of an entry that is neither, such as `10.0.0.0/`.
 */
export function networksOf(entries: readonly string[], refused: (entry: string) => Error): (address: string) => boolean {
  const list = new BlockList()
  for (const entry of entries) {
    const [address = '', bits] = entry.split('/')
    const family = isIP(address)
    const most = family === 4 ? 32 : 128
    const length = bits === undefined ? most : /^\d{1,3}$/.test(bits) ? Number(bits) : -1
    if (family === 0 || length < 0 || length > most) throw refused(entry)
    list.addSubnet(address, length, family === 4 ? 'ipv4' : 'ipv6')
  }
  return (address) => {
    const family = isIP(address)
    return family !== 0 && list.check(address, family === 4 ? 'ipv4' : 'ipv6')
  }
}
