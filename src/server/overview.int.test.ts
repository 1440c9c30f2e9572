import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { AccessTables } from '../access/tables.ts'
import type { NotifyTables } from '../detect/notify/tables.ts'
import { readConfig } from '../platform/config.ts'
import { createLog } from '../platform/log.ts'
import type { Overview } from './schema.ts'
import { type Kanpeki, serve } from './serve.ts'
import { addPerson, openTestSession } from './testing/scope-seed.ts'

const DAY_MS = 86_400_000
const folder = mkdtempSync(join(tmpdir(), 'kanpeki-overview-'))
let kanpeki: Kanpeki

beforeAll(async () => {
  kanpeki = await serve(readConfig(folder, { port: '0' }, {}), createLog({ write: () => {}, pretty: false, now: Date.now }))
})
afterAll(async () => {
  await kanpeki.stop()
  rmSync(folder, { recursive: true })
})

it('tells approvers of exceptions that others proposed, and engineers of channels that are not reached', async () => {
  await addPerson(kanpeki, 'boss', [
    ['approver', 'default'],
    ['analyst', 'default'],
  ])
  await addPerson(kanpeki, 'maker', [
    ['analyst', 'default'],
    ['engineer', 'default'],
  ])
  const ask = async (person: string, path: string, body?: object) => {
    const { cookie } = await openTestSession(kanpeki, person)
    const init = body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) }
    const headers = { cookie, 'x-kanpeki-csrf': '1', 'content-type': 'application/json' }
    return (await (await fetch(`${kanpeki.url}/api/v1/${path}`, { headers, ...init })).json()) as never
  }
  const kinds = async (person: string): Promise<string[]> =>
    ((await ask(person, 'overview')) as Overview).needs.map(({ kind }) => kind).filter((kind) => /exceptions|notify/.test(kind))
  const rule = ((await ask('maker', 'rules?limit=1')) as { rules: { id: string }[] }).rules[0]!.id
  await ask('maker', 'exceptions', { rule, conditions: [], reason: 'It is known to be noise here.', days: 7 })
  expect([await kinds('boss'), await kinds('maker')]).toEqual([['exceptions'], []])
  const { channel } = (await ask('maker', 'channels', {
    name: 'Chat',
    target: { kind: 'webhook', url: 'https://1.1.1.1/x' },
  })) as { channel: { id: string } }
  const delivery = {
    scope: 'default',
    channel_id: channel.id,
    alert_id: 'a',
    notice: '{}',
    state: 'waiting' as const,
    tries: 3,
    done: null,
  }
  const later = Date.now() + DAY_MS
  const db = kanpeki.services.state.tables<NotifyTables>()
  await db
    .insertInto('detect_deliveries')
    .values([
      { ...delivery, id: 'd1', next: later, created: Date.now() - 600_000 },
      { ...delivery, id: 'd2', next: later, created: Date.now() },
    ])
    .execute()
  expect([await kinds('boss'), await kinds('maker')]).toEqual([['exceptions'], ['notify']])
})

it('tells those who see to it that an access review is overdue', async () => {
  await addPerson(kanpeki, 'auditor', [['auditor', 'default']])
  await addPerson(kanpeki, 'viewer', [['viewer', 'default']])
  const due = Date.now() - DAY_MS
  const review = { id: 'r1', name: '2026-Q3', origin: 'quarter', opened_by: null, due, finished: null, hash: null } as const
  const db = kanpeki.services.state.tables<AccessTables>()
  await db
    .insertInto('access_reviews')
    .values({ ...review, scope: 'default', opened: due - 30 * DAY_MS })
    .execute()
  await db
    .insertInto('access_reviews')
    .values({ ...review, id: 'r2', due: due + 2 * DAY_MS, scope: 'default', opened: due })
    .execute()
  const needs = async (person: string): Promise<Overview['needs']> => {
    const { cookie } = await openTestSession(kanpeki, person)
    const reply = await fetch(`${kanpeki.url}/api/v1/overview`, { headers: { cookie } })
    return ((await reply.json()) as Overview).needs.filter(({ kind }) => kind === 'review')
  }
  expect(await needs('auditor')).toEqual([
    { kind: 'review', id: 'r1', name: '2026-Q3', waiting: 0, since: new Date(due).toISOString() },
  ])
  expect(await needs('viewer')).toEqual([])
})
