import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { expect, it } from 'vitest'
import { probePeer } from './probe-peer.ts'

/** What the system waits for on connections of a local port (proc_net_tcp(5), `tr`): 02 is to ask the peer. */
function timersOf(port: number): string[] {
  const hex = port.toString(16).toUpperCase().padStart(4, '0')
  const lines = readFileSync('/proc/self/net/tcp', 'utf8').split('\n')
  const rows = lines
    .map((line) => line.trim().split(/\s+/))
    .filter(([, local, , state]) => local?.endsWith(`:${hex}`) && state === '01')
  return rows.map((row) => row[5]!.split(':')[0]!)
}

it.skipIf(process.platform !== 'linux')('has the system ask a peer that says nothing (needs Linux)', async () => {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const client = connect(port, '127.0.0.1')
  const [taken] = (await once(server, 'connection')) as [Socket]
  expect(timersOf(port)).toEqual(['00'])
  probePeer(taken)
  expect(timersOf(port)).toEqual(['02'])
  client.destroy()
  taken.destroy()
  server.close()
})
