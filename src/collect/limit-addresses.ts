import type { Server, Socket } from 'node:net'

const SHARE_OF_AN_ADDRESS = 4
const LEAST_OF_AN_ADDRESS = 16

/**
 * Gives one address a part of a server's connections, so that it cannot shut the others out: those beyond are ended before anybody
 * else gets to see them.
 */
export function limitAddresses(
  server: Server,
  maxConnections: number,
  onRefused: (address: string, limit: number) => void,
): void {
  const limit = Math.max(LEAST_OF_AN_ADDRESS, Math.ceil(maxConnections / SHARE_OF_AN_ADDRESS))
  const counts = new Map<string, number>()
  server.prependListener('connection', (socket: Socket) => {
    const address = socket.remoteAddress ?? 'unknown'
    const count = (counts.get(address) ?? 0) + 1
    counts.set(address, count)
    socket.once('close', () => {
      const left = counts.get(address)! - 1
      if (left === 0) counts.delete(address)
      else counts.set(address, left)
    })
    if (count <= limit) return
    onRefused(address, limit)
    socket.destroy()
  })
}
