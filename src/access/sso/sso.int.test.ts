import { generateKeyPairSync } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import type { Kysely } from 'kysely'
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import type { Evidence } from '../../kernel/evidence.ts'
import type { JsonObject } from '../../kernel/json.ts'
import type { RawReply, Route } from '../../platform/http/route.ts'
import { createOutgoing } from '../../platform/outgoing/outgoing.ts'
import { createSealer } from '../../platform/secrets/sealer.ts'
import { readJson } from '../../platform/state/columns.ts'
import { readOutbox, recordEvidence } from '../../platform/state/outbox.ts'
import { openState, type State } from '../../platform/state/state.ts'
import { testCaller } from '../../platform/testing/caller.ts'
import { describeStates } from '../../platform/testing/states.ts'
import { createAuthenticator } from '../authenticate.ts'
import { endAccount } from '../end-account.ts'
import { migrations } from '../migrations.ts'
import { DEFAULT_POLICY } from '../policy.ts'
import { insertAccount, insertAssignment } from '../queries.ts'
import type { AccessTables } from '../tables.ts'
import type { SsoDeps } from './deps.ts'
import { FLOW_LIFE_MS } from './flow-secret.ts'
import { ssoRoutes } from './routes.ts'
import type { newProviderSchema } from './schema.ts'
import {
  browse,
  claimsOf,
  type IdentityProvider,
  jwt,
  startIdentityProvider,
  type TestPerson,
} from './testing/identity-provider.ts'

const ORIGIN = 'http://127.0.0.1:7300'
const CLIENT = { id: 'kanpeki', secret: 'client-secret:+&/%' }
const MORI: TestPerson = {
  sub: 'p-1',
  preferred_username: 'mori@example.com',
  name: '森 葵',
  email: 'mori@example.com',
  email_verified: true,
  groups: ['soc', 'other'],
}

let idp: IdentityProvider
beforeAll(async () => {
  idp = await startIdentityProvider([
    {
      ...CLIENT,
      redirectUris: ['corp', 'second'].map((id) => `${ORIGIN}/api/v1/sso/${id}/callback`),
    },
  ])
})
afterAll(() => idp.stop())

