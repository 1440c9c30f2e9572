/** A network as the first `bits` of 16 bytes; IPv4 lives in ::ffff:0:0/96. */
export interface Network {
  readonly bytes: Uint8Array
  readonly bits: number
}

/** Reads `10.0.0.0/8`, `2001:db8::/32` or a single address. Undefined when it is neither. */
export function parseNetwork(text: string): Network | undefined {
  const slash = text.indexOf('/')
  const address = slash < 0 ? text : text.slice(0, slash)
  const bytes = parseAddress(address.trim())
  if (bytes === undefined) return undefined
  const isV4 = !address.includes(':')
  const most = isV4 ? 32 : 128
  if (slash < 0) return { bytes, bits: 128 }
  const length = text.slice(slash + 1)
  if (!/^\d{1,3}$/.test(length) || Number(length) > most) return undefined
  return { bytes, bits: Number(length) + (isV4 ? 96 : 0) }
}

export function networkHolds(network: Network, address: string): boolean {
  const bytes = parseAddress(address)
  if (bytes === undefined) return false
  const whole = network.bits >> 3
  for (let index = 0; index < whole; index += 1) if (bytes[index] !== network.bytes[index]) return false
  const rest = network.bits & 7
  if (rest === 0) return true
  const mask = (0xff00 >> rest) & 0xff
  return (bytes[whole]! & mask) === (network.bytes[whole]! & mask)
}

/** 16 bytes of an IPv4 or IPv6 address (a zone after `%` is left out), or undefined. */
export function parseAddress(text: string): Uint8Array | undefined {
  if (text.length < 2 || text.length > 64) return undefined
  return text.includes(':') ? parseV6(text) : parseV4(text)
}

function parseV4(text: string): Uint8Array | undefined {
  const parts = text.split('.')
  if (parts.length !== 4) return undefined
  const bytes = new Uint8Array(16)
  bytes[10] = 0xff
  bytes[11] = 0xff
  for (let index = 0; index < 4; index += 1) {
    const part = parts[index]!
    if (!/^\d{1,3}$/.test(part) || Number(part) > 255) return undefined
    bytes[12 + index] = Number(part)
  }
  return bytes
}

function parseV6(text: string): Uint8Array | undefined {
  const zone = text.indexOf('%')
  let address = zone < 0 ? text : text.slice(0, zone)
  if (address.startsWith('[') && address.endsWith(']')) address = address.slice(1, -1)
  const tail = address.slice(address.lastIndexOf(':') + 1)
  const groups: number[] = []
  let gap = -1
  let embedded: Uint8Array | undefined
  if (tail.includes('.')) {
    embedded = parseV4(tail)
    if (embedded === undefined) return undefined
    address = `${address.slice(0, -tail.length)}0:0`
  }
  const halves = address.split('::')
  if (halves.length > 2) return undefined
  for (const [index, half] of halves.entries()) {
    if (index === 1) gap = groups.length
    if (half === '') continue
    for (const group of half.split(':')) {
      if (!/^[0-9a-fA-F]{1,4}$/.test(group)) return undefined
      groups.push(Number.parseInt(group, 16))
    }
  }
  if (gap < 0 ? groups.length !== 8 : groups.length > 7) return undefined
  if (gap >= 0) groups.splice(gap, 0, ...new Array<number>(8 - groups.length).fill(0))
  const bytes = new Uint8Array(16)
  for (const [index, group] of groups.entries()) {
    bytes[index * 2] = group >> 8
    bytes[index * 2 + 1] = group & 0xff
  }
  if (embedded !== undefined) bytes.set(embedded.subarray(12), 12)
  return bytes
}
