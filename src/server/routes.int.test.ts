import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
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
  'GET /api/v1/openapi.json',
  'GET /api/v1/schemas/card.json',
  'GET /api/v1/session',
  'GET /api/v1/setup',
  'GET /api/v1/sso',
  'GET /api/v1/sso/:id/callback',
  'GET /api/v1/sso/:id/start',
  'GET /healthz',
  'GET /ledger/checkpoint',
  'GET /ledger/key',
  'GET /ledger/tile/*',
  'GET /pki/:id/ca.crl',
  'GET /pki/ca.crl',
  'GET /pki/ca.pem',
  'GET /public/cards/:id/badge.json',
  'GET /public/cards/:id/badge.svg',
  'GET /readyz',
  'POST /api/v1/agents/enrol',
  'POST /api/v1/session',
  'POST /api/v1/setup',
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
