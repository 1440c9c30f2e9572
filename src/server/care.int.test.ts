import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { Grant } from '../access/schema.ts'
import type { AccessTables } from '../access/tables.ts'
import { createToken } from '../access/tokens.ts'
import { LEAST_FREE_BYTES, type ReadinessDeps, type Unready, unready } from '../app/care/readiness.ts'
import { configReply } from '../app/care/schema.ts'
import { readPrometheus } from '../app/care/testing/prometheus.ts'
import { KanpekiError } from '../kernel/error.ts'
import { readConfig } from '../platform/config.ts'
import { createLog } from '../platform/log.ts'
import { type Kanpeki, serve } from './serve.ts'

const folder = mkdtempSync(join(tmpdir(), 'kanpeki-care-'))
const state = 'postgres://kanpeki:hunter2@127.0.0.1/kanpeki'
let kanpeki: Kanpeki

beforeAll(async () => {
  const config = readConfig(folder, { port: '0' }, {})
  const explained = config.explained.map((one) => (one.key === 'state' ? { ...one, value: state } : one))
  kanpeki = await serve({ ...config, explained }, createLog({ write: () => {}, pretty: false, now: Date.now }))
})
afterAll(async () => {
  await kanpeki.stop()
  rmSync(folder, { recursive: true })
})

async function token(grant: Grant): Promise<string> {
  const db = kanpeki.services.state.tables<AccessTables>()
  return (await createToken(db, { scope: 'default', name: grant, grant, owner: null }, Date.now())).token
}

const get = (path: string, bearer?: string): Promise<Response> =>
  fetch(`${kanpeki.url}${path}`, bearer === undefined ? {} : { headers: { authorization: `Bearer ${bearer}` } })

it('tells figures of itself in Prometheus’ own form, to those who may read them', async () => {
  expect((await get('/metrics')).status).toBe(401)
  expect((await get('/metrics', await token('ingest'))).status).toBe(403)
  const ingest = await fetch(`${kanpeki.url}/_bulk`, {
    method: 'POST',
    headers: { authorization: `Bearer ${await token('ingest')}`, 'content-type': 'application/x-ndjson' },
    body: '{"create":{}}\n{"message":"one"}\n{"create":{}}\n{"message":"two"}\n',
  })
  expect(ingest.status).toBe(200)
  await kanpeki.services.pipeline.ask({ kind: 'settled' })
  const reply = await get('/metrics', await token('metrics'))
  expect(reply.headers.get('content-type')).toContain('version=0.0.4')
  const families = new Map(readPrometheus(await reply.text()).map((family) => [family.name, family]))
  const value = (name: string, labels: Record<string, string> = {}): number | undefined =>
    families
      .get(name)
      ?.samples.find((sample) => Object.entries(labels).every(([key, expected]) => sample.labels[key] === expected))?.value
  expect(value('kanpeki_build_info')).toBe(1)
  expect(value('kanpeki_events_stored_total')).toBe(2)
  expect(value('kanpeki_lake_events')).toBe(2)
  expect(value('kanpeki_http_requests_total', { route: 'ingest', status: '200' })).toBe(1)
  expect(value('kanpeki_http_requests_total', { route: '/metrics', status: '401' })).toBe(1)
  expect(value('kanpeki_rules', { state: 'loaded' })).toBeGreaterThan(0)
  expect(value('kanpeki_alerts', { state: 'open' })).toBe(0)
  expect(value('kanpeki_resident_memory_bytes', { process: 'server' })).toBeGreaterThan(1e6)
  if (process.platform === 'linux') expect(value('kanpeki_resident_memory_bytes', { process: 'lake' })).toBeGreaterThan(1e6)
  expect(families.size).toBeGreaterThan(25)
})

it('is ready when it accepts work', async () => {
  const reply = await get('/readyz')
  expect([reply.status, await reply.json()]).toEqual([200, { status: 'ready' }])
})

const well: ReadinessDeps = {
  root: '/',
  stopping: () => false,
  healthy: () => true,
  lakeRuns: () => true,
  askState: async () => undefined,
  pipeline: {
    ask: (async () => ({
      waitingEvents: 0,
      catchingUp: false,
      rules: { loaded: [], refused: [], silent: [] },
      correlations: { events: 0, byReceivedTime: 0, rules: [] },
    })) as ReadinessDeps['pipeline']['ask'],
  },
  drainer: { fault: undefined },
  freeBytes: async () => LEAST_FREE_BYTES,
}
const busy = { ask: (async () => ({ catchingUp: true })) as unknown as ReadinessDeps['pipeline']['ask'] }

it.each<[readonly Unready[], Partial<ReadinessDeps>]>([
  [[], {}],
  [['stopping'], { stopping: () => true, healthy: () => false }],
  [['writer_ended'], { healthy: () => false }],
  [['catching_up'], { pipeline: busy }],
  [['lake_down'], { lakeRuns: () => false }],
  [['ledger_stopped'], { drainer: { fault: new KanpekiError('disk_full', 'no room') } }],
  [['disk_nearly_full'], { freeBytes: async () => LEAST_FREE_BYTES - 1 }],
  [['disk_unreadable'], { freeBytes: () => Promise.reject(new Error('ENOENT')) }],
  [['state_down'], { askState: () => Promise.reject(new Error('it is gone')) }],
  [['state_down'], { askState: () => new Promise(() => {}) }],
  [['catching_up', 'lake_down'], { pipeline: busy, lakeRuns: () => false }],
])('is not ready for %j', async (reasons, differs) => {
  expect(await unready({ ...well, ...differs })).toEqual(reasons)
})

it('explains its settings to administrators, without the passwords in them', async () => {
  expect((await get('/api/v1/config', await token('read'))).status).toBe(403)
  const reply = await get('/api/v1/config', await token('admin'))
  const text = await reply.text()
  const { settings } = configReply.parse(JSON.parse(text))
  expect(settings.map(({ key }) => key)).toEqual(kanpeki.services.config.explained.map(({ key }) => key))
  expect(settings.find(({ key }) => key === 'port')).toMatchObject({ value: 0, from: 'flag', fallback: 7300 })
  expect(settings.find(({ key }) => key === 'state')?.value).toBe('postgres://kanpeki:…@127.0.0.1/kanpeki')
  expect(text).not.toContain('hunter2')
})

it('lets nobody but an administrator of everything make a backup, and one at a time', async () => {
  const make = async (grant?: Grant): Promise<Response> =>
    fetch(`${kanpeki.url}/api/v1/backup`, {
      method: 'POST',
      headers: grant === undefined ? {} : { authorization: `Bearer ${await token(grant)}` },
    })
  expect((await make()).status).toBe(401)
  for (const grant of ['ingest', 'read', 'metrics'] as const) expect((await make(grant)).status).toBe(403)
  const first = await make('admin')
  expect(first.status).toBe(200)
  await first.body?.cancel()
  // Once its reader has gone, nothing of it is in the way of the next.
  for (let tries = 0; ; tries++) {
    const next = await make('admin')
    if (next.status === 200) {
      expect((await next.bytes()).byteLength).toBeGreaterThan(100_000)
      break
    }
    expect([next.status, tries < 100]).toEqual([409, true])
    await next.body?.cancel()
  }
})
