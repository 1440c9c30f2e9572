import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { expect, it } from 'vitest'
import { probePeer } from './probe-peer.ts'
import { canSeeTimers, timersOf } from './testing/kept-alive.ts'

it.skipIf(!canSeeTimers)('has the system ask a peer that says nothing (needs Linux)', async () => {
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
