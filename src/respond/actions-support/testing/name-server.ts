import { createSocket } from 'node:dgram'
import type { AddressInfo } from 'node:net'

const NOERROR = 0x8180
const NXDOMAIN = 0x8183

export interface TestNameServer {
  /** As resolvers take it: `127.0.0.1:PORT`. */
  readonly server: string
  stop(): Promise<void>
}

/** Answers questions for these names (RFC 1035) with PTR records, and says of all others that they do not exist. */
export async function startNameServer(names: Readonly<Record<string, string>>): Promise<TestNameServer> {
  const socket = createSocket('udp4')
  socket.on('message', (asked, from) => {
    const labels: string[] = []
    let at = 12
    for (let length = asked[at]!; length > 0; length = asked[at]!) {
      labels.push(asked.toString('latin1', at + 1, at + 1 + length))
      at += 1 + length
    }
    const found = names[labels.join('.')]
    const head = Buffer.from(asked.subarray(0, 12))
    head.writeUInt16BE(found === undefined ? NXDOMAIN : NOERROR, 2)
    head.writeUInt16BE(1, 4)
    head.writeUInt16BE(found === undefined ? 0 : 1, 6)
    head.fill(0, 8)
    const parts = [head, asked.subarray(12, at + 5)]
    if (found !== undefined) {
      const data = Buffer.concat([
        ...found.split('.').map((label) => Buffer.concat([Buffer.from([label.length]), Buffer.from(label)])),
        Buffer.from([0]),
      ])
      const record = Buffer.from([0xc0, 12, 0, 12, 0, 1, 0, 0, 0, 60, 0, data.length])
      parts.push(record, data)
    }
    socket.send(Buffer.concat(parts), from.port, from.address)
  })
  await new Promise<void>((bound) => socket.bind(0, '127.0.0.1', bound))
  return {
    server: `127.0.0.1:${(socket.address() as AddressInfo).port}`,
    stop: () => new Promise((stopped) => socket.close(() => stopped())),
  }
}
