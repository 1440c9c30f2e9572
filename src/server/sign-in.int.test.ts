import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { keepBreakGlass, newBreakGlassPassword } from '../access/break-glass.ts'
import { hashPassword } from '../access/password.ts'
import type { AccessTables } from '../access/tables.ts'
import { readConfig } from '../platform/config.ts'
import { createLog } from '../platform/log.ts'
import { type Kanpeki, serve } from './serve.ts'

const folder = mkdtempSync(join(tmpdir(), 'kanpeki-sign-in-'))
let kanpeki: Kanpeki
let password: string

beforeAll(async () => {
  kanpeki = await serve(readConfig(folder, { port: '0' }, {}), createLog({ write: () => {}, pretty: false, now: Date.now }))
  password = newBreakGlassPassword()
  await keepBreakGlass(kanpeki.services.state.tables<AccessTables>(), await hashPassword(password), Date.now())
})
afterAll(async () => {
  await kanpeki.stop()
  rmSync(folder, { recursive: true })
})

function ask(method: string, path: string, body: unknown, cookie = ''): Promise<Response> {
  const headers = { 'content-type': 'application/json', 'x-kanpeki-csrf': '1', cookie }
  return fetch(`${kanpeki.url}${path}`, { method, headers, ...(method === 'GET' ? {} : { body: JSON.stringify(body) }) })
}

/** Titles of the alerts in the queue. */
async function alerted(cookie: string): Promise<string[]> {
  const reply = await ask('GET', '/api/v1/alerts', undefined, cookie)
  expect(reply.status).toBe(200)
  const text = await reply.text()
  return [...text.matchAll(/"title":"([^"]+)"/g)].map(([, title]) => title ?? '')
}

it('raises a critical alert when the emergency account is used, by the ordinary path of events', async () => {
  const reply = await ask('POST', '/api/v1/session', { name: 'break-glass', password })
  expect(reply.status).toBe(200)
  expect(await reply.json()).toMatchObject({
    user: { name: 'break-glass', roles: ['administrator'] },
    breakGlass: true,
    next: null,
  })
  const cookies = reply.headers.getSetCookie()
  expect(cookies.map((one) => one.split('=', 1)[0]).sort()).toEqual(['kanpeki_device', 'kanpeki_session', 'kanpeki_step'])
  const cookie = cookies.map((one) => one.split(';', 1)[0]).join('; ')
  await kanpeki.services.pipeline.ask({ kind: 'settled' })
  await expect.poll(() => alerted(cookie), { timeout: 20_000 }).toContain('Break-glass account used')
}, 30_000)

it('sees an attack on itself: guesses at many names become events that our own rules count', async () => {
  const names = Array.from({ length: 12 }, (_, at) => `guess-${at}`)
  for (const name of names) expect((await ask('POST', '/api/v1/session', { name, password: 'x'.repeat(12) })).status).toBe(401)
  const signedIn = await ask('POST', '/api/v1/session', { name: 'break-glass', password })
  const cookie = signedIn.headers
    .getSetCookie()
    .map((one) => one.split(';', 1)[0])
    .join('; ')
  await kanpeki.services.pipeline.ask({ kind: 'settled' })
  await expect.poll(() => alerted(cookie), { timeout: 20_000 }).toContain('One address fails on many accounts')
}, 60_000)
