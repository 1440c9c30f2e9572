import { mkdtempSync, rmSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { AccessTables } from '../access/tables.ts'
import { createToken } from '../access/tokens.ts'
import { readConfig } from '../platform/config.ts'
import { createLog } from '../platform/log.ts'
import { type Kanpeki, serve } from './serve.ts'
import { addPerson, openTestSession } from './testing/scope-seed.ts'

/** What hostile requests do to a running server: bodies that pollute or exhaust, too many requests, broken HTTP. */
const folder = mkdtempSync(join(tmpdir(), 'kanpeki-requests-'))
const failures: string[] = []
let kanpeki: Kanpeki
let admin: string
let ingest: string
let other: string
const CALLER_LIMIT = 400
const PROBLEM = 'application/problem+json; charset=utf-8'

beforeAll(async () => {
  const write = (line: string): void => {
    if (line.includes('a request failed')) failures.push(line)
  }
  kanpeki = await serve(
    readConfig(folder, { port: '0' }, { KANPEKI_RATE_STRANGERS: '60', KANPEKI_RATE_CALLERS: String(CALLER_LIMIT) }),
    createLog({ write, pretty: false, now: Date.now }),
  )
  const db = kanpeki.services.state.tables<AccessTables>()
  const made = async (grant: 'admin' | 'ingest'): Promise<string> =>
    (await createToken(db, { scope: 'default', name: grant, grant, owner: null }, Date.now())).token
  admin = await made('admin')
  other = await made('admin')
  ingest = await made('ingest')
})
afterAll(async () => {
  await kanpeki.stop()
  rmSync(folder, { recursive: true })
})

const send = (path: string, body: string | Uint8Array, token = admin, type = 'application/json'): Promise<Response> =>
  fetch(`${kanpeki.url}${path}`, {
    method: 'POST',
    body: body as NonNullable<RequestInit['body']>,
    headers: { 'content-type': type, authorization: `Bearer ${token}` },
  })

const PROTOTYPES = [
  '{"__proto__":{"polluted":true}}',
  '{"name":"x","scope":"read","__proto__":{"polluted":true}}',
  '{"a":{"b":[{"__proto__":{"polluted":true}}]}}',
  '{"constructor":{"prototype":{"polluted":true}}}',
  '{"a":{"constructor":{"prototype":{"polluted":true}}}}',
  '{"\\u005f_proto__":{"polluted":true}}',
  '{"__proto__ ":{"x":1},"__proto__":null}',
]

function expectClean(): void {
  expect(Object.keys(Object.prototype)).toEqual([])
  expect(({} as Record<string, unknown>)['polluted']).toBeUndefined()
  expect(([] as unknown as Record<string, unknown>)['polluted']).toBeUndefined()
}

it.each(PROTOTYPES.map((body) => [body]))('refuses or ignores %s, and no prototype changes', async (body) => {
  for (const path of ['/api/v1/tokens', '/api/v1/session']) {
    const reply = await send(path, body)
    await reply.text()
    expect([400, 401, 422]).toContain(reply.status)
  }
  expectClean()
})

it('takes no events from a page that a browser sends a session along with', async () => {
  await addPerson(kanpeki, 'root', [['administrator', '*']])
  const { cookie } = await openTestSession(kanpeki, 'root')
  const sent = async (path: string, headers: Record<string, string>): Promise<number> =>
    (
      await fetch(`${kanpeki.url}${path}`, {
        method: 'POST',
        headers: { cookie, ...headers },
        body: '{"create":{}}\n{"message":"forged"}\n',
      })
    ).status
  for (const path of ['/_bulk', '/api/v1/ingest/forged'])
    expect([path, await sent(path, { 'content-type': 'text/plain' })]).toEqual([path, 401])
  expect(await sent('/_bulk', { 'x-kanpeki-csrf': '1' })).toBe(200)
})

it('takes such names in events as plain data', async () => {
  const lines = PROTOTYPES.map((body) => `{"create":{}}\n${body}\n`).join('')
  const reply = await send('/_bulk', lines, ingest, 'application/x-ndjson')
  const result = (await reply.json()) as { readonly items: readonly Record<string, { readonly status: number }>[] }
  expect(reply.status).toBe(200)
  expect(result.items).toHaveLength(PROTOTYPES.length)
  const actions = ['{"create":{"__proto__":{"polluted":true}}}', '{"__proto__":{"_index":"x"}}', '{"constructor":{"_index":"x"}}']
  for (const action of actions) {
    const odd = await send('/_bulk', `${action}\n{"message":"x"}\n`, ingest, 'application/x-ndjson')
    await odd.text()
    expect(odd.status).toBeLessThan(500)
  }
  expectClean()
})

const deep = (open: string, close: string, depth: number): string => open.repeat(depth) + close.repeat(depth)

it.each([
  ['100,000 open brackets', '['.repeat(100_000)],
  ['100,000 arrays in each other', deep('[', ']', 100_000)],
  ['100,000 objects in each other', `${'{"a":'.repeat(100_000)}1${'}'.repeat(100_000)}`],
  ['depth inside a field', `{"name":${deep('[', ']', 100_000)},"scope":"read"}`],
  ['depth inside an unknown field', `{"name":"x","scope":"nothing","more":${deep('[', ']', 100_000)}}`],
  ['a number of a million digits', '1'.repeat(1_000_000)],
  ['a number beyond any', '{"name":"x","scope":"read","expiresInDays":1e999999}'],
  ['a negative number beyond any', '{"name":"x","scope":"read","expiresInDays":-1e400}'],
  ['an integer that is none', '{"name":"x","scope":"read","expiresInDays":99999999999999999999}'],
  ['an empty body', ''],
  ['not JSON', 'name=x'],
  ['cut off', '{"name":"x"'],
  ['a byte order mark alone', '\ufeff'],
  ['not an object', 'null'],
  ['a string', '"x"'],
  ['not UTF-8', new Uint8Array([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x3a, 0x31, 0x7d])],
] as const)('answers 400 to %s', async (_, body) => {
  const reply = await send('/api/v1/tokens', body)
  const text = await reply.text()
  expect([reply.status, reply.headers.get('content-type')]).toEqual([400, PROBLEM])
  expect(text.length).toBeLessThan(20_000)
  expect(text).not.toMatch(/\n\s+at /)
})

it('stores a deep or endless event as what it is, or says that it cannot, and goes on', async () => {
  const bodies = [
    deep('[', ']', 100_000),
    `${'{"a":'.repeat(50_000)}1${'}'.repeat(50_000)}`,
    `{"message":"deep","labels":${deep('[', ']', 50_000)}}`,
    `{"n":1e999999,"m":-1e400,"message":"${'1'.repeat(100_000)}"}`,
  ]
  for (const body of bodies) {
    const reply = await send('/_bulk', `{"create":{}}\n${body}\n`, ingest, 'application/x-ndjson')
    await reply.text()
    expect(reply.status).toBeLessThan(500)
  }
  const after = await send('/_bulk', '{"create":{}}\n{"message":"still here"}\n', ingest, 'application/x-ndjson')
  expect((await after.json()) as unknown).toMatchObject({ errors: false })
})

it('takes no more than its limits: bodies, headers, URLs, uploads of another type', async () => {
  const big = await send('/api/v1/tokens', JSON.stringify({ name: 'x'.repeat(5 * 1024 * 1024) }))
  expect(big.status).toBe(413)
  await big.text()
  const declared = await raw(
    `POST /api/v1/tokens HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${admin}\r\nContent-Type: application/json\r\nContent-Length: 99999999999\r\n\r\n{`,
  )
  expect(declared).toMatch(/^HTTP\/1\.1 413 /)
  const bulk = await raw(
    `POST /_bulk HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${ingest}\r\nContent-Length: 99999999999\r\n\r\n{`,
  )
  expect(bulk).toMatch(/^HTTP\/1\.1 413 /)
  expect(await raw(`GET /healthz HTTP/1.1\r\nHost: x\r\nX-A: ${'a'.repeat(70_000)}\r\n\r\n`)).toMatch(/^HTTP\/1\.1 431 /)
  const long = await fetch(`${kanpeki.url}/api/v1/alerts?q=${'a'.repeat(10_000)}`, {
    headers: { authorization: `Bearer ${admin}` },
  })
  await long.text()
  expect(long.status).toBeLessThan(500)
  for (const type of [
    'text/plain',
    'multipart/form-data; boundary=x',
    'application/x-www-form-urlencoded',
    'text/xml',
    'application/json; charset=utf-7',
  ]) {
    const reply = await send('/api/v1/tokens', '--x--', admin, type)
    await reply.text()
    expect([400, 415]).toContain(reply.status)
  }
})

it.each([
  ['nonsense', 'NONSENSE\r\n\r\n', /^HTTP\/1\.1 400 /],
  ['no host', 'GET /healthz HTTP/1.1\r\n\r\n', /^HTTP\/1\.1 400 /],
  [
    'two lengths (request smuggling)',
    'POST /api/v1/session HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nContent-Length: 40\r\n\r\n{}',
    /^HTTP\/1\.1 400 /,
  ],
  [
    'length and chunks (request smuggling)',
    'POST /api/v1/session HTTP/1.1\r\nHost: x\r\nContent-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nG',
    /^HTTP\/1\.1 400 /,
  ],
  ['a bare LF in a header', 'GET /healthz HTTP/1.1\r\nHost: x\nX-A: b\r\n\r\n', /^HTTP\/1\.1 400 /],
  ['a method that is none of ours', 'TRACE /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n', /^HTTP\/1\.1 40[045] /],
  [
    'a path out of the console',
    'GET /../../../../etc/passwd HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n',
    /^HTTP\/1\.1 (200|400|404) (?![\s\S]*root:)/,
  ],
  [
    'an encoded path out of the console',
    'GET /..%2f..%2f..%2fetc%2fpasswd HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n',
    /^HTTP\/1\.1 (200|400|404) (?![\s\S]*root:)/,
  ],
  [
    'an absolute URL',
    'GET http://elsewhere.test/healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n',
    /^HTTP\/1\.1 (200|400|404) /,
  ],
])('answers %s without harm', async (_, request, expected) => {
  expect(await raw(request)).toMatch(expected)
})

it.each(['file', 'import'])('opens no %s of ours or of the system as a source', async (kind) => {
  const paths = [join(folder, 'keys/seal.key'), join(folder, 'keys/*'), '/proc/self/environ', '/proc/self/cmdline']
  const config = { paths: kind === 'file' ? paths : paths.filter((path) => !path.includes('*')) }
  const made = await send('/api/v1/sources', JSON.stringify({ kind, name: 'thief', title: 'thief', config }))
  const { id } = (await made.json()) as { id: string }
  expect(made.status).toBe(200)
  const headers = { authorization: `Bearer ${other}` }
  let problems: readonly { readonly text: string }[] = []
  await expect
    .poll(async () => {
      const reply = await fetch(`${kanpeki.url}/api/v1/sources/${id}`, { headers })
      ;({ problems } = (await reply.json()) as { problems: typeof problems })
      return problems.filter(({ text }) => text.includes('belongs to')).length
    })
    .toBeGreaterThanOrEqual(3)
  const stored = await kanpeki.services.lake.count({
    scope: 'default',
    query: { kind: 'term', field: 'kanpeki.source', match: { kind: 'text', text: id, quoted: true } },
  })
  expect(stored).toBe(0)
  await fetch(`${kanpeki.url}/api/v1/sources/${id}`, {
    method: 'PATCH',
    headers: { ...headers, 'content-type': 'application/json' },
    body: '{"enabled":false}',
  })
})

it('limits strangers and callers each for themselves, says when to come again, and never the door for events', async () => {
  let refused: Response | undefined
  for (let i = 0; i < 100 && refused === undefined; i++) {
    const reply = await fetch(`${kanpeki.url}/api/v1/session`)
    await reply.text()
    if (reply.status === 429) refused = reply
  }
  expect(refused?.headers.get('content-type')).toBe(PROBLEM)
  expect(Number(refused?.headers.get('retry-after'))).toBeGreaterThan(0)
  expect((await send('/api/v1/tokens', '{}', 'kpk_admin_wrong')).status).toBe(429)
  const status = (token: string): Promise<Response> =>
    fetch(`${kanpeki.url}/api/v1/status`, { headers: { authorization: `Bearer ${token}` } })
  expect((await status(other)).status).toBe(200)
  let calls = 0
  while (calls < CALLER_LIMIT * 2 && (await status(admin)).status !== 429) calls += 1
  expect(calls).toBeLessThan(CALLER_LIMIT * 2)
  expect((await status(other)).status).toBe(200)
  for (let i = 0; i < 20; i++) {
    const reply = await send('/_bulk', '{"create":{}}\n{"message":"x"}\n', ingest, 'application/x-ndjson')
    await reply.text()
    expect(reply.status).toBe(200)
  }
  const health = await fetch(`${kanpeki.url}/healthz`)
  expect(health.status).toBe(200)
})

it('reported no failure of its own', () => {
  expect(failures).toEqual([])
  expectClean()
})

/** Sends bytes as they are and answers the first bytes of what comes back. */
function raw(text: string): Promise<string> {
  const { hostname, port } = new URL(kanpeki.url)
  return new Promise((resolve, reject) => {
    let answer = ''
    const socket = connect(Number(port), hostname, () => socket.write(text))
    socket.setEncoding('utf8').setTimeout(5_000, () => socket.destroy(new Error(`no answer to ${text.slice(0, 60)}`)))
    socket.on('data', (part: string) => {
      answer += part
      if (answer.includes('\r\n\r\n')) socket.end()
    })
    socket.once('close', () => resolve(answer))
    socket.once('error', (error) => (answer === '' ? reject(error) : resolve(answer)))
  })
}
