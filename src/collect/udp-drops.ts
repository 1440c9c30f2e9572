import { readFileSync } from 'node:fs'

/** Datagrams that Linux threw away on this port for want of room since the socket was made; 0 where it cannot be known. */
export function kernelDrops(port: number): number {
  let drops = 0
  for (const table of ['/proc/net/udp', '/proc/net/udp6']) {
    let text: string
    try {
      text = readFileSync(table, 'latin1')
    } catch {
      continue
    }
    for (const line of text.split('\n').slice(1)) {
      const columns = line.trim().split(/\s+/)
      const local = columns[1]?.split(':')[1]
      if (local !== undefined && Number.parseInt(local, 16) === port) drops += Number(columns.at(-1)) || 0
    }
  }
  return drops
}
