import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { diskFolder } from '../src/platform/testing/disk.ts'
import { api, createToken, eventually, type Running, startServer, temporaryFolder } from './support/kanpeki.ts'

const folder = temporaryFolder(diskFolder())
const data = join(folder.path, 'data')
let server: Running
let token: string

beforeAll(async () => {
  server = await startServer(data)
  token = await createToken(data, 'admin')
})
afterAll(() => {
  server.child.kill('SIGKILL')
  folder.remove()
})

async function imported(name: string, content: string | Uint8Array): Promise<Readonly<Record<string, number>>> {
  const path = join(folder.path, name)
  writeFileSync(path, content)
  const { id } = await api<{ id: string }>(server.url, token, '/api/v1/sources', {
    kind: 'import',
    name: name.replaceAll(/[^a-z0-9]/g, '-'),
    title: name,
    config: { paths: [path] },
  })
  return await eventually(`${name} to be imported`, async () => {
    const { state, counts } = await api<{ state: string; counts: Record<string, number> }>(
      server.url,
      token,
      `/api/v1/sources/${encodeURIComponent(id)}`,
    )
    return state === 'stopped' && counts['received']! > 0 ? counts : undefined
  })
}

interface Event {
  readonly doc: { readonly '@timestamp': string; readonly event: { readonly id: string } }
}

async function only(query: string): Promise<Event['doc']> {
  const { events } = await api<{ events: Event[] }>(server.url, token, '/api/v1/events/search', {
    query,
    from: '2025-01-01T00:00:00.000Z',
    limit: 10,
  })
  expect(events).toHaveLength(1)
  return events[0]!.doc
}

const hit = (id: string, at: string): string =>
  JSON.stringify({
    _index: 'logs-2025',
    _id: id,
    _score: 1,
    _source: { '@timestamp': at, message: `hit ${id}`, host: { name: 'old-1' } },
  })

it('exports of Elasticsearch keep their times and ids; where they overlap with each other or with _bulk, they are one', async () => {
  const body = `{"create":{"_index":"logs-2025","_id":"a"}}\n{"@timestamp":"2025-03-01T00:00:01.250Z","message":"hit a","host":{"name":"old-1"}}\n`
  const sent = await fetch(`${server.url}/_bulk`, { method: 'POST', headers: { authorization: `Bearer ${token}` }, body })
  expect(await sent.json()).toMatchObject({ errors: false })
  const first = await imported(
    'first.ndjson',
    `${hit('a', '2025-03-01T00:00:01.250Z')}\n${hit('b', '2025-03-01T00:00:02.500Z')}\n`,
  )
  expect(first).toMatchObject({ received: 2, stored: 1, repeated: 1, unknown: 0 })
  const second = await imported(
    'second.ndjson.gz',
    gzipSync(`${hit('b', '2025-03-01T00:00:02.500Z')}\n${hit('c', '2025-03-01T00:00:03.000Z')}\n`),
  )
  expect(second).toMatchObject({ received: 2, stored: 1, repeated: 1, unknown: 0 })
  expect(await only('elasticsearch.document.id:b')).toMatchObject({
    '@timestamp': '2025-03-01T00:00:02.500Z',
    event: { id: 'default/logs-2025/b' },
  })
})

it('alerts of Wazuh become events that are found by what was behind them', async () => {
  const alert = JSON.stringify({
    timestamp: '2025-03-02T17:15:30.412+0900',
    rule: { level: 5, description: 'sshd: authentication failed.', id: '5716', groups: ['sshd', 'authentication_failed'] },
    agent: { id: '003', name: 'old-2' },
    manager: { name: 'wazuh-1' },
    id: '1740903330.83211',
    full_log: 'Mar  2 17:15:30 old-2 sshd[2211]: Failed password for root from 203.0.113.5 port 51514 ssh2',
    decoder: { name: 'sshd' },
    location: '/var/log/auth.log',
  })
  expect(await imported('alerts.json', `${alert}\n`)).toMatchObject({ received: 1, stored: 1, parsed: 1, unknown: 0 })
  expect(await imported('alerts-again.json', `${alert}\n{"rotated":true}\n`)).toMatchObject({
    received: 2,
    stored: 1,
    repeated: 1,
  })
  expect(await only('event.action:ssh_login AND source.ip:203.0.113.0/24 AND rule.id:5716')).toMatchObject({
    '@timestamp': '2025-03-02T08:15:30.412Z',
  })
})
