import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { AccessTables } from '../access/tables.ts'
import { createToken } from '../access/tokens.ts'
import type { ErasureView } from '../app/erasure/schema.ts'
import { RETENTION_STATUS, type RetentionStatus } from '../app/retention/run.ts'
import type { HoldView } from '../app/retention/schema.ts'
import { readConfig } from '../platform/config.ts'
import { createLog } from '../platform/log.ts'
import { settingsOf } from '../platform/state/settings.ts'
import { readFolder } from '../prove/read-folder.ts'
import { verifyDirectory } from '../prove/verify/directory.ts'
import type { Overview } from './schema.ts'
import { type Kanpeki, serve } from './serve.ts'

const folder = mkdtempSync(join(tmpdir(), 'kanpeki-keeping-'))
const data = join(folder, 'data')
let kanpeki: Kanpeki
let token: string

beforeAll(async () => {
  const environment = {
    KANPEKI_RETENTION_DAYS: '30',
    KANPEKI_RETENTION_SIZE: '10 GB',
    KANPEKI_RETENTION_FOR: 'scope:team=7 source:http:x=3',
  }
  kanpeki = await serve(
    readConfig(data, { port: '0' }, environment),
    createLog({ write: () => {}, pretty: false, now: Date.now }),
  )
  const db = kanpeki.services.state.tables<AccessTables>()
  token = (await createToken(db, { scope: 'default', name: 'admin', grant: 'admin', owner: null }, Date.now())).token
  const lines = Array.from({ length: 30 }, (_, n) =>
    JSON.stringify({ message: `done ${n}`, user: { name: n % 3 === 0 ? 'sato' : 'mori' } }),
  )
  const sent = await fetch(`${kanpeki.url}/api/v1/ingest/x`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}` },
    body: lines.join('\n'),
  })
  expect(sent.status).toBe(200)
  await kanpeki.services.pipeline.ask({ kind: 'settled' })
}, 60_000)
afterAll(async () => {
  await kanpeki.stop()
  rmSync(folder, { recursive: true, force: true })
})

async function ask<T>(method: string, path: string, body?: unknown): Promise<T> {
  const reply = await fetch(`${kanpeki.url}${path}`, {
    method,
    headers: { authorization: `Bearer ${token}`, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  const text = await reply.text()
  if (!reply.ok) throw new Error(text)
  return JSON.parse(text) as T
}

const count = async (query: string): Promise<number> =>
  (await ask<{ count: number }>('POST', '/api/v1/events/count', { query })).count

it('says what is kept for how long, and warns on Overview', async () => {
  const view = await ask<object>('GET', '/api/v1/retention')
  expect(view).toMatchObject({
    days: 30,
    size: 10 * 1024 ** 3,
    exceptions: [
      { of: 'scope', name: 'team', days: 7 },
      { of: 'source', name: 'http:x', days: 3 },
    ],
    alertDays: null,
  })
  await kanpeki.services.keeper.now()
  expect(await ask('GET', '/api/v1/retention')).toMatchObject({ last: { state: 'fine', limit: 10 * 1024 ** 3, droppedHours: 0 } })
  const settings = settingsOf(kanpeki.services.state)
  const status = JSON.parse((await settings.get(RETENTION_STATUS))!) as RetentionStatus
  await settings.set(RETENTION_STATUS, JSON.stringify({ ...status, state: 'near', used: 9.5 * 1024 ** 3, hoursLeft: 20 }))
  const { needs } = await ask<Overview>('GET', '/api/v1/overview')
  expect(needs.find(({ kind }) => kind === 'storage')).toMatchObject({ problem: 'near', left: 20 })
  const metrics = await (await fetch(`${kanpeki.url}/metrics`, { headers: { authorization: `Bearer ${token}` } })).text()
  expect(metrics).toContain('kanpeki_store_state{state="near"} 1')
})

it('places a hold, erases a person beside it, and proves what is left', async () => {
  const hold = await ask<HoldView>('POST', '/api/v1/holds', {
    name: 'Case 12',
    query: 'message:"done 0"',
    owner: 'Counsel',
    reason: 'Court order 12',
    until: '2999-01-01T00:00:00.000Z',
  })
  expect(hold).toMatchObject({ scope: '*', by: 'admin', state: 'active' })
  await expect(ask('POST', '/api/v1/holds', { name: 'x', query: '(', owner: 'x', reason: 'x' })).rejects.toThrow('query_ends')
  const body = { identities: [{ kind: 'user', value: 'SATO' }], reason: 'Request 3', dryRun: false }
  const { found, erasure, receipt } = await ask<{ found: object; erasure: ErasureView; receipt: string }>(
    'POST',
    '/api/v1/erasures',
    body,
  )
  const others = { events: 0, names: [] }
  expect(found).toEqual({ events: 9, hours: 1, held: 1, alerts: 0, incidents: 0, others })
  expect(receipt).toMatch(/^[\w-]{43}$/)
  let view = erasure
  for (let tries = 0; view.state === 'running' && tries < 200; tries++) {
    await sleep(100)
    view = await ask<ErasureView>('GET', `/api/v1/erasures/${erasure.id}`)
  }
  expect(view).toMatchObject({ state: 'done', events: 9, held: 1, by: 'admin' })
  expect([await count('user.name:sato'), await count('user.name:mori')]).toEqual([1, 20])
  expect(await ask('POST', `/api/v1/holds/${hold.id}/release`, {})).toMatchObject({ state: 'released', releasedBy: 'admin' })
  await expect(ask('POST', `/api/v1/holds/${hold.id}/release`, {})).rejects.toThrow('conflict')
  await kanpeki.services.drainer.drain()
  const actions = await ask<{ items: { action: string }[] }>('GET', '/api/v1/audit?type=admin&limit=50')
  expect(actions.items.map(({ action }) => action)).toEqual(
    expect.arrayContaining(['hold.place', 'erasure.ask', 'erasure.done', 'hold.release']),
  )
  const report = await verifyDirectory(readFolder(data), { trusted: [kanpeki.services.ledger.key] })
  expect([report.verdict, report.failures]).toEqual(['proved', []])
})
