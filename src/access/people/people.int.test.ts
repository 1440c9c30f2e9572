import { expect, it, vi } from 'vitest'
import { rejectionOf } from '../../platform/testing/code-of.ts'
import { describeStates } from '../../platform/testing/states.ts'
import { migrations } from '../migrations.ts'
import { createSetupLink } from '../setup.ts'
import { type AccessBed, accessBed, ORIGIN, OTHER_PASSWORD, PASSWORD, type TestBrowser } from '../testing/access-bed.ts'
import { SoftwareAuthenticator } from '../testing/authenticator.ts'
import { createToken } from '../tokens.ts'
import type { PeopleList, Person } from './schema.ts'

vi.mock('node:crypto', async (original) => (await import('../testing/light-argon2.ts')).lightArgon2(await original()))

const START = Date.UTC(2026, 0, 1)
const HOUR = 3_600_000

interface Invited {
  person: Person
  invite: { link: string; expires: string }
}
const tokenIn = (link: string): string => new URL(link).searchParams.get('token')!
const inScope = (role: string, scope = '*'): { role: string; scope: string } => ({ role, scope })

describeStates('people', (bed) => {
  async function begin(): Promise<{ access: AccessBed; admin: TestBrowser; mori: string }> {
    const access = accessBed(await bed.open(migrations), START)
    const admin = access.browser()
    const token = await createSetupLink(access.deps.db, 'default', access.now)
    await admin.call('POST', '/api/v1/setup', { token, name: 'mori', password: PASSWORD })
    for (const scope of ['east', 'west']) {
      await access.deps.db.insertInto('access_scopes').values({ scope, title: scope, labels: '{}', created: START }).execute()
    }
    return { access, admin, mori: (await admin.caller()).id }
  }

  const invite = (admin: TestBrowser, name: string, roles: readonly object[]): Promise<Invited> =>
    admin.call<Invited>('POST', '/api/v1/people', { name, roles })

  async function join(access: AccessBed, admin: TestBrowser, name: string, roles: readonly object[]) {
    const { person, invite: made } = await invite(admin, name, roles)
    const browser = access.browser()
    await browser.call('POST', '/api/v1/invite', { token: tokenIn(made.link), password: OTHER_PASSWORD })
    return { browser, person, link: made.link }
  }

  it('invites by a link that works once, for 72 hours', async () => {
    const { access, admin } = await begin()
    const { person, invite: made } = await invite(admin, 'sato', [inScope('analyst', 'default')])
    expect(person).toMatchObject({ name: 'sato', active: true, password: false, roles: [{ role: 'analyst', scope: 'default' }] })
    expect(made.link).toMatch(new RegExp(`^${ORIGIN}/invite\\?token=[\\w-]{43}$`))
    expect(Date.parse(made.expires) - START).toBe(72 * HOUR)
    const token = tokenIn(made.link)
    const guest = access.browser()
    expect(await guest.call('GET', `/api/v1/invite?token=${token}`)).toMatchObject({ valid: true, kind: 'invite', name: 'sato' })
    expect(await guest.call('GET', '/api/v1/invite?token=guess')).toMatchObject({ valid: false, name: null })
    const use = (password: string): Promise<unknown> => guest.call('POST', '/api/v1/invite', { token, password })
    expect(await rejectionOf(use('Minato-Pay-2026'))).toBe('weak_password')
    await use(OTHER_PASSWORD)
    expect(await guest.call('GET', '/api/v1/session')).toMatchObject({ user: { name: 'sato', roles: ['analyst'] } })
    expect(await rejectionOf(use(OTHER_PASSWORD))).toBe('gone')
    expect(await rejectionOf(invite(admin, 'sato', []))).toBe('conflict')
    const late = await invite(admin, 'ito', [])
    access.now += 72 * HOUR
    const token2 = tokenIn(late.invite.link)
    expect(await rejectionOf(guest.call('POST', '/api/v1/invite', { token: token2, password: PASSWORD }))).toBe('gone')
    expect(JSON.stringify(access.evidence)).not.toContain(token)
    expect(access.evidence.map(({ body }) => body['action']).filter(Boolean)).toEqual([
      'account.create',
      'account.invite',
      'link.use',
      'account.invite',
    ])
  })

  it('takes a passkey instead of a password by the link, and a code of that account only after a reset that keeps it', async () => {
    const { access, admin } = await begin()
    const { person, invite: made } = await invite(admin, 'sato', [inScope('viewer')])
    const token = tokenIn(made.link)
    const sato = access.browser()
    const key = new SoftwareAuthenticator(ORIGIN)
    type Options = { options: Parameters<SoftwareAuthenticator['create']>[0] }
    const { options } = await sato.call<Options>('POST', '/api/v1/invite/passkey/options', { token })
    const response = key.create(options)
    expect(
      await rejectionOf(sato.call('POST', '/api/v1/invite/passkey', { token: `${token.slice(1)}A`, name: 'x', response })),
    ).toBe('gone')
    await sato.call('POST', '/api/v1/invite/passkey', { token, name: 'phone', response })
    expect((await sato.caller()).session?.methods).toEqual(['hwk', 'user'])

    const reset = (factors: boolean): Promise<{ link: string }> =>
      admin.call<{ link: string }>('POST', `/api/v1/people/${person.id}/reset`, { factors })
    const kept = tokenIn((await reset(false)).link)
    const guest = access.browser()
    expect(await rejectionOf(guest.call('POST', '/api/v1/invite/passkey/options', { token: kept }))).toBe('conflict')
    const next = await guest.call('POST', '/api/v1/invite', { token: kept, password: OTHER_PASSWORD })
    expect(next).toMatchObject({ next: 'passkey' })
    expect((await guest.caller()).kind).toBe('anonymous')
    expect((await sato.caller()).kind).toBe('anonymous')
    const removed = tokenIn((await reset(true)).link)
    await guest.call('POST', '/api/v1/invite', { token: removed, password: OTHER_PASSWORD })
    expect(await guest.call('GET', '/api/v1/me/factors')).toMatchObject({ passkeys: [], recoveryCodesLeft: 0 })
  })

  it('limits an outside auditor to a span of the ledger in one scope, and shows it', async () => {
    const { access, admin } = await begin()
    const { browser, person } = await join(access, admin, 'kansa', [inScope('examiner', 'default')])
    expect(person.auditPeriod).toBeNull()
    expect((await browser.caller()).period).toBeUndefined()
    const period = { from: '2026-01-01T00:00:00.000Z', to: null }
    await admin.call('PUT', `/api/v1/people/${person.id}/audit-period`, period)
    const { items } = await admin.call<PeopleList>('GET', '/api/v1/people')
    expect(items.map(({ name, auditPeriod }) => [name, auditPeriod])).toEqual(
      expect.arrayContaining([
        ['mori', null],
        ['kansa', period],
      ]),
    )
    expect((await browser.caller()).period).toEqual({ from: Date.parse(period.from), to: null })
    expect(access.evidence.map(({ body }) => body['action'])).toContain('account.audit-period')
  })

  it('ends everything of a leaver at once, and names the ingest tokens to rotate', async () => {
    const { access, admin } = await begin()
    const { browser, person } = await join(access, admin, 'sato', [inScope('administrator'), inScope('engineer')])
    const { db } = access.deps
    const make = (name: string, grant: 'ingest' | 'read') =>
      createToken(db, { scope: 'default', name, grant, owner: person.id }, access.now)
    const shipper = await make('shipper', 'ingest')
    await make('reader', 'read')
    const patch = (id: string, body: unknown): Promise<unknown> => admin.call('PATCH', `/api/v1/people/${id}`, body)
    const done = await patch(person.id, { active: false })
    expect(done).toMatchObject({
      person: { active: false, sessions: 0 },
      ended: { sessions: 1, tokens: 1 },
      rotate: [{ id: shipper.id, name: 'shipper', scope: 'default' }],
    })
    expect((await browser.caller()).kind).toBe('anonymous')
    expect(await rejectionOf(access.browser().call('POST', '/api/v1/session', { name: 'sato', password: OTHER_PASSWORD }))).toBe(
      'unauthenticated',
    )
    expect(access.evidence.map(({ body }) => body['action'])).toContain('account.end')
    await patch(person.id, { active: true, display: 'Sato Ken' })
    await browser.call('POST', '/api/v1/session', { name: 'sato', password: OTHER_PASSWORD })
    expect(await browser.call('GET', '/api/v1/session')).toMatchObject({ user: { name: 'sato' } })
  })

  it('keeps the last administrator of everything, and nobody ends or promotes themselves', async () => {
    const { access, admin, mori } = await begin()
    const roles = (by: TestBrowser, id: string, list: readonly object[]): Promise<unknown> =>
      by.call('PUT', `/api/v1/people/${id}/roles`, { roles: list })
    expect(await rejectionOf(admin.call('PATCH', `/api/v1/people/${mori}`, { active: false }))).toBe('own_roles')
    expect(await rejectionOf(roles(admin, mori, [inScope('approver')]))).toBe('last_administrator')
    expect(await rejectionOf(roles(admin, mori, [inScope('administrator'), inScope('engineer')]))).toBe('own_roles')
    const { browser: sato, person } = await join(access, admin, 'sato', [inScope('administrator')])
    await roles(admin, mori, [inScope('administrator')])
    expect(await rejectionOf(roles(sato, person.id, [inScope('administrator'), inScope('approver')]))).toBe('own_roles')
    await roles(sato, mori, [inScope('viewer')])
    expect(await rejectionOf(admin.call('GET', '/api/v1/people'))).toBe('forbidden')
    expect(await rejectionOf(roles(sato, person.id, []))).toBe('last_administrator')
  })

  it("keeps a team's administrator within the team", async () => {
    const { access, admin, mori } = await begin()
    const { browser: sato, person } = await join(access, admin, 'sato', [inScope('administrator', 'east')])
    const { person: both } = await join(access, admin, 'ito', [inScope('viewer', 'east'), inScope('viewer', 'west')])
    const { person: west } = await join(access, admin, 'abe', [inScope('analyst', 'west')])
    const list = await sato.call<PeopleList>('GET', '/api/v1/people')
    expect(list.items.map(({ name, editable }) => [name, editable])).toEqual([
      ['ito', false],
      ['mori', false],
      ['sato', false],
    ])
    expect(list.items.find(({ name }) => name === 'ito')?.roles.map(({ scope }) => scope)).toEqual(['east'])
    expect(new Set(list.grantable.map(({ scope }) => scope))).toEqual(new Set(['east']))
    const refused: [string, () => Promise<unknown>, string][] = [
      ['a role elsewhere', () => invite(sato, 'x1', [inScope('viewer', 'west')]), 'beyond_own'],
      ['a role everywhere', () => invite(sato, 'x2', [inScope('viewer')]), 'beyond_own'],
      ['an account that also belongs elsewhere', () => sato.call('POST', `/api/v1/people/${both.id}/reset`, {}), 'beyond_own'],
      ['the administrator of everything', () => sato.call('POST', `/api/v1/people/${mori}/reset`, {}), 'beyond_own'],
      ['ending them', () => sato.call('PATCH', `/api/v1/people/${mori}`, { active: false }), 'beyond_own'],
      ['their sessions', () => sato.call('GET', `/api/v1/people/${mori}/sessions`), 'beyond_own'],
      ['ending their sessions', () => sato.call('DELETE', `/api/v1/people/${mori}/sessions`), 'beyond_own'],
      ['whom they do not see', () => sato.call('GET', `/api/v1/people/${west.id}`), 'not_found'],
      ['nor change', () => sato.call('PUT', `/api/v1/people/${west.id}/roles`, { roles: [] }), 'not_found'],
    ]
    for (const [what, asked, code] of refused) expect([what, await rejectionOf(asked())]).toEqual([what, code])
    expect(refused).toHaveLength(9)
    await sato.call('PUT', `/api/v1/people/${both.id}/roles`, { roles: [inScope('analyst', 'east')] })
    const after = await admin.call<Person>('GET', `/api/v1/people/${both.id}`)
    expect(after.roles.map(({ role, scope }) => `${role} ${scope}`).sort()).toEqual(['analyst east', 'viewer west'])
    const { person: mine } = await invite(sato, 'uno', [inScope('analyst', 'east'), inScope('approver', 'east')])
    expect(mine).toMatchObject({ scope: 'east', editable: true })
    await sato.call('POST', `/api/v1/people/${mine.id}/reset`, {})
    expect(person.scope).toBe('default')
  })

  it('shows sessions to an auditor of everything, and lets them end none', async () => {
    const { access, admin, mori } = await begin()
    const { browser } = await join(access, admin, 'sato', [inScope('auditor')])
    const { items } = await browser.call<{ items: object[] }>('GET', `/api/v1/people/${mori}/sessions`)
    expect(items).toHaveLength(1)
    expect(await rejectionOf(browser.call('DELETE', `/api/v1/people/${mori}/sessions`))).toBe('forbidden')
  })

  it('lists duties that meet in one person', async () => {
    const { admin } = await begin()
    const { items } = await admin.call<PeopleList>('GET', '/api/v1/people')
    expect(items[0]?.conflicts).toEqual([{ roles: ['administrator', 'approver'], scope: '*' }])
    const { person } = await invite(admin, 'sato', [inScope('engineer', 'east'), inScope('auditor'), inScope('viewer', 'west')])
    expect(person.conflicts).toEqual([{ roles: ['engineer', 'auditor'], scope: 'east' }])
  })

  it('asks again who it is before people are changed, but not before sessions are ended', async () => {
    const { access, admin, mori } = await begin()
    const { person } = await join(access, admin, 'sato', [inScope('viewer')])
    access.now += 16 * 60_000
    for (const [method, path, body] of [
      ['POST', '/api/v1/people', { name: 'x', roles: [] }],
      ['PATCH', `/api/v1/people/${person.id}`, { display: 'x' }],
      ['PUT', `/api/v1/people/${mori}/roles`, { roles: [] }],
      ['POST', `/api/v1/people/${person.id}/reset`, {}],
    ] as const) {
      expect(await rejectionOf(admin.call(method, path, body))).toBe('confirm_identity')
    }
    expect(await admin.call('DELETE', `/api/v1/people/${person.id}/sessions`)).toEqual({ ended: 1 })
  })
})
