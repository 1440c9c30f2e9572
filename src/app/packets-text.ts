/**
 * The packets of a recording (pcap, as tcpdump writes it; RFC 9293, 768, 791, 8200 and the link types of tcpdump.org) as lines of text:
 * time, protocol, from, to, flags, length. What is no IP is named by its type. Bounded by `most` lines.
 */
export function packetsText(file: Uint8Array, most: number): { readonly text: string; readonly cut: boolean } | undefined {
  const bytes = Buffer.from(file.buffer, file.byteOffset, file.byteLength)
  if (bytes.length < HEAD) return undefined
  const magic = bytes.readUInt32LE(0)
  const little = magic === MICROS || magic === NANOS
  const big = !little && (bytes.readUInt32BE(0) === MICROS || bytes.readUInt32BE(0) === NANOS)
  if (!little && !big) return undefined
  const nanos = (little ? magic : bytes.readUInt32BE(0)) === NANOS
  const u32 = (at: number): number => (little ? bytes.readUInt32LE(at) : bytes.readUInt32BE(at))
  const link = u32(20) & 0xffff
  const lines: string[] = []
  for (let at = HEAD; at + 16 <= bytes.length; ) {
    const kept = u32(at + 8)
    if (at + 16 + kept > bytes.length) break
    if (lines.length >= most) return { text: lines.join(''), cut: true }
    const ms = u32(at) * 1_000 + u32(at + 4) / (nanos ? 1e6 : 1e3)
    const time = new Date(ms).toISOString()
    lines.push(`${time}  ${packetText(bytes.subarray(at + 16, at + 16 + kept), link, u32(at + 12))}\n`)
    at += 16 + kept
  }
  return { text: lines.join(''), cut: false }
}

const HEAD = 24
const MICROS = 0xa1b2c3d4
const NANOS = 0xa1b23c4d
/** How long the head of a frame is, and where in it its type stands. */
const LINKS: ReadonlyMap<number, readonly [length: number, type: number]> = new Map([
  [1, [14, 12]],
  [113, [16, 14]],
  [276, [20, 0]],
])
const RAW = new Set([12, 101])
const TYPES: ReadonlyMap<number, string> = new Map([
  [0x0806, 'ARP'],
  [0x88cc, 'LLDP'],
  [0x8100, 'VLAN'],
])
const PROTOCOLS: ReadonlyMap<number, string> = new Map([
  [1, 'ICMP'],
  [6, 'TCP'],
  [17, 'UDP'],
  [2, 'IGMP'],
  [47, 'GRE'],
  [50, 'ESP'],
  [58, 'ICMPv6'],
  [132, 'SCTP'],
])
const FLAGS = [
  [0x02, 'SYN'],
  [0x10, 'ACK'],
  [0x08, 'PSH'],
  [0x01, 'FIN'],
  [0x04, 'RST'],
] as const

function packetText(frame: Buffer, link: number, length: number): string {
  const known = LINKS.get(link)
  if (known === undefined && !RAW.has(link)) return `link type ${link}, ${length} bytes`
  const [head, typeAt] = known ?? [0, -1]
  if (frame.length < head + 1) return `cut off, ${length} bytes`
  const type = typeAt < 0 ? (frame[0]! >> 4 === 6 ? 0x86dd : 0x0800) : frame.readUInt16BE(typeAt)
  const packet = frame.subarray(head)
  if (type === 0x0800 && packet.length >= 20) {
    const own = (packet[0]! & 15) * 4
    const fragment = packet.readUInt16BE(6) & 0x1fff
    return carried(packet[9]!, v4(packet, 12), v4(packet, 16), fragment === 0 ? packet.subarray(own) : Buffer.alloc(0), length)
  }
  if (type === 0x86dd && packet.length >= 40)
    return carried(packet[6]!, v6(packet, 8), v6(packet, 24), packet.subarray(40), length)
  return `${TYPES.get(type) ?? `type 0x${type.toString(16).padStart(4, '0')}`}, ${length} bytes`
}

function carried(protocol: number, from: string, to: string, body: Buffer, length: number): string {
  if ((protocol !== 6 && protocol !== 17) || body.length < 4)
    return `${PROTOCOLS.get(protocol) ?? `protocol ${protocol}`}  ${from} > ${to}  ${length} bytes`
  const ends = `${from}:${body.readUInt16BE(0)} > ${to}:${body.readUInt16BE(2)}`
  if (protocol === 17 || body.length < 14) return `${protocol === 17 ? 'UDP' : 'TCP'}  ${ends}  ${length} bytes`
  const flags = FLAGS.flatMap(([bit, name]) => ((body[13]! & bit) === 0 ? [] : [name]))
  return `TCP  ${ends}  ${flags.join(',')}  ${length} bytes`
}

const v4 = (bytes: Buffer, at: number): string => [...bytes.subarray(at, at + 4)].join('.')
/** Through the URL parser, for the short form of RFC 5952. */
function v6(bytes: Buffer, at: number): string {
  const groups = Array.from({ length: 8 }, (_, i) => bytes.readUInt16BE(at + i * 2).toString(16))
  return new URL(`http://[${groups.join(':')}]/`).hostname
}
