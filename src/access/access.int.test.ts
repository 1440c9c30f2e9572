import { randomUUID } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import type { Kysely } from 'kysely'
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import type { Evidence } from '../kernel/evidence.ts'
import type { Caller, RawReply, Route } from '../platform/http/route.ts'
import { createSealer } from '../platform/secrets/sealer.ts'
import { recordEvidence } from '../platform/state/outbox.ts'
import { openState, type State } from '../platform/state/state.ts'
import { describeStates } from '../platform/testing/states.ts'
import { checkForgery, createAuthenticator, SESSION_COOKIE } from './authenticate.ts'
import { migrations } from './migrations.ts'
import { DEFAULT_POLICY } from './policy.ts'
import { routes } from './routes.ts'
import type { Grant } from './schema.ts'
import { createSetupLink } from './setup.ts'
import type { AccessTables } from './tables.ts'
import { createToken } from './tokens.ts'

vi.mock('node:crypto', async (original) => (await import('./testing/light-argon2.ts')).lightArgon2(await original()))

const PASSWORD = 'correct horse battery staple'

/** The session's cookie of a reply, as the browser sends it back. */
function cookieIn(reply: RawReply): string {
  const set = [reply.headers['set-cookie'] ?? []].flat().find((one) => one.startsWith(`${SESSION_COOKIE}=`))
  return set!.split(';')[0]!
}

function requestWith(headers: Record<string, string>): IncomingMessage {
  return { headers, socket: { remoteAddress: '192.0.2.1' } } as unknown as IncomingMessage
}

