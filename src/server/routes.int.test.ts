import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { AccessTables } from '../access/tables.ts'
import { createToken } from '../access/tokens.ts'
import { readConfig } from '../platform/config.ts'
import { PERMISSIONS } from '../platform/http/route.ts'
import { createLog } from '../platform/log.ts'
import { type Kanpeki, serve } from './serve.ts'

const folder = mkdtempSync(join(tmpdir(), 'kanpeki-routes-'))
let kanpeki: Kanpeki

beforeAll(async () => {
  kanpeki = await serve(readConfig(folder, { port: '0' }, {}), createLog({ write: () => {}, pretty: false, now: Date.now }))
})
afterAll(async () => {
  await kanpeki.stop()
  rmSync(folder, { recursive: true })
})

/** What anyone may ask without a token; anything else that answers a stranger is a fault. */
const PUBLIC = [
  'GET /.well-known/security.txt',
  'GET /api/v1/invite',
  'GET /api/v1/openapi.json',
  'GET /api/v1/schemas/card.json',
  'GET /api/v1/session',
  'GET /api/v1/setup',
  'GET /api/v1/sign-in',
  'GET /api/v1/sso',
  'GET /api/v1/sso/:id/callback',
  'GET /api/v1/sso/:id/start',
  'GET /healthz',
  'GET /ledger/checkpoint',
  'GET /ledger/key',
  'GET /ledger/rotations',
  'GET /ledger/tile/*',
  'GET /pki/:id/ca.crl',
  'GET /pki/ca.crl',
  'GET /pki/ca.pem',
  'GET /public/cards/:id/badge.json',
  'GET /public/cards/:id/badge.svg',
  'GET /public/cards/:id/credential.json',
  'GET /public/cards/:id/shield.json',
  'GET /public/cards/:id/status',
  'GET /public/contexts/badge-v1.json',
  'GET /public/status',
  'GET /public/status/:list',
  'GET /public/verifier.html',
  'GET /readyz',
  'GET /witness/key',
  'POST /api/v1/agents/enrol',
  'POST /api/v1/invite',
  'POST /api/v1/invite/passkey',
  'POST /api/v1/invite/passkey/options',
  'POST /api/v1/session',
  'POST /api/v1/session/code',
  'POST /api/v1/session/passkey',
  'POST /api/v1/session/passkey/options',
  'POST /api/v1/setup',
  'POST /witness/add-checkpoint',
  'POST /witness/follow-key',
]

it('declares one known permission for every route, and no route twice', () => {
  const names = kanpeki.routes.map((route) => `${route.method} ${route.path}`)
  expect(new Set(names).size).toBe(names.length)
  expect(names.length).toBeGreaterThan(40)
  for (const route of kanpeki.routes) expect(PERMISSIONS, `${route.method} ${route.path}`).toContain(route.permission)
  console.log(`${names.length} routes`)
})

it('answers strangers only where that is meant', async () => {
  const open: string[] = []
  for (const route of kanpeki.routes) {
    const path = route.path.replace(/:\w+/g, 'x').replace('*', 'x')
    const reply = await fetch(`${kanpeki.url}${path}`, { method: route.method, headers: { 'x-kanpeki-csrf': '1' } })
    await reply.body?.cancel()
    if (reply.status !== 401 || route.permission === 'public') open.push(`${route.method} ${route.path}`)
  }
  expect(open.sort()).toEqual(PUBLIC)
})

/** Rows a GET may write: where somebody was seen last, what single sign-on keeps of a flow it began, and who read what. */
const TOUCHED_BY_READING = ['access_sso_flows', 'app_reads']

it('reading changes nothing', async () => {
  const db = kanpeki.services.state.tables<Record<string, Record<string, unknown>>>()
  const tables = (await db.introspection.getTables()).map(({ name }) => name).filter((name) => !TOUCHED_BY_READING.includes(name))
  const counts = async (): Promise<Record<string, number>> => {
    const found: Record<string, number> = {}
    for (const table of tables) {
      const row = await db
        .selectFrom(table)
        .select((e) => e.fn.countAll().as('n'))
        .executeTakeFirstOrThrow()
      found[table] = Number(row['n'])
    }
    return found
  }
  const { token } = await createToken(
    kanpeki.services.state.tables<AccessTables>(),
    { scope: 'default', name: 'reader', grant: 'admin', owner: null },
    Date.now(),
  )
  await kanpeki.services.drainer.drain()
  const before = await counts()
  const reading = kanpeki.routes.filter((one) => one.method === 'GET')
  for (const one of reading) {
    const path = one.path.replace(/:\w+/g, 'x').replace('*', 'x')
    const ended = new AbortController()
    const reply = await fetch(`${kanpeki.url}${path}`, {
      headers: { authorization: `Bearer ${token}` },
      redirect: 'manual',
      signal: ended.signal,
    })
    if (reply.headers.get('content-type')?.startsWith('text/event-stream') === true) ended.abort()
    else await reply.body?.cancel()
  }
  await kanpeki.services.drainer.drain()
  expect(await counts()).toEqual(before)
  expect(Object.keys(before).length).toBeGreaterThan(20)
  console.log(`${reading.length} routes read, ${Object.keys(before).length} tables unchanged`)
})

it('leaves the bodies unread that a route reads itself, and takes no other type elsewhere', async () => {
  const post = (path: string, type: string, body: string, more: Record<string, string> = {}) =>
    fetch(`${kanpeki.url}${path}`, { method: 'POST', headers: { 'content-type': type, ...more }, body })
  // A witness knows from the body that it does not watch this log.
  const checkpoint = `nobody.example/log\n1\n${'A'.repeat(43)}=\n\n— nobody.example/log ${'A'.repeat(92)}\n`
  expect((await post('/witness/add-checkpoint', 'text/plain; charset=utf-8', `old 0\n\n${checkpoint}`)).status).toBe(404)
  for (const type of ['application/octet-stream', 'text/plain'])
    expect((await post('/api/v1/session', type, 'x', { 'x-kanpeki-csrf': '1' })).status).toBe(415)
})