describeStates('single sign-on', (bed) => {
  let state: State
  let now: number
  let all: Route[]
  /** Changes what the provider's token endpoint answers. */
  let tamper: ((reply: JsonObject) => JsonObject) | undefined
  let allow: readonly string[]
  /** Evidence of earlier tests. */
  let seen: number
  const db = (): Kysely<AccessTables> => state.tables<AccessTables>()

  beforeAll(async () => {
    state = await openState(await bed.place(), migrations)
  })
  afterAll(() => state.close())
  beforeEach(async () => {
    await db().deleteFrom('access_sso_providers').execute()
    await db().deleteFrom('access_accounts').execute()
    seen = (await readOutbox(db(), 0, 10_000)).at(-1)?.seq ?? 0
    now = Date.now()
    tamper = undefined
    allow = ['127.0.0.1']
    idp.signedIn = MORI
    const clock = { now: () => now }
    const outgoing: SsoDeps['fetch'] = (url, init) => createOutgoing({ allow, log: { warn: () => {} } }).fetch(url, init)
    all = ssoRoutes({
      db: db(),
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
      sealer: createSealer([Buffer.alloc(32, 7)]),
      origin: () => ORIGIN,
      tell: () => {},
      passwordSignIn: 'allowed',
      fetch: async (url, init) => {
        const reply = await outgoing(url, init)
        if (tamper === undefined || !url.endsWith('/token') || reply.status !== 200) return reply
        return Response.json(tamper((await reply.json()) as JsonObject))
      },
    })
  })

  function request(headers: Record<string, string>, url: string): IncomingMessage {
    return { headers, url, socket: { remoteAddress: '192.0.2.1' } } as unknown as IncomingMessage
  }

  async function call(method: string, path: string, input: Record<string, unknown> = {}): Promise<unknown> {
    const route = all.find((one) => one.method === method && one.path === path)
    if (route === undefined) throw new Error(`no route ${method} ${path}`)
    const body = route.body === undefined ? undefined : route.body.parse(input['body'])
    return await route.handle({
      caller: testCaller(),
      request: request({}, '/'),
      signal: new AbortController().signal,
      query: {},
      ...input,
      body,
    } as unknown as Parameters<Route['handle']>[0])
  }

  async function addProvider(differs: Partial<(typeof newProviderSchema)['_input']> = {}): Promise<void> {
    await call('POST', '/api/v1/sso/providers', {
      body: {
        id: 'corp',
        title: { en: 'Corporate account', ja: '社内アカウント' },
        issuer: idp.issuer,
        clientId: CLIENT.id,
        clientSecret: CLIENT.secret,
        scopes: ['profile', 'email', 'groups'],
        groupsClaim: 'groups',
        groups: [{ group: 'soc', roles: [{ role: 'analyst', scope: 'default' }] }],
        createAccounts: true,
        ...differs,
      },
    })
  }

  async function start(id = 'corp', to = '/triage'): Promise<{ readonly url: string; readonly cookie: string }> {
    const reply = (await call('GET', '/api/v1/sso/:id/start', { params: { id }, query: { to } })) as RawReply
    return { url: String(reply.headers['location']), cookie: String(reply.headers['set-cookie'] ?? '').split(';')[0] ?? '' }
  }

  function callback(answered: URL, cookie: string, id = 'corp'): Promise<RawReply> {
    const url = `${answered.pathname}${answered.search}`
    return call('GET', '/api/v1/sso/:id/callback', { params: { id }, request: request({ cookie }, url) }) as Promise<RawReply>
  }

  async function signIn(id = 'corp', to = '/triage'): Promise<RawReply> {
    const { url, cookie } = await start(id, to)
    return await callback(await browse(url, ORIGIN), cookie, id)
  }

  const sessionOf = async (reply: RawReply) => {
    const cookie = [reply.headers['set-cookie']].flat().find((one) => one?.startsWith('kanpeki_session=')) ?? ''
    expect(cookie).toMatch(/HttpOnly; SameSite=Strict/)
    return await createAuthenticator(db(), { now: () => now })(request({ cookie: cookie.split(';')[0] ?? '' }, '/'))
  }
  const problemOf = (reply: RawReply): string => {
    expect(reply.status).toBe(303)
    expect(reply.headers['set-cookie']).toBeUndefined()
    return String(reply.headers['location'])
  }
  const roles = async (account: string): Promise<string[]> => {
    const held = await db().selectFrom('access_assignments').selectAll().where('account_id', '=', account).execute()
    return held.map(({ role, scope, origin }) => `${origin} ${role} ${scope}`).sort()
  }
  const evidence = async (): Promise<JsonObject[]> =>
    (await readOutbox(db(), seen, 1_000)).map(({ type, body }) => ({ type, ...body }))
  const countSessions = async (): Promise<number> => (await db().selectFrom('access_sessions').select('id').execute()).length

  async function addLocal(name: string, email: string | null = null): Promise<string> {
    const id = `local-${name}`
    await insertAccount(db(), { id, scope: 'default', name, email, password: '$argon2id$x', created: now, last_seen: null })
    return id
  }

  it('keeps the secret sealed, and tells it to nobody', async () => {
    await addProvider()
    const listed = JSON.stringify(await call('GET', '/api/v1/sso/providers'))
    expect(listed).not.toContain(CLIENT.secret)
    expect(listed).toContain(`"callbackUrl":"${ORIGIN}/api/v1/sso/corp/callback"`)
    const row = await db().selectFrom('access_sso_providers').selectAll().executeTakeFirstOrThrow()
    expect(row.secret).toMatch(/^kpseal1:/)
    expect(JSON.stringify(await evidence())).not.toContain(CLIENT.secret)
    expect(await call('GET', '/api/v1/sso')).toEqual({
      items: [{ id: 'corp', title: { en: 'Corporate account', ja: '社内アカウント' } }],
      passwordSignIn: 'allowed',
    })
    await expect(call('POST', '/api/v1/sso/providers/:id/check', { params: { id: 'corp' } })).resolves.toMatchObject({ ok: true })
  })

  it('makes an account at the first sign-in, with the roles of its groups, and goes where it was asked to', async () => {
    await addProvider()
    const reply = await signIn()
    expect(reply.status).toBe(200)
    expect(reply.body).toContain('<meta http-equiv="refresh" content="0;url=/triage">')
    const caller = await sessionOf(reply)
    expect(caller).toMatchObject({ kind: 'person', name: 'mori@example.com', roles: ['analyst'] })
    expect(caller.session?.methods).toEqual(['fed'])
    const account = await db().selectFrom('access_accounts').selectAll().executeTakeFirstOrThrow()
    expect(account).toMatchObject({
      origin: 'oidc',
      subject: `${idp.issuer} p-1`,
      display: '森 葵',
      email: 'mori@example.com',
      password: '',
    })
    expect((await evidence()).map((one) => one['action'] ?? one['outcome'])).toEqual([
      'sso.add',
      'success',
      'account.create',
      'account.roles',
    ])
  })

  it('follows the groups at each sign-in, and leaves alone what was given here', async () => {
    await addProvider({ defaultRoles: [{ role: 'viewer', scope: '*' }] })
    const { id } = await sessionOf(await signIn())
    const local = {
      id: 'r1',
      scope: 'default',
      account_id: id,
      role: 'analyst',
      origin: 'local',
      by_name: 'x',
      created: now,
    } as const
    await insertAssignment(db(), local)
    expect(await roles(id)).toEqual(['local analyst default', 'oidc analyst default', 'oidc viewer *'])
    idp.signedIn = { ...MORI, groups: [] }
    expect((await sessionOf(await signIn())).id).toBe(id)
    expect(await roles(id)).toEqual(['local analyst default', 'oidc viewer *'])
  })

  it('gives an account without permissions where nothing is mapped', async () => {
    await addProvider({ groups: [] })
    const caller = await sessionOf(await signIn())
    expect([...caller.permissions].sort()).toEqual(['public', 'session'])
  })

  it('lets nobody unknown in where accounts are not made', async () => {
    await addProvider({ createAccounts: false })
    expect(problemOf(await signIn())).toBe('/sign-in?problem=sso_no_account')
    expect(await countSessions()).toBe(0)
    expect((await evidence()).at(-1)).toMatchObject({ type: 'signin', outcome: 'failure', reason: 'sso_no_account' })
  })

  it.each([
    ['name', 'mori@example.com', null],
    ['name in another case', 'MORI@Example.com', null],
    ['e-mail address', 'aoi', 'mori@example.com'],
  ])('never finds an account made here by its %s', async (_what, name, email) => {
    await addProvider()
    const local = await addLocal(name, email)
    const reply = await signIn()
    if (email === null) expect(problemOf(reply)).toBe('/sign-in?problem=sso_name_taken')
    else expect((await sessionOf(reply)).id).not.toBe(local)
    expect(await db().selectFrom('access_identities').select('id').where('account_id', '=', local).execute()).toEqual([])
  })

  it('links an account made here when its owner asks for it, and takes the link back', async () => {
    await addProvider()
    const id = await addLocal('aoi')
    const session = { id: 's1', scope: 'default', account_id: id, hash: 'h', methods: '["pwd"]', address: '', agent: '' }
    await db()
      .insertInto('access_sessions')
      .values({ ...session, created: now, last_used: now, expires: now + 1e6 })
      .execute()
    const caller = testCaller({ id, session: { id: 's1', methods: ['pwd'], since: now } })
    const begin = async () => {
      const begun = (await call('POST', '/api/v1/sso/:id/link', {
        params: { id: 'corp' },
        query: { to: '/settings/you' },
        caller,
      })) as RawReply
      const { url } = readJson<{ url: string }>(String(begun.body))
      return { url, cookie: String(begun.headers['set-cookie']).split(';')[0] ?? '' }
    }
    const first = await begin()
    const linked = await callback(await browse(first.url, ORIGIN), first.cookie)
    expect([linked.status, linked.headers['set-cookie']]).toEqual([200, undefined])
    expect((await sessionOf(await signIn())).id).toBe(id)
    const { items } = (await call('GET', '/api/v1/sso/identities', { caller })) as { items: { id: string; name: string }[] }
    expect(items).toMatchObject([{ name: 'mori@example.com', provider: { id: 'corp' } }])

    // Somebody else cannot take the same account of the provider.
    const other = await addLocal('eve')
    await db().updateTable('access_sessions').set({ account_id: other }).where('id', '=', 's1').execute()
    const second = await (async () => {
      const begun = (await call('POST', '/api/v1/sso/:id/link', {
        params: { id: 'corp' },
        query: { to: '/settings/you' },
        caller: testCaller({ id: other, session: { id: 's1', methods: ['pwd'], since: now } }),
      })) as RawReply
      return {
        url: readJson<{ url: string }>(String(begun.body)).url,
        cookie: String(begun.headers['set-cookie']).split(';')[0] ?? '',
      }
    })()
    expect(problemOf(await callback(await browse(second.url, ORIGIN), second.cookie))).toBe('/settings/you?problem=sso_linked')

    await expect(
      call('DELETE', '/api/v1/sso/identities/:id', { params: { id: items[0]?.id }, caller: testCaller({ id: other }) }),
    ).rejects.toMatchObject({ code: 'not_found' })
    await call('DELETE', '/api/v1/sso/identities/:id', { params: { id: items[0]?.id }, caller })
    expect((await sessionOf(await signIn())).id).not.toBe(id)
  })

  it('does not finish a link whose session has ended, nor begin one long after the sign-in', async () => {
    await addProvider()
    const id = await addLocal('aoi')
    const caller = testCaller({ id, session: { id: 'gone', methods: ['pwd'], since: now } })
    const begun = (await call('POST', '/api/v1/sso/:id/link', { params: { id: 'corp' }, caller })) as RawReply
    const { url } = readJson<{ url: string }>(String(begun.body))
    const reply = await callback(await browse(url, ORIGIN), String(begun.headers['set-cookie']).split(';')[0] ?? '')
    expect(problemOf(reply)).toContain('problem=sso_expired')
    now += 16 * 60_000
    await expect(call('POST', '/api/v1/sso/:id/link', { params: { id: 'corp' }, caller })).rejects.toMatchObject({
      code: 'confirm_identity',
    })
  })

  it('refuses an account that was ended here', async () => {
    await addProvider()
    const { id } = await sessionOf(await signIn())
    await state.transaction<AccessTables, unknown>((trx) => endAccount(trx, id, now))
    expect(await countSessions()).toBe(0)
    expect(problemOf(await signIn())).toBe('/sign-in?problem=sso_inactive')
    expect(await countSessions()).toBe(0)
  })

  it.each([
    ['of another domain', { email: 'mori@evil.example' }, {}, false],
    ['that only ends alike', { email: 'mori@notexample.com' }, {}, false],
    ['with two @', { email: 'mori@evil.example@example.com' }, {}, false],
    ['that is not verified', { email_verified: false }, {}, false],
    ['that is not verified, of a provider whose word is taken', { email_verified: false }, { trustEmail: true }, true],
    ['that is verified', {}, {}, true],
  ] as const)('with allowed domains, an address %s', async (_what, person, settings, enters) => {
    await addProvider({ domains: ['example.com'], ...settings })
    idp.signedIn = { ...MORI, ...person }
    const reply = await signIn()
    if (enters) await sessionOf(reply)
    else expect(problemOf(reply)).toBe('/sign-in?problem=sso_domain')
  })

  it.each([
    ['externalId', 'sub', 'p-1', true],
    ['userName', 'email', 'Mori@Example.com', true],
    ['userName', 'email', 'someone@example.com', false],
  ] as const)('finds an account that SCIM made by %s = %s', async (attribute, claim, value, finds) => {
    await addProvider({ provisioned: { claim, attribute }, createAccounts: false })
    await insertAccount(db(), {
      id: 'u1',
      scope: 'default',
      name: 'm',
      password: '',
      origin: 'scim',
      created: now,
      last_seen: null,
    })
    const row = { account_id: 'u1', scope: 'default', document: '{}', version: 1, created: now, modified: now }
    const by =
      attribute === 'externalId' ? { external_id: value, name_key: 'm' } : { external_id: null, name_key: value.toLowerCase() }
    await db()
      .insertInto('access_scim_users')
      .values({ ...row, ...by })
      .execute()
    const reply = await signIn()
    if (finds) expect((await sessionOf(reply)).id).toBe('u1')
    else expect(problemOf(reply)).toBe('/sign-in?problem=sso_no_account')
  })

  it('removes with a provider its links, its roles and the sessions it opened', async () => {
    await addProvider()
    const { id } = await sessionOf(await signIn())
    await call('DELETE', '/api/v1/sso/providers/:id', { params: { id: 'corp' } })
    expect(await roles(id)).toEqual([])
    expect(await countSessions()).toBe(0)
    expect(await db().selectFrom('access_identities').select('id').execute()).toEqual([])
  })

  it('says when the provider, or the person there, says no', async () => {
    await addProvider()
    idp.signedIn = null
    expect(problemOf(await signIn())).toBe('/sign-in?problem=sso_refused')
  })

  it('says when our secret is wrong', async () => {
    await addProvider({ clientSecret: 'another secret' })
    expect(problemOf(await signIn())).toBe('/sign-in?problem=sso_refused')
  })

  it('calls no private address that is not allowed', async () => {
    await addProvider()
    allow = []
    expect((await start()).url).toBe('/sign-in?problem=sso_unreachable')
    expect(await call('POST', '/api/v1/sso/providers/:id/check', { params: { id: 'corp' } })).toMatchObject({
      ok: false,
      code: 'sso_unreachable',
      message: expect.stringMatching(/not a public address\.$/),
    })
  })

  it.each([
    ['http://idp.example.com'],
    ['https://user:pw@idp.example.com'],
    ['https://idp.example.com/?a=1'],
    ['ftp://idp.example.com'],
  ])('takes no issuer like %s', async (issuer) => {
    await expect(addProvider({ issuer })).rejects.toBeDefined()
  })

  it('switches a provider off', async () => {
    await addProvider()
    const { url, cookie } = await start()
    const answered = await browse(url, ORIGIN)
    await call('PATCH', '/api/v1/sso/providers/:id', { params: { id: 'corp' }, body: { enabled: false } })
    expect(problemOf(await callback(answered, cookie))).toBe('/sign-in?problem=sso_provider')
    expect((await start()).url).toBe('/sign-in?problem=sso_provider')
    expect(await call('GET', '/api/v1/sso')).toMatchObject({ items: [] })
  })

  it('asks again who it is before a provider is added, changed or removed', async () => {
    await addProvider()
    const caller = testCaller({ session: { id: 's1', methods: ['pwd'], since: now - 16 * 60_000 } })
    const params = { id: 'corp' }
    await expect(call('PATCH', '/api/v1/sso/providers/:id', { params, body: {}, caller })).rejects.toMatchObject({
      code: 'confirm_identity',
    })
    await expect(call('DELETE', '/api/v1/sso/providers/:id', { params, caller })).rejects.toMatchObject({
      code: 'confirm_identity',
    })
  })

  it('sends a browser that uses another of our names to the public one first', async () => {
    await addProvider()
    const reply = (await call('GET', '/api/v1/sso/:id/start', {
      params: { id: 'corp' },
      query: { to: '/triage' },
      request: request({ host: 'localhost:7300' }, '/'),
    })) as RawReply
    expect(reply.headers['location']).toBe(`${ORIGIN}/api/v1/sso/corp/start?to=%2Ftriage&hop=1`)
  })

  const stranger = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey
  const forged = (change: JsonObject) => (reply: JsonObject) => ({
    ...reply,
    id_token: idp.sign({ ...claimsOf(String(reply['id_token'])), ...change }),
  })
  const rewritten = (write: (claims: JsonObject, token: string) => string) => (reply: JsonObject) => ({
    ...reply,
    id_token: write(claimsOf(String(reply['id_token'])), String(reply['id_token'])),
  })

  it.each<readonly [string, (reply: JsonObject) => JsonObject]>([
    ['another nonce', forged({ nonce: 'x' })],
    ['another issuer', forged({ iss: 'https://evil.example' })],
    ['another audience', forged({ aud: 'someone-else' })],
    ['an end in the past', forged({ exp: Math.floor(Date.now() / 1000) - 600 })],
    ['a beginning in the future', forged({ nbf: Math.floor(Date.now() / 1000) + 600 })],
    ['a stranger’s signature', rewritten((claims) => jwt({ alg: 'RS256', kid: 'test' }, { ...claims }, stranger))],
    ['no signature', rewritten((claims) => jwt({ alg: 'none' }, { ...claims }, stranger))],
    [
      'a changed claim under the old signature',
      rewritten((claims, token) => {
        const [head, , signature] = token.split('.')
        return `${head}.${Buffer.from(JSON.stringify({ ...claims, sub: 'p-2' })).toString('base64url')}.${signature}`
      }),
    ],
    [
      'a key that the provider does not publish',
      rewritten((claims) => jwt({ alg: 'RS256', kid: 'other' }, { ...claims }, stranger)),
    ],
    ['nothing at all', ({ id_token: _gone, ...reply }) => reply],
  ])('refuses an ID token with %s', async (_what, change) => {
    await addProvider()
    tamper = change
    expect(problemOf(await signIn())).toBe('/sign-in?problem=sso_invalid')
    expect(await countSessions()).toBe(0)
  })

  it('takes the provider’s own key, so that the table above fails for its reasons alone', async () => {
    await addProvider()
    tamper = forged({})
    expect((await sessionOf(await signIn())).name).toBe('mori@example.com')
  })

  it.each<readonly [string, (answered: URL) => void, string]>([
    ['another state', (url) => url.searchParams.set('state', 'x'), 'sso_expired'],
    [
      'a state whose proof is wrong',
      (url) => url.searchParams.set('state', `${url.searchParams.get('state')?.split('.')[0]}.x`),
      'sso_expired',
    ],
    ['no state', (url) => url.searchParams.delete('state'), 'sso_expired'],
    ['another issuer', (url) => url.searchParams.set('iss', 'https://evil.example'), 'sso_invalid'],
    ['no issuer, though the provider always names itself', (url) => url.searchParams.delete('iss'), 'sso_invalid'],
    ['a made-up code', (url) => url.searchParams.set('code', 'x'), 'sso_refused'],
    ['no code', (url) => url.searchParams.delete('code'), 'sso_invalid'],
    ['two codes', (url) => url.searchParams.append('code', 'x'), 'sso_invalid'],
  ])('refuses an answer with %s', async (_what, change, problem) => {
    await addProvider()
    const { url, cookie } = await start()
    const answered = await browse(url, ORIGIN)
    change(answered)
    expect(problemOf(await callback(answered, cookie))).toBe(`/sign-in?problem=${problem}`)
    expect(await countSessions()).toBe(0)
  })

  it('takes an answer once, in the browser that asked, and not for long', async () => {
    await addProvider()
    const first = await start()
    const answered = await browse(first.url, ORIGIN)
    const second = await start()
    expect(problemOf(await callback(answered, ''))).toContain('sso_expired')
    expect(problemOf(await callback(answered, second.cookie))).toContain('sso_expired')
    await sessionOf(await callback(answered, first.cookie))
    expect(problemOf(await callback(answered, first.cookie))).toContain('sso_expired')
    const late = await browse(second.url, ORIGIN)
    now += FLOW_LIFE_MS
    expect(problemOf(await callback(late, second.cookie))).toContain('sso_expired')
  })

  it('takes no code that was given to another browser’s sign-in', async () => {
    await addProvider()
    const victim = await start()
    const stolen = (await browse(victim.url, ORIGIN)).searchParams.get('code') ?? ''
    const attacker = await start()
    const own = await browse(attacker.url, ORIGIN)
    own.searchParams.set('code', stolen)
    expect(problemOf(await callback(own, attacker.cookie))).toBe('/sign-in?problem=sso_refused')
  })

  it('does not mix up two providers', async () => {
    await addProvider()
    await addProvider({ id: 'second' })
    const { url, cookie } = await start('corp')
    const answered = await browse(url, ORIGIN)
    answered.pathname = '/api/v1/sso/second/callback'
    expect(problemOf(await callback(answered, cookie, 'second'))).toBe('/sign-in?problem=sso_invalid')
    expect(await countSessions()).toBe(0)
  })

  it('limits how many sign-ins one address begins', async () => {
    await addProvider()
    const before = now
    let busy = 0
    for (let at = 0; at < 70; at++) if ((await start()).url.includes('sso_busy')) busy += 1
    expect(busy).toBe(10)
    now = before + 60_000
    expect((await start()).url).toContain(idp.issuer)
  })
})
