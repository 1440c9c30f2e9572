import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { AccessTables } from '../access/tables.ts'
import { createToken } from '../access/tokens.ts'
import { readConfig } from '../platform/config.ts'
import { createLog } from '../platform/log.ts'
import { type Kanpeki, serve } from './serve.ts'

const ERROR = 'urn:ietf:params:scim:api:messages:2.0:Error'
const folder = mkdtempSync(join(tmpdir(), 'kanpeki-scim-'))
let kanpeki: Kanpeki
let token: string
let reader: string

beforeAll(async () => {
  kanpeki = await serve(readConfig(folder, { port: '0' }, {}), createLog({ write: () => {}, pretty: false, now: Date.now }))
  const db = kanpeki.services.state.tables<AccessTables>()
  const make = async (grant: 'scim' | 'read') =>
    (await createToken(db, { scope: 'default', name: grant, grant, owner: null }, Date.now())).token
  token = await make('scim')
  reader = await make('read')
})
afterAll(async () => {
  await kanpeki.stop()
  rmSync(folder, { recursive: true })
})

async function scim(method: string, path: string, body?: unknown, headers: Record<string, string> = {}) {
  const reply = await fetch(`${kanpeki.url}/scim/v2${path}`, {
    method,
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/scim+json', ...headers },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  })
  const text = await reply.text()
  return {
    status: reply.status,
    type: reply.headers.get('content-type') ?? '',
    etag: reply.headers.get('etag'),
    location: reply.headers.get('location'),
    body: (text === '' ? {} : JSON.parse(text)) as Record<string, unknown>,
  }
}

it('speaks application/scim+json both ways, and takes plain JSON', async () => {
  const made = await scim('POST', '/Users', { userName: 'aoi', active: true })
  expect(made).toMatchObject({ status: 201, type: expect.stringMatching(/^application\/scim\+json/), etag: 'W/"1"' })
  expect(made.location).toBe(`${kanpeki.url}/scim/v2/Users/${String(made.body['id'])}`)
  const operations = { Operations: [{ op: 'replace', path: 'active', value: false }] }
  const path = `/Users/${String(made.body['id'])}`
  expect(await scim('PATCH', path, operations, { 'content-type': 'application/json' })).toMatchObject({
    status: 200,
    etag: 'W/"2"',
    body: { active: false },
  })
  expect(await scim('PATCH', path, operations, { 'if-match': 'W/"1"' })).toMatchObject({ status: 412, body: { status: '412' } })
  expect((await scim('DELETE', path)).status).toBe(204)
})

it.each<readonly [string, () => ReturnType<typeof scim>, number, string | undefined]>([
  ['no token', () => scim('GET', '/Users', undefined, { authorization: '' }), 401, undefined],
  ['a wrong token', () => scim('GET', '/Users', undefined, { authorization: 'Bearer x' }), 401, undefined],
  ['a token for something else', () => scim('GET', '/Users', undefined, { authorization: `Bearer ${reader}` }), 403, undefined],
  ['a list as the body', () => scim('POST', '/Users', []), 400, 'invalidSyntax'],
  [
    'a body nested beyond all measure',
    () => scim('POST', '/Users', `{"userName":"a","name":${'['.repeat(200_000)}${']'.repeat(200_000)}}`),
    400,
    'invalidSyntax',
  ],
  ['a count that is none', () => scim('GET', '/Users?count=many'), 400, 'invalidSyntax'],
  ['a filter that is none', () => scim('GET', '/Users?filter=x'), 400, 'invalidFilter'],
  ['an unknown user', () => scim('GET', '/Users/x'), 404, undefined],
])('says in its own form what is wrong with %s', async (_what, ask, status, scimType) => {
  const reply = await ask()
  expect(reply.status).toBe(status)
  expect(reply.type).toMatch(/^application\/scim\+json/)
  expect(reply.body).toMatchObject({ schemas: [ERROR], status: String(status) })
  expect(reply.body['scimType']).toBe(scimType)
})

it.each([
  ['broken JSON', '{'],
  ['a prototype', '{"userName":"a","__proto__":{"x":1}}'],
])('refuses a body of %s', async (_what, body) => {
  expect((await scim('POST', '/Users', body)).status).toBe(400)
})

it('knows no other address below', async () => {
  expect((await scim('GET', '/Bulk')).status).toBe(404)
  expect((await scim('POST', '/Me', {})).status).toBe(404)
})
