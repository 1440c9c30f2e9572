import { isIPv4 } from 'node:net'

type Value = string | number | readonly Value[] | { readonly [key: string]: Value }

/**
 * A small database in MaxMind's format 2.0, by its specification (maxmind.github.io/MaxMind-DB): an IPv6 tree of 24-bit
 * records with IPv4 below ::/96, the data section, the metadata.
 * @param entries networks in CIDR, the wider ones first.
 */
export function writeMmdb(type: string, entries: readonly (readonly [network: string, value: Value])[]): Buffer {
  const nodes: [number, number][] = [[0, 0]]
  const data: Buffer[] = []
  let dataSize = 0
  // Leaves are kept negative until the number of nodes is known; 0 is "nothing".
  for (const [network, value] of entries) {
    const [bits, length] = bitsOf(network)
    const at = -(dataSize + 1)
    const encoded = encode(value)
    data.push(encoded)
    dataSize += encoded.length
    let node = 0
    for (let bit = 0; bit < length; bit++) {
      const side = bits[bit]! as 0 | 1
      if (bit === length - 1) {
        nodes[node]![side] = at
        break
      }
      const next = nodes[node]![side]
      if (next > 0) node = next
      else {
        nodes.push([next, next])
        nodes[node]![side] = nodes.length - 1
        node = nodes.length - 1
      }
    }
  }
  const tree = Buffer.alloc(nodes.length * 6)
  for (const [index, pair] of nodes.entries())
    for (const [side, record] of pair.entries()) {
      const value = record === 0 ? nodes.length : record > 0 ? record : nodes.length + 16 + (-record - 1)
      tree.writeUIntBE(value, index * 6 + side * 3, 3)
    }
  const metadata = encode({
    binary_format_major_version: 2,
    binary_format_minor_version: 0,
    build_epoch: 1_767_225_600,
    database_type: type,
    description: { en: 'made by a test' },
    ip_version: 6,
    languages: ['en'],
    node_count: nodes.length,
    record_size: 24,
  })
  return Buffer.concat([tree, Buffer.alloc(16), ...data, Buffer.from('abcdef', 'hex'), Buffer.from('MaxMind.com'), metadata])
}

function bitsOf(network: string): [bits: number[], length: number] {
  const [address, prefix] = network.split('/') as [string, string]
  const four = isIPv4(address)
  const bytes = four ? [...Array.from({ length: 12 }, () => 0), ...address.split('.').map(Number)] : ipv6Bytes(address)
  return [bytes.flatMap((byte) => Array.from({ length: 8 }, (_, n) => (byte >> (7 - n)) & 1)), Number(prefix) + (four ? 96 : 0)]
}

function ipv6Bytes(address: string): number[] {
  const [head, tail = ''] = address.split('::') as [string, string?]
  const groups = (text: string): number[] => (text === '' ? [] : text.split(':').map((group) => Number.parseInt(group, 16)))
  const [before, after] = [groups(head), groups(tail)]
  const all = [...before, ...Array.from({ length: 8 - before.length - after.length }, () => 0), ...after]
  return all.flatMap((group) => [group >> 8, group & 255])
}

const UTF8 = 2
const DOUBLE = 3
const UINT32 = 6
const MAP = 7
const ARRAY = 11

function encode(value: Value): Buffer {
  if (typeof value === 'string') {
    const text = Buffer.from(value)
    return Buffer.concat([control(UTF8, text.length), text])
  }
  if (typeof value === 'number') {
    if (!Number.isInteger(value)) {
      const eight = Buffer.alloc(8)
      eight.writeDoubleBE(value)
      return Buffer.concat([control(DOUBLE, 8), eight])
    }
    const four = Buffer.alloc(4)
    four.writeUInt32BE(value)
    return Buffer.concat([control(UINT32, 4), four])
  }
  if (Array.isArray(value)) return Buffer.concat([control(ARRAY, value.length), ...value.map(encode)])
  const entries = Object.entries(value as { readonly [key: string]: Value })
  return Buffer.concat([control(MAP, entries.length), ...entries.flatMap(([key, member]) => [encode(key), encode(member)])])
}

function control(type: number, size: number): Buffer {
  const [bits, more] = size < 29 ? [size, []] : [29, [size - 29]]
  return Buffer.from(type <= 7 ? [(type << 5) | bits, ...more] : [bits, type - 7, ...more])
}