describeStates('access', (bed) => {
  let state: State
  let now = Date.UTC(2026, 0, 1)
  const clock = { now: () => now }
  let all: Route[]
  let secret: string
  let cookie: string

  const token = (grant: Grant, life?: number) =>
    createToken(
      state.tables<AccessTables>(),
      { scope: 'default', name: `token ${randomUUID()}`, grant, owner: null, ...(life === undefined ? {} : { life }) },
      now,
    )

  const authenticate = (headers: Record<string, string>): Promise<Caller> =>
    createAuthenticator(state.tables<AccessTables>(), clock)(requestWith(headers))

  async function call(
    method: string,
    path: string,
    input: { body?: unknown; query?: unknown; params?: unknown; headers?: Record<string, string> },
  ): Promise<unknown> {
    const route = all.find((one) => one.method === method && one.path === path)
    if (route === undefined) throw new Error(`no route ${method} ${path}`)
    const headers = input.headers ?? {}
    return await route.handle({
      ...input,
      caller: await authenticate(headers),
      request: requestWith(headers),
      signal: new AbortController().signal,
    } as unknown as Parameters<Route['handle']>[0])
  }

  beforeAll(async () => {
    state = await openState(await bed.place(), migrations, clock)
    all = routes({
      db: state.tables<AccessTables>(),
      record: <T>(work: (db: Kysely<AccessTables>) => Promise<{ result: T; evidence: readonly Evidence[] }>) =>
        state.transaction<AccessTables, T>(async (trx) => {
          const { result, evidence } = await work(trx)
          await recordEvidence(trx, evidence, clock)
          return result
        }),
      clock,
      organisation: 'Minato Pay',
      version: '0.0.0',
      secure: false,
      policy: DEFAULT_POLICY,
      sealer: createSealer([Buffer.alloc(32, 1)]),
      origin: () => 'http://localhost:7300',
      tell: () => {},
    })
  })
  afterAll(() => state.close())

  it('makes the administrator by a link that works once', async () => {
    secret = (await createSetupLink(state.tables<AccessTables>(), 'default', now))!
    expect(await call('GET', '/api/v1/setup', { query: { token: secret } })).toEqual({ valid: true })
    expect(await call('GET', '/api/v1/setup', { query: { token: 'guess' } })).toEqual({ valid: false })
    const made = (await call('POST', '/api/v1/setup', { body: { token: secret, name: 'mori', password: PASSWORD } })) as RawReply
    cookie = cookieIn(made)
    for (const one of [made.headers['set-cookie']].flat()) expect(one).toMatch(/HttpOnly; SameSite=Strict$/)
    await expect(
      call('POST', '/api/v1/setup', { body: { token: secret, name: 'eve', password: PASSWORD } }),
    ).rejects.toMatchObject({ code: 'gone' })
    expect(await createSetupLink(state.tables<AccessTables>(), 'default', now)).toBeUndefined()
  })

  it('knows who is signed in, and forgets after idling', async () => {
    expect(await call('GET', '/api/v1/session', { headers: { cookie } })).toMatchObject({
      user: { name: 'mori' },
      organisation: 'Minato Pay',
    })
    await expect(call('GET', '/api/v1/session', { headers: { cookie: `${SESSION_COOKIE}=guess` } })).rejects.toMatchObject({
      code: 'unauthenticated',
    })
    now += DEFAULT_POLICY.idleMs + 1
    await expect(call('GET', '/api/v1/session', { headers: { cookie } })).rejects.toMatchObject({ code: 'unauthenticated' })
  })

  it('signs in with the password, and slows down guessing', async () => {
    const before = (await call('POST', '/api/v1/session', { body: { name: 'mori', password: PASSWORD } })) as RawReply
    cookie = cookieIn(before)
    for (let attempt = 0; attempt < 5; attempt++) {
      await expect(call('POST', '/api/v1/session', { body: { name: 'nobody', password: 'x' } })).rejects.toMatchObject({
        code: 'unauthenticated',
      })
    }
    await expect(call('POST', '/api/v1/session', { body: { name: 'nobody', password: 'x' } })).rejects.toMatchObject({
      code: 'too_many_requests',
    })
    await expect(call('POST', '/api/v1/session', { body: { name: 'mori', password: PASSWORD } })).resolves.toBeDefined()
  })

  it('ends a session by signing out', async () => {
    await call('DELETE', '/api/v1/session', { headers: { cookie } })
    expect((await authenticate({ cookie })).kind).toBe('anonymous')
  })

  it.each([
    ['Bearer', (t: string) => `Bearer ${t}`],
    ['ApiKey', (t: string) => `ApiKey ${t}`],
    ['ApiKey of an Elasticsearch client', (t: string) => `ApiKey ${Buffer.from(`id:${t}`).toString('base64')}`],
    ['Splunk', (t: string) => `Splunk ${t}`],
    ['Basic', (t: string) => `Basic ${Buffer.from(`anyone:${t}`).toString('base64')}`],
  ])('takes a token as %s', async (_name, header) => {
    const { token: secret } = await token('ingest')
    const caller = await authenticate({ authorization: header(secret) })
    expect([...caller.permissions].sort()).toEqual(['ingest', 'public'])
  })

  it('refuses unknown, expired and revoked tokens', async () => {
    await expect(authenticate({ authorization: 'Bearer nope' })).rejects.toMatchObject({ code: 'unauthenticated' })
    const short = await token('read', 1_000)
    now += 2_000
    await expect(authenticate({ authorization: `Bearer ${short.token}` })).rejects.toMatchObject({ code: 'unauthenticated' })
    const admin = await token('admin')
    const headers = { authorization: `Bearer ${admin.token}` }
    const made = (await call('POST', '/api/v1/tokens', { headers, body: { name: 'shipper', scope: 'ingest' } })) as {
      id: string
      token: string
    }
    expect((await authenticate({ authorization: `Bearer ${made.token}` })).name).toBe('shipper')
    await call('DELETE', '/api/v1/tokens/:id', { headers, params: { id: made.id } })
    await expect(authenticate({ authorization: `Bearer ${made.token}` })).rejects.toMatchObject({ code: 'unauthenticated' })
  })

  it('asks writes with a cookie for the header that a foreign page cannot send', () => {
    const person = { kind: 'person' } as Caller
    expect(() => checkForgery(requestWith({}), person)).toThrow(expect.objectContaining({ code: 'csrf' }))
    expect(() => checkForgery(requestWith({ 'x-kanpeki-csrf': '1' }), person)).not.toThrow()
    expect(() => checkForgery(requestWith({}), { kind: 'token' } as Caller)).not.toThrow()
  })
})
