import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { openUpstreams, type Upstreams } from './upstreams.ts'

const LIMITS = { connectTime: 1000, keep: 1 }
const servers: Server[] = []
let upstreams: Upstreams | undefined
afterEach(() => {
  upstreams?.close()
  for (const server of servers.splice(0)) {
    server.closeAllConnections()
    server.close()
  }
})

async function instance(status: () => number): Promise<string> {
  const server = createServer((_request, response) => response.writeHead(status()).end())
  servers.push(server)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise((resolve) => setTimeout(resolve, 10))
}

describe('instances of an application', () => {
  it('are taken in turn', async () => {
    const urls = [await instance(() => 200), await instance(() => 200)]
    upstreams = openUpstreams(urls, LIMITS, undefined, () => {})
    const picked = Array.from({ length: 4 }, () => upstreams!.pick())
    expect(new Set(picked).size).toBe(2)
    expect([picked[0], picked[1]]).toEqual([picked[2], picked[3]])
  })

  it('are left out while they fail, and come back', async () => {
    let status = 500
    const said: string[] = []
    const urls = [await instance(() => status), await instance(() => 404)]
    upstreams = openUpstreams(urls, LIMITS, { path: '/healthz', every: 10, time: 1000, failures: 2 }, (text) => said.push(text))
    await until(() => upstreams!.states()[0]?.isUp === false)
    expect(new Set(Array.from({ length: 4 }, () => upstreams!.pick())).size).toBe(1)
    status = 200
    await until(() => upstreams!.states()[0]?.isUp === true)
    expect(said).toEqual([`${urls[0]} is taken out: it answered 500`, `${urls[0]} answers again`])
  })

  it('are none where all are gone', async () => {
    upstreams = openUpstreams(['http://127.0.0.1:1'], LIMITS, { path: '/', every: 10, time: 500, failures: 1 }, () => {})
    await until(() => upstreams!.states()[0]?.isUp === false)
    expect(upstreams.pick()).toBeUndefined()
  })
})
