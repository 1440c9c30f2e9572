import { scryptSync } from 'node:crypto'
import { Secret, TOTP } from 'otpauth'
import { expect, it, vi } from 'vitest'
import { rejectionOf } from '../../platform/testing/code-of.ts'
import { describeStates } from '../../platform/testing/states.ts'
import { migrations } from '../migrations.ts'
import { findAccountByName, setPassword } from '../queries.ts'
import { createSetupLink } from '../setup.ts'
import { type AccessBed, accessBed, ORIGIN, OTHER_PASSWORD, PASSWORD, type TestBrowser } from '../testing/access-bed.ts'
import { SoftwareAuthenticator, type Wrongs } from '../testing/authenticator.ts'

vi.mock('node:crypto', async (original) => (await import('../testing/light-argon2.ts')).lightArgon2(await original()))

const START = Date.UTC(2026, 0, 1)
const MINUTE = 60_000

interface Next {
  next: string
  offers: string[]
  ticket: string
}
type Options = { options: Parameters<SoftwareAuthenticator['create']>[0] & Parameters<SoftwareAuthenticator['get']>[0] }

describeStates('signing in', (bed) => {
  async function begin(): Promise<{ access: AccessBed; browser: TestBrowser }> {
    const state = await bed.open(migrations)
    const access = accessBed(state, START)
    const browser = access.browser()
    const token = await createSetupLink(access.deps.db, 'default', access.now)
    await browser.call('POST', '/api/v1/setup', { token, name: 'mori', password: PASSWORD })
    return { access, browser }
  }

  const signIn = <T = Next>(browser: TestBrowser, password = PASSWORD, name = 'mori'): Promise<T> =>
    browser.call<T>('POST', '/api/v1/session', { name, password })

  async function addTotp(browser: TestBrowser, access: AccessBed): Promise<{ totp: TOTP; codes: string[] }> {
    const { secret, uri } = await browser.call<{ secret: string; uri: string }>('POST', '/api/v1/me/totp')
    expect(uri).toMatch(/^otpauth:\/\/totp\/Minato%20Pay:mori\?issuer=Minato%20Pay&secret=/)
    const totp = new TOTP({ secret: Secret.fromBase32(secret), algorithm: 'SHA1', digits: 6, period: 30 })
    const { codes } = await browser.call<{ codes: string[] }>('PUT', '/api/v1/me/totp', {
      code: totp.generate({ timestamp: access.now }),
    })
    return { totp, codes }
  }

  async function addPasskey(browser: TestBrowser, wrongs: Wrongs = {}): Promise<SoftwareAuthenticator> {
    const authenticator = new SoftwareAuthenticator(ORIGIN)
    const { options } = await browser.call<Options>('POST', '/api/v1/me/passkeys/options')
    const response = authenticator.create(options, wrongs)
    await browser.call('POST', '/api/v1/me/passkeys', { name: 'laptop', response })
    return authenticator
  }

  it('asks for the code of the app after the password, and takes each code once', async () => {
    const { access, browser } = await begin()
    const before = browser.cookies.get('kanpeki_session')
    const { totp, codes } = await addTotp(browser, access)
    expect(codes).toHaveLength(10)
    expect(browser.cookies.get('kanpeki_session')).not.toBe(before)
    expect((await browser.caller()).session?.methods).toEqual(['pwd', 'otp'])

    const other = access.browser()
    const next = await signIn(other)
    expect(next).toMatchObject({ next: 'otp', offers: ['otp', 'recovery'] })
    expect((await other.caller()).kind).toBe('anonymous')
    const sameStep = totp.generate({ timestamp: access.now })
    const send = (code: string, ticket = next.ticket, from = other): Promise<unknown> =>
      from.call('POST', '/api/v1/session/code', { ticket, step: 'otp', code })
    expect(await rejectionOf(send(sameStep))).toBe('wrong_code')
    access.now += 30_000
    const code = totp.generate({ timestamp: access.now })
    expect(await rejectionOf(send(code, next.ticket, access.browser()))).toBe('ticket_gone')
    await send(`${code.slice(0, 3)} ${code.slice(3)}`)
    expect((await other.caller()).session?.methods).toEqual(['pwd', 'otp'])
    expect(await rejectionOf(send(code))).toBe('ticket_gone')

    const third = access.browser()
    const again = await signIn(third)
    expect(await rejectionOf(send(code, again.ticket, third))).toBe('wrong_code')
    expect(access.told.map((one) => (one['event'] as { outcome: string }).outcome)).toEqual([
      'success',
      'failure',
      'success',
      'failure',
    ])
    expect(JSON.stringify(access.evidence)).not.toContain(code)
  })

  it('takes a recovery code once, however it is typed', async () => {
    const { access, browser } = await begin()
    const { codes } = await addTotp(browser, access)
    const use = async (code: string): Promise<TestBrowser> => {
      const other = access.browser()
      const { ticket } = await signIn(other)
      await other.call('POST', '/api/v1/session/code', { ticket, step: 'recovery', code })
      return other
    }
    const signedIn = await use(` ${codes[0]!.toUpperCase().replaceAll('-', ' ').replaceAll('0', 'O')}`)
    expect((await signedIn.caller()).session?.methods).toEqual(['pwd', 'rcv'])
    expect(await rejectionOf(use(codes[0]!))).toBe('wrong_code')
    expect(await browser.call('GET', '/api/v1/me/factors')).toMatchObject({ recoveryCodesLeft: 9, confirmBy: ['otp'] })
    const { codes: renewed } = await browser.call<{ codes: string[] }>('POST', '/api/v1/me/recovery')
    expect(await rejectionOf(use(codes[1]!))).toBe('wrong_code')
    await use(renewed[1]!)
  })

  it('ends a ticket after five wrong codes and after five minutes', async () => {
    const { access, browser } = await begin()
    const { totp } = await addTotp(browser, access)
    const send = (ticket: string, code: string): Promise<unknown> =>
      browser.call('POST', '/api/v1/session/code', { ticket, step: 'otp', code })
    const first = await signIn(browser)
    for (let at = 0; at < 5; at++) expect(await rejectionOf(send(first.ticket, '000000'))).toBe('wrong_code')
    expect(await rejectionOf(send(first.ticket, '000000'))).toBe('too_many_requests')
    access.now += MINUTE
    expect(await rejectionOf(send(first.ticket, totp.generate({ timestamp: access.now })))).toBe('ticket_gone')
    access.now += MINUTE
    const second = await signIn(browser)
    access.now += 5 * MINUTE
    expect(await rejectionOf(send(second.ticket, totp.generate({ timestamp: access.now })))).toBe('ticket_gone')
  })

  it('signs in by a passkey alone, and by one after the password', async () => {
    const { access, browser } = await begin()
    const authenticator = await addPasskey(browser)
    const alone = access.browser('198.51.100.9')
    const { options } = await alone.call<Options>('POST', '/api/v1/session/passkey/options')
    expect(options).not.toHaveProperty('allowCredentials')
    const response = authenticator.get(options)
    await alone.call('POST', '/api/v1/session/passkey', { response })
    expect((await alone.caller()).session?.methods).toEqual(['hwk', 'user'])
    expect(await rejectionOf(alone.call('POST', '/api/v1/session/passkey', { response }))).toBe('ticket_gone')

    const second = access.browser()
    const next = await signIn(second)
    expect(next).toMatchObject({ next: 'passkey', offers: ['passkey', 'recovery'] })
    const asked = await second.call<Options>('POST', '/api/v1/session/passkey/options', { ticket: next.ticket })
    await second.call('POST', '/api/v1/session/passkey', {
      ticket: next.ticket,
      response: authenticator.get(asked.options),
    })
    expect((await second.caller()).session?.methods).toEqual(['pwd', 'hwk', 'user'])
  })

  it('lets a passkey that was asked for before the password was typed go on', async () => {
    const { access, browser } = await begin()
    const authenticator = await addPasskey(browser)
    const other = access.browser()
    const { options } = await other.call<Options>('POST', '/api/v1/session/passkey/options')
    await signIn(other)
    await other.call('POST', '/api/v1/session/passkey', { response: authenticator.get(options) })
    expect((await other.caller()).kind).toBe('person')
  })

  it.each<[string, Wrongs]>([
    ['at another origin', { origin: 'https://evil.example' }],
    ['without its user verified', { verified: false }],
    ['with a broken signature', { tamper: true }],
    ['of another kind', { type: 'webauthn.create' }],
    ['for another relying party', { rpId: 'evil.example' }],
    ['whose counter went back', { counter: 1 }],
  ])('refuses a passkey %s, and leaves evidence', async (_what, wrongs) => {
    const { access, browser } = await begin()
    const authenticator = await addPasskey(browser)
    const other = access.browser()
    const { options } = await other.call<Options>('POST', '/api/v1/session/passkey/options')
    const send = (response: unknown): Promise<unknown> => other.call('POST', '/api/v1/session/passkey', { response })
    expect(await rejectionOf(send(authenticator.get(options, wrongs)))).toBe('passkey_refused')
    expect(access.evidence.at(-1)).toMatchObject({ type: 'signin', body: { outcome: 'failure', methods: ['hwk', 'user'] } })
    await send(authenticator.get(options, { counter: 9 }))
  })

  it.each<[string, Wrongs]>([
    ['at another origin', { origin: 'https://evil.example' }],
    ['without its user verified', { verified: false }],
    ['of another kind', { type: 'webauthn.get' }],
    ['for another relying party', { rpId: 'evil.example' }],
  ])('keeps no passkey made %s', async (_what, wrongs) => {
    const { browser } = await begin()
    expect(await rejectionOf(addPasskey(browser, wrongs))).toBe('passkey_refused')
  })

  it('answers the same for an unknown name, a wrong password and an unknown passkey, and keeps no name that is none', async () => {
    const { access, browser } = await begin()
    await addPasskey(browser)
    const messages = new Set<string>()
    for (const [name, password] of [
      ['mori', 'wrong'],
      ['nobody-at-all', 'wrong'],
    ] as const) {
      await signIn(access.browser(), password, name).catch((error: Error) => messages.add(error.message))
    }
    expect(messages).toEqual(new Set(['Name or password is wrong.']))
    const stranger = new SoftwareAuthenticator(ORIGIN)
    stranger.create({ challenge: 'x', rp: { id: 'localhost' }, user: { id: 'bm9ib2R5' } })
    const other = access.browser()
    const { options } = await other.call<Options>('POST', '/api/v1/session/passkey/options')
    expect(await rejectionOf(other.call('POST', '/api/v1/session/passkey', { response: stranger.get(options) }))).toBe(
      'passkey_refused',
    )
    expect(JSON.stringify([access.evidence, access.told])).not.toContain('nobody-at-all')
  })

  it('hashes an old password anew at sign-in', async () => {
    const { access } = await begin()
    const { db } = access.deps
    const salt = Buffer.alloc(16, 7)
    const key = scryptSync(PASSWORD, salt, 32, { N: 2 ** 17, r: 8, p: 1, maxmem: 2 ** 28 })
    const { id } = (await findAccountByName(db, 'mori'))!
    await setPassword(db, id, `scrypt$131072$8$1$${salt.toString('base64url')}$${key.toString('base64url')}`)
    await signIn(access.browser())
    expect((await findAccountByName(db, 'mori'))?.password).toMatch(/^\$argon2id\$/)
    await signIn(access.browser())
  })

  it('asks again who it is after 15 minutes, and takes the second factor for it', async () => {
    const { access, browser } = await begin()
    access.now += 16 * MINUTE
    expect(await rejectionOf(browser.call('POST', '/api/v1/me/totp'))).toBe('confirm_identity')
    const make = (scope: string): Promise<unknown> => browser.call('POST', '/api/v1/tokens', { name: 'x', scope })
    expect(await rejectionOf(make('admin'))).toBe('confirm_identity')
    await make('read')
    const confirm = (body: unknown): Promise<unknown> => browser.call('POST', '/api/v1/session/confirm', body)
    expect(await rejectionOf(confirm({ by: 'password', password: 'wrong' }))).toBe('wrong_password')
    const before = browser.cookies.get('kanpeki_session')
    await confirm({ by: 'password', password: PASSWORD })
    expect(browser.cookies.get('kanpeki_session')).not.toBe(before)
    const { totp } = await addTotp(browser, access)
    access.now += 16 * MINUTE
    expect(await rejectionOf(confirm({ by: 'password', password: PASSWORD }))).toBe('confirm_identity')
    await confirm({ by: 'otp', code: totp.generate({ timestamp: access.now }) })
    const authenticator = await addPasskey(browser)
    access.now += 16 * MINUTE
    const { options } = await browser.call<Options>('POST', '/api/v1/session/confirm/options')
    await confirm({ by: 'passkey', response: authenticator.get(options) })
    await browser.call('DELETE', '/api/v1/me/totp')
  })

  it('lets whoever owes a second factor do nothing else', async () => {
    const { access, browser } = await begin()
    access.policy = { ...access.policy, secondFactor: 'administrators' }
    expect(await browser.call('GET', '/api/v1/session')).toMatchObject({ next: 'enrol', permissions: ['public', 'session'] })
    expect(await rejectionOf(browser.call('GET', '/api/v1/tokens'))).toBe('forbidden')
    await addTotp(browser, access)
    expect(await browser.call('GET', '/api/v1/session')).toMatchObject({ next: null })
    await browser.call('GET', '/api/v1/tokens')
  })

  it('changes the password, ends the other sessions, and refuses what anyone would guess', async () => {
    const { access, browser } = await begin()
    const other = access.browser()
    await signIn(other)
    const change = (current: string, password: string): Promise<unknown> =>
      browser.call('PUT', '/api/v1/me/password', { current, password })
    expect(await rejectionOf(change(PASSWORD, 'Minato-Pay-2026'))).toBe('weak_password')
    expect(await rejectionOf(change('wrong', OTHER_PASSWORD))).toBe('wrong_password')
    const before = browser.cookies.get('kanpeki_session')
    expect(await change(PASSWORD, OTHER_PASSWORD)).toEqual({ ended: 1 })
    expect(browser.cookies.get('kanpeki_session')).not.toBe(before)
    expect((await other.caller()).kind).toBe('anonymous')
    expect((await browser.caller()).kind).toBe('person')
    expect(await rejectionOf(signIn(access.browser()))).toBe('unauthenticated')
    await signIn(access.browser(), OTHER_PASSWORD)
  })

  it('lists sessions and ends them', async () => {
    const { access, browser } = await begin()
    const other = access.browser('203.0.113.5')
    await signIn(other)
    type List = { items: { id: string; current: boolean; address: string }[] }
    const { items } = await browser.call<List>('GET', '/api/v1/me/sessions')
    expect(items.map(({ address, current }) => [address, current])).toContainEqual(['203.0.113.5', false])
    await browser.call('DELETE', `/api/v1/me/sessions/${items.find((one) => !one.current)!.id}`)
    expect((await other.caller()).kind).toBe('anonymous')
    await signIn(other)
    expect(await browser.call('DELETE', '/api/v1/me/sessions')).toEqual({ ended: 1 })
    expect((await browser.caller()).kind).toBe('person')
    expect(await rejectionOf(browser.call('DELETE', `/api/v1/me/sessions/${items[0]!.id}x`))).toBe('not_found')
  })

  it('never takes a session that the browser brought', async () => {
    const { access } = await begin()
    const victim = access.browser()
    victim.cookies.set('kanpeki_session', 'chosen-by-the-attacker')
    await signIn(victim)
    expect(victim.cookies.get('kanpeki_session')).not.toBe('chosen-by-the-attacker')
  })
})
