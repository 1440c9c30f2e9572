import { createHash } from 'node:crypto'
import fc from 'fast-check'
import type { Kysely } from 'kysely'
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import type { Caller } from '../../platform/http/route.ts'
import { readJson } from '../../platform/state/columns.ts'
import { openState, type State } from '../../platform/state/state.ts'
import { testCaller } from '../../platform/testing/caller.ts'
import { describeStates } from '../../platform/testing/states.ts'
import { endAccount } from '../end-account.ts'
import { migrations } from '../migrations.ts'
import { insertAccount, insertAssignment, insertToken } from '../queries.ts'
import type { AccessTables } from '../tables.ts'
import { CORE_GROUP, CORE_USER, ENTERPRISE_USER } from './attributes.ts'
import { BASE, type ScimBed, scimBed, scimCaller } from './testing/scim-client.ts'

const PATCH = 'urn:ietf:params:scim:api:messages:2.0:PatchOp'
const ERROR = 'urn:ietf:params:scim:api:messages:2.0:Error'

const user = (userName: string, more: Record<string, unknown> = {}) => ({
  schemas: [CORE_USER],
  userName,
  externalId: `ext-${userName}`,
  active: true,
  ...more,
})
const patch = (...Operations: unknown[]) => ({ schemas: [PATCH], Operations })

