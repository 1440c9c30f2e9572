import { hexText } from './fields.ts'

/** A socket's address as a program gave it to the kernel. */
export interface SocketAddress {
  readonly family: 'unix' | 'ipv4' | 'ipv6' | 'netlink' | 'other'
  readonly address: string | undefined
  readonly port: number | undefined
  readonly path: string | undefined
}

const NONE = { address: undefined, port: undefined, path: undefined }

/** `struct sockaddr` in hexadecimal as the kernel logs it on little-endian machines: family, then port and address in network order. */
export function readSocketAddress(hex: string): SocketAddress | undefined {
  if (hex.length < 4 || hex.length > 512 || hex.length % 2 !== 0 || !/^[0-9A-Fa-f]+$/.test(hex)) return undefined
  const bytes = Buffer.from(hex, 'hex')
  switch (bytes.readUInt16LE(0)) {
    case 1:
      return { ...NONE, family: 'unix', path: unixPath(bytes.subarray(2)) }
    case 2:
      if (bytes.length < 8) return { ...NONE, family: 'ipv4' }
      return { family: 'ipv4', port: bytes.readUInt16BE(2), address: [...bytes.subarray(4, 8)].join('.'), path: undefined }
    case 10:
      if (bytes.length < 24) return { ...NONE, family: 'ipv6' }
      return { family: 'ipv6', port: bytes.readUInt16BE(2), address: ipv6(bytes.subarray(8, 24)), path: undefined }
    case 16:
      return { ...NONE, family: 'netlink' }
    default:
      return { ...NONE, family: 'other' }
  }
}

/** A name in the abstract namespace begins with a NUL, which tools write as `@`. */
function unixPath(bytes: Buffer): string | undefined {
  if (bytes.length === 0) return undefined
  const abstract = bytes[0] === 0
  const name = abstract ? bytes.subarray(1) : bytes
  const end = name.indexOf(0)
  const text = hexText((end < 0 ? name : name.subarray(0, end)).toString('hex'))
  if (text === '') return undefined
  return abstract ? `@${text}` : text
}

function ipv6(bytes: Buffer): string {
  const groups = Array.from({ length: 8 }, (_, at) => bytes.readUInt16BE(at * 2))
  if (groups.slice(0, 5).every((group) => group === 0) && groups[5] === 0xffff) return [...bytes.subarray(12)].join('.')
  return compress(groups)
}

/** RFC 5952: the longest run of zeros, of two at least, becomes `::`. */
function compress(groups: readonly number[]): string {
  let best = { from: -1, length: 1 }
  for (let from = 0; from < 8; from++) {
    let length = 0
    while (from + length < 8 && groups[from + length] === 0) length++
    if (length > best.length) best = { from, length }
  }
  const words = groups.map((group) => group.toString(16))
  if (best.from < 0) return words.join(':')
  return `${words.slice(0, best.from).join(':')}::${words.slice(best.from + best.length).join(':')}`
}
