import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { rotateSecrets } from '../app/rotate-secrets.ts'
import { readConfig } from '../platform/config.ts'
import { createLog } from '../platform/log.ts'
import { type Kanpeki, serve } from './serve.ts'

/**
 * Theft by log: a server is driven through everything that handles a secret, rightly and wrongly, and no secret that was
 * sent or received may then stand in its log at the finest level, in the ledger, or as it is in any file of the data folder.
 */
const folder = mkdtempSync(join(tmpdir(), 'kanpeki-secrets-'))
const lines: string[] = []
const PASSWORD = 'correct-Horse-battery-9731-staple'
const WRONG = 'wrong-Horse-battery-8642-staple'
/** Every secret by where it came from. */
const secrets = new Map<string, string>([
  [PASSWORD, 'the password'],
  [WRONG, 'a wrong password'],
])
let kanpeki: Kanpeki
let cookie = ''
const asked: string[] = []

const SECRET_FIELDS = /^(token|secret|ticket|codes?|key|uri|link|url|invitation|enrolment)$/i

/** Notes what a reply gives away only once. */
function note(path: string, value: unknown, field = ''): void {
  if (typeof value === 'string' && SECRET_FIELDS.test(field) && value.length >= 8) {
    const inUrl = /[?&#](?:token|secret|code)=([^&\s]+)/.exec(value)?.[1]
    const secret = value.includes('://') ? inUrl : value
    if (secret !== undefined) secrets.set(secret, `${field} of ${path}`)
  } else if (Array.isArray(value)) for (const item of value) note(path, item, field)
  else if (typeof value === 'object' && value !== null) for (const [name, inner] of Object.entries(value)) note(path, inner, name)
}

async function call(
  method: string,
  path: string,
  body?: unknown,
  headers: Record<string, string> = {},
): Promise<{ status: number; json: unknown }> {
  const reply = await fetch(`${kanpeki.url}${path}`, {
    method,
    redirect: 'manual',
    signal: AbortSignal.timeout(20_000),
    headers: {
      'x-kanpeki-csrf': '1',
      ...(cookie === '' ? {} : { cookie }),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  })
  for (const set of reply.headers.getSetCookie()) {
    const pair = set.split(';', 1)[0]!
    const value = pair.slice(pair.indexOf('=') + 1)
    if (value.length >= 8) secrets.set(value, `a cookie of ${path}`)
    if (/session=/.test(pair) && value !== '') cookie = pair
  }
  const text = await reply.text()
  const json: unknown = reply.headers.get('content-type')?.includes('json') === true ? JSON.parse(text) : undefined
  if (reply.ok) note(path, json)
  asked.push(`${method} ${path.split('?', 1)[0]} ${reply.status}`)
  return { status: reply.status, json }
}

beforeAll(async () => {
  const write = (line: string): void => void lines.push(line)
  kanpeki = await serve(readConfig(folder, { port: '0' }, {}), createLog({ write, pretty: false, now: Date.now, least: 'debug' }))
})
afterAll(() => rmSync(folder, { recursive: true }))

it('drives everything that handles a secret', async () => {
  const setup = new URL(kanpeki.signInUrl).searchParams.get('token')!
  secrets.set(setup, 'the set-up link')
  await call('GET', `/api/v1/setup?token=${setup}`)
  expect((await call('POST', '/api/v1/setup', { token: setup, name: 'Yui', password: PASSWORD })).status).toBe(200)
  await call('POST', '/api/v1/setup', { token: setup, name: 'Yui', password: PASSWORD })
  const signedIn = cookie

  cookie = ''
  await call('POST', '/api/v1/session', { name: 'Yui', password: WRONG })
  await call('POST', '/api/v1/session', { name: PASSWORD, password: WRONG })
  await call('POST', '/api/v1/session', { name: 'nobody', password: WRONG })
  await call('POST', '/api/v1/session', { name: 'Yui', password: [PASSWORD] })
  await call('POST', '/api/v1/session', `{"name":"Yui","password":"${PASSWORD}"`)
  expect((await call('POST', '/api/v1/session', { name: 'Yui', password: PASSWORD })).status).toBe(200)
  expect(cookie).not.toBe(signedIn)

  const tokens: string[] = []
  for (const scope of ['read', 'ingest', 'admin']) {
    const made = await call('POST', '/api/v1/tokens', { name: scope, scope })
    const token = (made.json as { token?: string }).token
    if (token !== undefined) tokens.push(token)
  }
  expect(tokens.length).toBeGreaterThanOrEqual(2)
  const present = cookie
  cookie = ''
  for (const token of tokens) {
    await call('GET', `/api/v1/alerts?token=${token}`)
    await call('GET', `/api/v1/alerts/${token}`, undefined, { authorization: `Bearer ${token}` })
    await call('GET', `/${token}?token=${token}`)
    await call('GET', '/api/v1/alerts', undefined, { authorization: `Bearer ${token}x` })
    await call('GET', '/api/v1/alerts', undefined, { authorization: `Basic ${Buffer.from(`x:${token}x`).toString('base64')}` })
    await call('POST', '/api/v1/tokens', `{"name":"${token}`, { authorization: `Bearer ${token}` })
    await call('POST', '/_bulk', `{"create":{}}\n{"message":"fine"}\n`, {
      authorization: `ApiKey ${token}`,
      'content-type': 'application/x-ndjson',
    })
    await call('POST', '/_bulk', `{"broken`, { authorization: `Splunk ${token}`, 'content-type': 'application/x-ndjson' })
    await call('POST', `/_bulk?token=${token}`, `{"create":{}}\n{}\n`, { 'content-type': 'application/x-ndjson' })
    await call('GET', `/api/v1/sso/x/callback?code=${token}&state=${token}`)
  }
  cookie = `${present}; other=${tokens[0]!}`
  await call('GET', '/api/v1/session')
  cookie = present

  await call('POST', '/api/v1/session/confirm', { by: 'password', password: WRONG })
  await call('POST', '/api/v1/session/confirm', { by: 'password', password: PASSWORD })
  // Whatever else makes secrets: enrolments, providers, second factors.
  const clientSecret = 'client-secret-5f1d0c9b7a'
  secrets.set(clientSecret, 'a client secret')
  const provider = {
    id: 'idp',
    title: { en: 'IdP', ja: 'IdP' },
    issuer: 'https://idp.invalid',
    clientId: 'kanpeki',
    clientSecret,
  }
  expect((await call('POST', '/api/v1/sso/providers', provider)).status).toBe(200)
  await call('POST', '/api/v1/sso/providers', { ...provider, secret: clientSecret })
  await call('POST', '/api/v1/sso/providers/idp/check', {})
  await call('GET', '/api/v1/sso/providers')
  await call('POST', '/api/v1/enrolments', { name: 'web-1', hours: 1 })
  await call('POST', '/api/v1/enrolments', { name: 'web-1' })
  const driven = kanpeki.routes.filter(
    ({ method, path }) => method === 'POST' && /totp|recovery|invit|break-glass|scim\/tokens/.test(path) && !path.includes(':'),
  )
  for (const { path } of driven)
    await call('POST', path, { password: PASSWORD, name: 'Ken', code: '000000', roles: [], account: 'x' })
  await call('DELETE', '/api/v1/session')
  await call('GET', '/api/v1/session')
  await kanpeki.stop()
  console.log(`${asked.length} requests, ${secrets.size} secrets, ${lines.length} log lines`)
  expect(secrets.size).toBeGreaterThanOrEqual(8)
  expect(lines.length).toBeGreaterThan(5)
}, 60_000)

/** As it is, and as it looks in a URL, in JSON, in base64. */
function formsOf(secret: string): readonly string[] {
  const base64 = Buffer.from(secret).toString('base64').replace(/=+$/, '')
  return [...new Set([secret, encodeURIComponent(secret), JSON.stringify(secret).slice(1, -1), base64.slice(0, -2)])]
}

function found(text: string): string[] {
  return [...secrets].flatMap(([secret, from]) => (formsOf(secret).some((form) => text.includes(form)) ? [from] : []))
}

it('finds no secret in the log', () => {
  expect(lines.filter((line) => found(line).length > 0).map((line) => `${found(line).join(', ')}: ${line}`)).toEqual([])
})

it('finds no secret in the ledger or in any file of the data folder', () => {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
  const leaks: string[] = []
  let entries = ''
  for (const file of files) {
    const path = join(file.parentPath, file.name)
    const text = readFileSync(path, 'latin1')
    if (/ledger[/\\]tile[/\\]entries/.test(path)) entries += text
    for (const from of found(text)) leaks.push(`${from}: ${path.slice(folder.length)}`)
  }
  expect(leaks).toEqual([])
  expect([entries.includes('"type":"signin"'), entries.includes('token.create')]).toEqual([true, true])
  console.log(`${files.length} files`)
})

it('seals all that it kept with a new key, and leaves nothing behind', async () => {
  const { values, from } = await rotateSecrets(readConfig(folder, {}, {}), {})
  expect(values).toBeGreaterThanOrEqual(3)
  expect(from).toHaveLength(1)
})
