import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Client } from '@elastic/elasticsearch'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createToken, kanpeki, type Running, startServer, temporaryFolder } from './support/kanpeki.ts'
import { bulkBody, mixedLines } from './support/mixed.ts'

const lines = mixedLines()

describe.skipIf(lines === undefined)('a server from a fresh folder (needs ../shared)', () => {
  const folder = temporaryFolder()
  const data = join(folder.path, 'data')
  let server: Running
  let ingest: string
  let read: string
  let key: string

  beforeAll(async () => {
    server = await startServer(data)
    ingest = await createToken(data, 'ingest')
    read = await createToken(data, 'read')
  })
  afterAll(() => {
    server.child.kill('SIGKILL')
    folder.remove()
  })

  const post = (body: string, token?: string): Promise<Response> =>
    fetch(`${server.url}/_bulk`, {
      method: 'POST',
      headers: { 'content-type': 'application/x-ndjson', ...(token === undefined ? {} : { authorization: `Bearer ${token}` }) },
      body,
    })
  const count = async (query: string): Promise<number> =>
    Number((await kanpeki(['search', query, '--count', '--url', server.url, '--token', read])).stdout)

  it('takes a bulk request with a token and refuses it without', async () => {
    const body = bulkBody(lines!.slice(0, 500))
    expect((await post(body)).status).toBe(401)
    expect((await post(body, read)).status).toBe(403)
    const reply = await post(body, ingest)
    const { errors, items } = (await reply.json()) as { errors: boolean; items: unknown[] }
    expect([reply.status, errors, items.length]).toEqual([200, false, 500])
    expect(await count('*')).toBe(500)
  })

  it('stores a repeated request once, and two equal events in one request twice', async () => {
    const twin = JSON.stringify({ '@timestamp': '2026-01-01T00:00:00Z', message: 'twins', host: { name: 'twin-1' } })
    const body = bulkBody([twin, twin])
    for (let times = 0; times < 3; times++) expect((await post(body, ingest)).status).toBe(200)
    expect(await count('host.name:twin-1')).toBe(2)
  })

  it("serves the real client's bulk helper", async () => {
    const client = new Client({ node: server.url, auth: { apiKey: ingest } })
    const documents = Array.from({ length: 300 }, (_, n) => ({
      '@timestamp': new Date(1_767_225_600_000 + n).toISOString(),
      message: `from the client ${n}`,
      host: { name: 'helper-1' },
    }))
    const result = await client.helpers.bulk({ datasource: documents, onDocument: () => ({ create: { _index: 'logs' } }) })
    await client.close()
    expect(result).toMatchObject({ total: 300, successful: 300, failed: 0 })
    expect(await count('host.name:helper-1')).toBe(300)
  })

  it('keeps a broken line as an unknown and disturbs nothing else', async () => {
    const reply = await post('{"create":{}}\n{"broken\n{"create":{}}\n{"message":"whole","host":{"name":"whole-1"}}\n', ingest)
    const { errors, items } = (await reply.json()) as { errors: boolean; items: { create: { status: number } }[] }
    expect([errors, items.map((item) => item.create.status)]).toEqual([true, [400, 201]])
    expect(await count('host.name:whole-1')).toBe(1)
    expect(await count('event.kind:pipeline_error')).toBeGreaterThanOrEqual(1)
  })

  it('stops on SIGTERM without loss, and what it leaves verifies', async () => {
    key = (await (await fetch(`${server.url}/ledger/key`)).text()).trim()
    const before = await count('*')
    expect(await server.stop()).toBe(0)
    await expect(fetch(`${server.url}/healthz`)).rejects.toThrow()
    const verified = await kanpeki(['verify', data, '--key', key, '--json'])
    expect(JSON.parse(verified.stdout)).toMatchObject({ ok: true, failures: [] })
    expect(verified.code).toBe(0)
    expect(Number((await kanpeki(['search', '*', '--count', '--data', data])).stdout)).toBe(before)
  })

  it('names the tile in which a byte was changed', async () => {
    const tile = filesBelow(data).find((file) => file.includes('/tile/0/'))!
    const bytes = readFileSync(tile)
    const middle = Math.floor(bytes.length / 2)
    bytes[middle] = bytes[middle]! ^ 1
    writeFileSync(tile, bytes)
    const verified = await kanpeki(['verify', data, '--key', key, '--json'])
    expect(verified.code).toBe(1)
    const report = JSON.parse(verified.stdout) as { ok: boolean; failures: { path: string }[] }
    expect(report.ok).toBe(false)
    expect(report.failures.some((failure) => tile.endsWith(failure.path))).toBe(true)
  })
})

function filesBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort()
}