describeStates('SCIM', (bed) => {
  let state: State
  let client: ScimBed
  const db = (): Kysely<AccessTables> => state.tables<AccessTables>()

  beforeAll(async () => {
    state = await openState(await bed.place(), migrations)
  })
  afterAll(() => state.close())
  beforeEach(async () => {
    await reset()
    client = scimBed(state)
  })

  async function reset(): Promise<void> {
    for (const table of ['access_scim_groups', 'access_tokens', 'access_accounts'] as const)
      await db().deleteFrom(table).execute()
  }

  async function create(userName: string, more: Record<string, unknown> = {}): Promise<string> {
    const made = await client.scim('POST', '/Users', user(userName, more))
    expect(made.status).toBe(201)
    return made.body.id as string
  }

  async function createGroup(displayName: string, members: readonly string[] = []): Promise<string> {
    const body = { schemas: [CORE_GROUP], displayName, members: members.map((value) => ({ value })) }
    const made = await client.scim('POST', '/Groups', body)
    expect(made.status).toBe(201)
    return made.body.id as string
  }

  async function giveAccess(account: string): Promise<void> {
    const now = client.now
    const hash = createHash('sha256').update(`${account} ${Math.random()}`).digest('hex')
    const shared = { scope: 'default', hash, created: now, last_used: now, expires: now + 1e9 }
    const session = { ...shared, id: hash, account_id: account, methods: '["fed"]', address: '', agent: '' }
    await db().insertInto('access_sessions').values(session).execute()
    for (const grants of ['read', 'ingest']) {
      await insertToken(db(), {
        ...shared,
        id: `${hash} ${grants}`,
        hash: `${hash} ${grants}`,
        name: grants,
        grants,
        owner: account,
        source: null,
        old_hash: null,
        old_until: null,
      })
    }
  }

  async function accessOf(account: string): Promise<{ sessions: number; tokens: string[] }> {
    const sessions = await db().selectFrom('access_sessions').select('id').where('account_id', '=', account).execute()
    const tokens = await db().selectFrom('access_tokens').select('grants').where('owner', '=', account).execute()
    return { sessions: sessions.length, tokens: tokens.map(({ grants }) => grants) }
  }

  async function rolesOf(account: string): Promise<string[]> {
    const held = await db().selectFrom('access_assignments').selectAll().where('account_id', '=', account).execute()
    return held.map(({ origin, role, scope }) => `${origin} ${role} ${scope}`).sort()
  }

  const map = (group: string, ...roles: { role: string; scope: string }[]) =>
    client.admin('PUT', `/api/v1/scim/groups/${group}/roles`, { roles })

  it('says what it can do', async () => {
    const config = await client.scim('GET', '/ServiceProviderConfig')
    expect(config.type).toMatch(/^application\/scim\+json/)
    expect(config.body).toMatchObject({ patch: { supported: true }, bulk: { supported: false }, etag: { supported: true } })
    const types = await client.scim('GET', '/ResourceTypes')
    expect(types.body.Resources.map((one: { id: string }) => one.id)).toEqual(['User', 'Group'])
    expect((await client.scim('GET', '/ResourceTypes/Group')).body.schema).toBe(CORE_GROUP)
    expect((await client.scim('GET', '/Schemas')).body.totalResults).toBe(3)
    expect((await client.scim('GET', `/Schemas/${CORE_USER}`)).body.name).toBe('User')
    expect((await client.scim('GET', '/Schemas/urn:none')).status).toBe(404)
  })

  // The forms of the requests: Microsoft's "Develop and plan provisioning for a SCIM endpoint".
  it('serves a round of Microsoft Entra ID', async () => {
    const asked = await client.scim('GET', `/Users?filter=${encodeURIComponent('userName eq "aoi@example.com"')}`)
    expect(asked.body).toMatchObject({ totalResults: 0, Resources: [] })
    const made = await client.scim('POST', '/Users', {
      schemas: [CORE_USER, ENTERPRISE_USER],
      externalId: '0a21f0f2',
      userName: 'aoi@example.com',
      active: true,
      emails: [{ primary: true, type: 'work', value: 'aoi@example.com' }],
      meta: { resourceType: 'User' },
      name: { formatted: 'Aoi Mori', familyName: 'Mori', givenName: 'Aoi' },
      roles: [],
      [ENTERPRISE_USER]: { department: 'SOC' },
    })
    expect(made.status).toBe(201)
    const { id } = made.body
    expect(made.headers['location']).toBe(`${BASE}/Users/${id}`)
    expect(made.headers['etag']).toBe('W/"1"')
    expect(made.body).toMatchObject({ userName: 'aoi@example.com', meta: { version: 'W/"1"', location: `${BASE}/Users/${id}` } })
    const account = await db().selectFrom('access_accounts').selectAll().where('id', '=', id).executeTakeFirstOrThrow()
    expect(account).toMatchObject({
      name: 'aoi@example.com',
      display: 'Aoi Mori',
      email: 'aoi@example.com',
      origin: 'scim',
      password: '',
    })
    expect(
      (await client.scim('GET', `/Users?filter=${encodeURIComponent('userName eq "AOI@example.com"')}`)).body.totalResults,
    ).toBe(1)
    expect((await client.scim('GET', `/Users?filter=${encodeURIComponent('externalId eq "0a21f0f2"')}`)).body.totalResults).toBe(
      1,
    )

    const changed = await client.scim(
      'PATCH',
      `/Users/${id}`,
      patch(
        { op: 'Replace', path: 'emails[type eq "work"].value', value: 'mori@example.com' },
        { op: 'Replace', path: 'name.familyName', value: 'Sato' },
        { op: 'Add', path: `${ENTERPRISE_USER}:manager`, value: 'someone' },
        { op: 'Add', path: 'phoneNumbers[type eq "mobile"].value', value: '+81 3' },
        { op: 'Replace', value: { displayName: 'Aoi Sato', 'name.givenName': 'Aoi', [`${ENTERPRISE_USER}:costCenter`]: '7' } },
      ),
    )
    expect(changed.status).toBe(200)
    expect(changed.body).toMatchObject({
      displayName: 'Aoi Sato',
      emails: [{ type: 'work', value: 'mori@example.com', primary: true }],
      phoneNumbers: [{ type: 'mobile', value: '+81 3' }],
      name: { familyName: 'Sato', givenName: 'Aoi' },
      [ENTERPRISE_USER]: { department: 'SOC', manager: 'someone', costCenter: '7' },
      meta: { version: 'W/"2"' },
    })

    await giveAccess(id)
    const off = await client.scim('PATCH', `/Users/${id}`, patch({ op: 'Replace', path: 'active', value: 'False' }))
    expect(off.body.active).toBe(false)
    expect(await accessOf(id)).toEqual({ sessions: 0, tokens: ['ingest'] })
    const on = await client.scim('PATCH', `/Users/${id}`, patch({ op: 'Replace', value: { active: 'True' } }))
    expect(on.body.active).toBe(true)

    const group = await createGroup('SOC')
    const found = await client.scim(
      'GET',
      `/Groups?excludedAttributes=members&filter=${encodeURIComponent('displayName eq "soc"')}`,
    )
    expect(found.body.Resources).toMatchObject([{ id: group }])
    expect(found.body.Resources[0].members).toBeUndefined()
    await client.scim('PATCH', `/Groups/${group}`, patch({ op: 'Add', path: 'members', value: [{ $ref: null, value: id }] }))
    expect((await client.scim('GET', `/Groups/${group}`)).body.members).toMatchObject([{ value: id, display: 'aoi@example.com' }])
    expect((await client.scim('GET', `/Users/${id}`)).body.groups).toMatchObject([{ value: group, display: 'SOC' }])
    await client.scim('PATCH', `/Groups/${group}`, patch({ op: 'Remove', path: 'members', value: [{ $ref: null, value: id }] }))
    expect((await client.scim('GET', `/Groups/${group}`)).body.members).toEqual([])
    expect((await client.scim('DELETE', `/Groups/${group}`)).status).toBe(204)
    expect((await client.scim('DELETE', `/Users/${id}`)).status).toBe(204)
    const gone = await client.scim('GET', `/Users/${id}`)
    expect([gone.status, gone.body.schemas, gone.body.status]).toEqual([404, [ERROR], '404'])
  })

  // The forms of the requests: Okta's "SCIM protocol reference", SCIM 2.0.
  it('serves a round of Okta', async () => {
    const filter = encodeURIComponent('userName eq "ren@example.com"')
    expect((await client.scim('GET', `/Users?filter=${filter}&startIndex=1&count=100`)).body).toMatchObject({
      totalResults: 0,
      startIndex: 1,
      itemsPerPage: 0,
    })
    const id = await create('ren@example.com', {
      name: { givenName: 'Ren', familyName: 'Abe' },
      emails: [{ primary: true, value: 'ren@example.com', type: 'work' }],
      displayName: 'Ren Abe',
      locale: 'ja-JP',
      externalId: '00u1',
      groups: [],
      password: '1mz050nq',
    })
    const stored = await db().selectFrom('access_scim_users').select('document').executeTakeFirstOrThrow()
    expect(stored.document).not.toContain('1mz050nq')
    const put = await client.scim('PUT', `/Users/${id}`, {
      ...user('ren@example.com', { displayName: 'Ren A.' }),
      id,
      externalId: '00u1',
      meta: { resourceType: 'User' },
    })
    expect(put.body).toMatchObject({ displayName: 'Ren A.', externalId: '00u1' })
    expect(put.body.locale).toBeUndefined()

    const group = await createGroup('Responders', [id])
    const renamed = await client.scim(
      'PATCH',
      `/Groups/${group}`,
      patch({ op: 'replace', value: { id: group, displayName: 'Incident responders' } }),
    )
    expect(renamed.body).toMatchObject({ id: group, displayName: 'Incident responders', members: [{ value: id }] })
    const other = await create('yui@example.com')
    const members = await client.scim(
      'PATCH',
      `/Groups/${group}`,
      patch(
        { op: 'remove', path: `members[value eq "${id}"]` },
        { op: 'add', path: 'members', value: [{ value: other, display: 'yui@example.com' }] },
      ),
    )
    expect(members.body.members).toMatchObject([{ value: other }])
    await client.scim(
      'PATCH',
      `/Groups/${group}`,
      patch({ op: 'replace', path: 'members', value: [{ value: id }, { value: other }] }),
    )
    expect((await client.scim('GET', `/Groups/${group}`)).body.members).toHaveLength(2)

    await giveAccess(id)
    const off = await client.scim('PATCH', `/Users/${id}`, patch({ op: 'replace', value: { active: false } }))
    expect([off.status, off.body.active]).toEqual([200, false])
    expect(await accessOf(id)).toEqual({ sessions: 0, tokens: ['ingest'] })
    expect(client.evidence.at(-1)?.body).toMatchObject({
      action: 'account.end',
      by: { id: 'token-1', name: 'Entra ID' },
      account: id,
      sessions: 1,
    })
  })

  it('gives members what an administrator said the group gives, at once', async () => {
    const id = await create('a')
    const group = await createGroup('SOC', [id])
    expect(await rolesOf(id)).toEqual([])
    await map(group, { role: 'analyst', scope: 'default' }, { role: 'viewer', scope: '*' })
    const local = {
      id: 'r1',
      scope: 'default',
      account_id: id,
      role: 'analyst',
      origin: 'local',
      by_name: 'x',
      created: 1,
    } as const
    await insertAssignment(db(), local)
    expect(await rolesOf(id)).toEqual(['local analyst default', 'scim analyst default', 'scim viewer *'])
    await map(group, { role: 'viewer', scope: '*' })
    expect(await rolesOf(id)).toEqual(['local analyst default', 'scim viewer *'])
    await client.scim('PATCH', `/Groups/${group}`, patch({ op: 'remove', path: 'members' }))
    expect(await rolesOf(id)).toEqual(['local analyst default'])
    await expect(map(group, { role: 'viewer', scope: 'nowhere' })).rejects.toMatchObject({ code: 'not_found' })
    expect(await client.admin('GET', '/api/v1/scim/groups')).toMatchObject({
      items: [{ id: group, name: 'SOC', members: 0, roles: [{ role: 'viewer', scope: '*' }] }],
    })
    expect(await client.admin('GET', '/api/v1/scim')).toMatchObject({ baseUrl: BASE, users: { active: 1, inactive: 0 } })
  })

  it('does not see, take or end accounts that it did not make', async () => {
    const local = { id: 'local', scope: 'default', name: 'mori', password: '$argon2id$', created: 1, last_seen: null }
    await insertAccount(db(), local)
    expect((await client.scim('GET', '/Users')).body.totalResults).toBe(0)
    expect((await client.scim('GET', '/Users/local')).status).toBe(404)
    expect((await client.scim('DELETE', '/Users/local')).status).toBe(404)
    expect((await client.scim('PATCH', '/Users/local', patch({ op: 'replace', value: { active: false } }))).status).toBe(404)
    const taken = await client.scim('POST', '/Users', user('Mori'))
    expect([taken.status, taken.body.scimType]).toEqual([409, 'uniqueness'])
    const id = await create('other')
    expect((await client.scim('PATCH', `/Users/${id}`, patch({ op: 'replace', path: 'userName', value: 'MORI' }))).status).toBe(
      409,
    )
    const stranger = await client.scim('POST', '/Groups', { displayName: 'g', members: [{ value: 'local' }] })
    expect([stranger.status, stranger.body.scimType]).toEqual([400, 'invalidValue'])
    expect((await client.scim('GET', '/Groups')).body.totalResults).toBe(0)
  })

  it('gives a new user of an old name nothing of the old one', async () => {
    const first = await create('a@example.com')
    const role = {
      id: 'r1',
      scope: '*',
      account_id: first,
      role: 'administrator',
      origin: 'local',
      by_name: 'x',
      created: 1,
    } as const
    await insertAssignment(db(), role)
    await client.scim('DELETE', `/Users/${first}`)
    const second = await create('a@example.com')
    expect(second).not.toBe(first)
    expect(await rolesOf(second)).toEqual([])
    const old = await db().selectFrom('access_accounts').selectAll().where('id', '=', first).executeTakeFirstOrThrow()
    expect(old).toMatchObject({ active: 0, name: `a@example.com (${first})` })
  })

  it('does not resume what was ended here, whatever the client repeats', async () => {
    const id = await create('a')
    const say = async (active: boolean) =>
      (await client.scim('PUT', `/Users/${id}`, user('a', { active }))).body.active as boolean
    const resumeHere = () => db().updateTable('access_accounts').set({ active: 1 }).where('id', '=', id).execute()
    const endHere = () => state.transaction<AccessTables, unknown>((trx) => endAccount(trx, id, client.now))
    await endHere()
    expect([await say(true), await say(false), await say(true)]).toEqual([false, false, false])
    await resumeHere()
    expect([await say(true), await say(false), await say(true)]).toEqual([true, false, true])
    await say(false)
    await resumeHere()
    await endHere()
    expect(await say(true)).toBe(false)
  })

  it('refuses a change to what somebody else changed in the meantime', async () => {
    const id = await create('a')
    const rename = (value: string, tag: string) =>
      client.scim('PATCH', `/Users/${id}`, patch({ op: 'replace', path: 'displayName', value }), { 'if-match': tag })
    expect((await rename('x', 'W/"1"')).headers['etag']).toBe('W/"2"')
    const late = await rename('y', 'W/"1"')
    expect([late.status, late.body.status]).toEqual([412, '412'])
    expect((await rename('x', 'W/"2"')).headers['etag']).toBe('W/"2"')
    expect((await client.scim('GET', `/Users/${id}`, {}, { 'if-none-match': 'W/"2"' })).status).toBe(304)
  })

  it('loses nothing of changes that come at once', async () => {
    const ids = await Promise.all(['a', 'b', 'c', 'd', 'e', 'f'].map((name) => create(name)))
    const group = await createGroup('g')
    await map(group, { role: 'viewer', scope: 'default' })
    const add = (value: string) =>
      client.scim('PATCH', `/Groups/${group}`, patch({ op: 'add', path: 'members', value: [{ value }] }))
    const replies = await Promise.all(ids.map(add))
    expect(replies.map((reply) => reply.headers['etag']).sort()).toEqual([2, 3, 4, 5, 6, 7].map((version) => `W/"${version}"`))
    expect((await client.scim('GET', `/Groups/${group}`)).body.members).toHaveLength(6)
    for (const id of ids) expect(await rolesOf(id)).toEqual(['scim viewer default'])
    const same = await Promise.all([1, 2, 3].map(() => client.scim('POST', '/Users', user('twin'))))
    expect(same.map(({ status }) => status).sort()).toEqual([201, 409, 409])
  })

  it('pages, sorts, and tells the attributes asked for', async () => {
    for (const name of ['c', 'a', 'b']) await create(name, { title: name.toUpperCase() })
    const names = async (query: string) =>
      (await client.scim('GET', `/Users?${query}`)).body.Resources.map((one: { userName: string }) => one.userName)
    expect(await names('sortBy=userName')).toEqual(['a', 'b', 'c'])
    expect(await names('sortBy=title&sortOrder=descending')).toEqual(['c', 'b', 'a'])
    expect(await names('sortBy=userName&startIndex=2&count=1')).toEqual(['b'])
    expect(await names('count=0')).toEqual([])
    expect(await names(`filter=${encodeURIComponent('title eq "a" or userName sw "C"')}&sortBy=userName`)).toEqual(['a', 'c'])
    const [one] = (await client.scim('GET', '/Users?count=1&attributes=userName,meta.version')).body.Resources
    expect(Object.keys(one).sort()).toEqual(['id', 'meta', 'schemas', 'userName'])
    expect(one.meta).toEqual({ version: 'W/"1"' })
  })

  it.each<readonly [string, string, unknown, number, string]>([
    ['GET', '/Users?filter=userName%20xx%20%22a%22', undefined, 400, 'invalidFilter'],
    ['GET', '/Users?filter=userName', undefined, 400, 'invalidFilter'],
    ['GET', '/Users?sortBy=__proto__', undefined, 400, 'invalidPath'],
    ['POST', '/Users', {}, 400, 'invalidValue'],
    ['POST', '/Users', { userName: 'a\u202Eb' }, 400, 'invalidValue'],
    ['POST', '/Users', { userName: 'a', active: 'perhaps' }, 400, 'invalidValue'],
    ['POST', '/Users', { userName: 'a', name: 'text' }, 400, 'invalidValue'],
    ['POST', '/Users', { userName: 'a', title: 'x'.repeat(40_000) }, 400, 'invalidValue'],
    ['POST', '/Groups', { displayName: '' }, 400, 'invalidValue'],
    ['PATCH', '/Users/ID', {}, 400, 'invalidSyntax'],
    ['PATCH', '/Users/ID', patch({ op: 'move', path: 'title' }), 400, 'invalidSyntax'],
    ['PATCH', '/Users/ID', patch({ op: 'remove' }), 400, 'noTarget'],
    ['PATCH', '/Users/ID', patch({ op: 'replace', path: 'emails[type co "x"].value', value: 'a' }), 400, 'noTarget'],
    ['PATCH', '/Users/ID', patch({ op: 'add', path: '__proto__.admin', value: true }), 400, 'invalidPath'],
    ['PATCH', '/Users/ID', patch({ op: 'add', path: 'emails[type eq "x"].constructor', value: true }), 400, 'invalidPath'],
    ['PATCH', '/Users/ID', patch({ op: 'add', path: 'emails[constructor eq "x"].value', value: true }), 400, 'invalidFilter'],
    ['PATCH', '/Users/ID', patch({ op: 'add', value: { prototype: { x: 1 } } }), 400, 'invalidPath'],
    ['PATCH', '/Users/ID', patch({ op: 'replace', path: 'userName', value: null }), 400, 'invalidValue'],
    ['PATCH', '/Users/none', patch({ op: 'replace', path: 'title', value: 'x' }), 404, ''],
  ])('answers %s %s with what is wrong', async (method, path, body, status, scimType) => {
    const id = await create('subject')
    const reply = await client.scim(method as 'GET', path.replace('ID', id), body)
    expect([reply.status, reply.body.scimType ?? '', reply.body.schemas]).toEqual([status, scimType, [ERROR]])
    expect((await client.scim('GET', `/Users/${id}`)).headers['etag']).toBe('W/"1"')
  })

  it('belongs to the whole installation', async () => {
    const foreign: Caller = scimCaller({ scope: 'team-b' })
    await expect(scimBed(state, foreign).scim('GET', '/Users')).rejects.toMatchObject({ code: 'forbidden' })
    expect(testCaller().scope).toBe('default')
  })

  it('never leaves an ended user a session or a token, nor a role that no group and nobody here gives', async () => {
    const names = ['a', 'b', 'c']
    const groups = ['g', 'h']
    const roles = ['viewer', 'analyst', 'responder'].map((role) => ({ role, scope: 'default' }))
    const index = (length: number) => fc.nat({ max: length - 1 })
    const step = fc.oneof(
      fc.record({ kind: fc.constant('user' as const), user: index(3), active: fc.boolean() }),
      fc.record({ kind: fc.constant('active' as const), user: index(3), active: fc.boolean() }),
      fc.record({ kind: fc.constant('remove' as const), user: index(3) }),
      fc.record({ kind: fc.constant('group' as const), group: index(2) }),
      fc.record({ kind: fc.constant('ungroup' as const), group: index(2) }),
      fc.record({
        kind: fc.constant('members' as const),
        group: index(2),
        users: fc.uniqueArray(index(3)),
        op: fc.constantFrom('add', 'remove', 'replace'),
      }),
      fc.record({ kind: fc.constant('map' as const), group: index(2), roles: fc.subarray(roles) }),
      fc.record({ kind: fc.constant('local' as const), user: index(3), role: fc.constantFrom(...roles) }),
      fc.record({ kind: fc.constant('access' as const), user: index(3) }),
    )
    type Step = typeof step extends fc.Arbitrary<infer T> ? T : never
    let checked = 0

    const idOf = async (name: string) =>
      (await client.scim('GET', `/Users?filter=${encodeURIComponent(`userName eq "${name}"`)}`)).body.Resources[0]?.id as
        | string
        | undefined
    const groupOf = async (name: string) =>
      (await client.scim('GET', `/Groups?filter=${encodeURIComponent(`displayName eq "${name}"`)}`)).body.Resources[0]?.id as
        | string
        | undefined

    async function take(one: Step): Promise<void> {
      const name = 'user' in one ? (names[one.user] ?? '') : ''
      const userId = 'user' in one ? await idOf(name) : undefined
      const groupName = 'group' in one ? (groups[one.group] ?? '') : ''
      const groupId = 'group' in one ? await groupOf(groupName) : undefined
      switch (one.kind) {
        case 'user':
          await client.scim('POST', '/Users', user(name, { active: one.active }))
          return
        case 'active':
          if (userId !== undefined)
            await client.scim('PATCH', `/Users/${userId}`, patch({ op: 'replace', value: { active: one.active } }))
          return
        case 'remove':
          if (userId !== undefined) await client.scim('DELETE', `/Users/${userId}`)
          return
        case 'group':
          await client.scim('POST', '/Groups', { displayName: groupName })
          return
        case 'ungroup':
          if (groupId !== undefined) await client.scim('DELETE', `/Groups/${groupId}`)
          return
        case 'members': {
          const ids = (await Promise.all(one.users.map((at) => idOf(names[at] ?? '')))).filter((id) => id !== undefined)
          const value = ids.map((id) => ({ value: id }))
          if (groupId !== undefined)
            await client.scim('PATCH', `/Groups/${groupId}`, patch({ op: one.op, path: 'members', value }))
          return
        }
        case 'map':
          if (groupId !== undefined) await map(groupId, ...one.roles)
          return
        case 'local':
          if (userId !== undefined) {
            const id = `${userId} ${one.role.role}`
            await insertAssignment(db(), { ...one.role, id, account_id: userId, origin: 'local', by_name: 'x', created: 1 })
          }
          return
        case 'access':
          // Whoever is ended cannot sign in, hence gets no session: findSession and SSO ask for active accounts.
          if (userId !== undefined && (await client.scim('GET', `/Users/${userId}`)).body.active === true)
            await giveAccess(userId)
      }
    }

    async function holds(): Promise<void> {
      for (const { id, active } of await db().selectFrom('access_accounts').select(['id', 'active']).execute()) {
        if (active === 0) expect(await accessOf(id)).toMatchObject({ sessions: 0 })
        if (active === 0) expect((await accessOf(id)).tokens.filter((grant) => grant !== 'ingest')).toEqual([])
        const groupRows = await db()
          .selectFrom('access_scim_members as m')
          .innerJoin('access_scim_groups as g', 'g.id', 'm.group_id')
          .select('g.roles')
          .where('m.account_id', '=', id)
          .execute()
        const wanted = new Set(
          groupRows.flatMap((row) => readJson<{ role: string }[]>(row.roles)).map(({ role }) => `scim ${role} default`),
        )
        expect((await rolesOf(id)).filter((role) => role.startsWith('scim'))).toEqual([...wanted].sort())
        checked += 1
      }
    }

    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 3, maxLength: 14 }), async (steps) => {
        await reset()
        for (const name of names) await create(name)
        for (const name of groups) await createGroup(name)
        for (const one of steps) await take(one)
        await holds()
      }),
      { numRuns: 30 },
    )
    expect(checked).toBeGreaterThan(80)
    console.log(`${checked} accounts were looked at`)
  })
})
