import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { TOTP } from 'otpauth'
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { change, hasChromium, launchChromium, PASSWORD, type Watched, watchedPage, words } from './support/browser.ts'
import { type Running, startServer, temporaryFolder } from './support/kanpeki.ts'

const SECOND_PASSWORD = 'four boats under a paper moon'

describe.skipIf(!hasChromium)('access in Chromium (needs Debian’s chromium)', () => {
  let browser: Browser
  beforeAll(async () => {
    browser = await launchChromium()
  })
  afterAll(() => browser.close())

  // In one language: the flow is the same, and every page is seen in both by the tests of the console and of the settings.
  describe.each(['ja'] as const)('in %s', (language) => {
    const folder = temporaryFolder()
    const t = words(language)
    let server: Running
    let first: Watched
    let second: Watched
    /** The name that passkeys can be bound to: an address is none (WebAuthn §5.1.2). */
    let origin: string
    let secret = ''
    let invitation = ''

    beforeAll(async () => {
      server = await startServer(join(folder.path, 'data'))
      origin = server.url.replace('127.0.0.1', 'localhost')
      first = await watchedPage(browser, language)
      second = await watchedPage(browser, language)
    }, 120_000)
    afterAll(async () => {
      await first.context.close()
      await second.context.close()
      server.child.kill('SIGKILL')
      folder.remove()
    })

    const button = (page: Page, path: string) => page.getByRole('button', { name: t(path), exact: true }).first()
    const inside = (page: Page) => page.getByRole('navigation').first().waitFor()
    const code = (steps = 0) => new TOTP({ secret }).generate({ timestamp: Date.now() + steps * 30_000 })

    const sessionCookies = async (context: BrowserContext) =>
      (await context.cookies(origin)).filter(({ name }) => name.endsWith('kanpeki_session'))
    async function signOut(page: Page): Promise<void> {
      await page.goto(`${origin}/settings/you`)
      await button(page, 'access.account.signOut').click()
      await page.waitForURL((url) => url.pathname === '/sign-in')
    }
    async function givePassword(page: Page, name: string, password: string): Promise<void> {
      await page.getByLabel(t('access.signIn.name'), { exact: true }).fill(name)
      await page.getByLabel(t('access.signIn.password'), { exact: true }).fill(password)
      await button(page, 'access.signIn.submit').click()
    }
    /** A code is taken once only, so that each use here takes the next of the three that hold at any time. */
    async function giveCode(page: Page, label: string, submit: string): Promise<void> {
      for (const steps of [0, 1, -1]) {
        await page.getByLabel(t(label), { exact: true }).fill(code(steps))
        const answer = page.waitForResponse((reply) => reply.request().method() !== 'GET')
        await button(page, submit).click()
        if ((await answer).ok()) return
      }
      throw new Error('no code of the app was taken')
    }

    it('keeps no session that somebody planted', async () => {
      const { page, context } = first
      await context.addCookies([{ name: 'kanpeki_session', value: 'planted', url: origin, httpOnly: true, sameSite: 'Strict' }])
      const setup = new URL(server.signInUrl)
      await page.goto(`${origin}${setup.pathname}${setup.search}`)
      await page.getByLabel(t('access.setup.name'), { exact: true }).fill('mori')
      const passwords = page.locator('input[type=password]')
      await passwords.nth(0).fill(PASSWORD)
      await passwords.nth(1).fill(PASSWORD)
      await button(page, 'access.setup.submit').click()
      await inside(page)
      const [given] = await sessionCookies(context)
      expect(given?.value).not.toBe('planted')

      await signOut(page)
      // The secret of the ended session is brought again, as one who has copied it would.
      if (given !== undefined) await context.addCookies([given])
      await page.goto(`${origin}/sign-in`)
      await givePassword(page, 'mori', PASSWORD)
      await inside(page)
      const after = await sessionCookies(context)
      expect(after).toHaveLength(1)
      expect(after[0]?.value).not.toBe(given?.value)
      const planted = await fetch(`${server.url}/api/v1/session`, { headers: { cookie: 'kanpeki_session=planted' } })
      expect(planted.status).toBe(401)
    })

    it('adds an authenticator app, and tells the recovery codes once', async () => {
      const { page } = first
      await page.goto(`${origin}/settings/you`)
      await button(page, 'access.totp.add').click()
      secret = ((await page.locator('.secret').textContent()) ?? '').replaceAll(' ', '')
      expect(await page.getByRole('img', { name: t('access.totp.qr') }).isVisible()).toBe(true)
      await giveCode(page, 'access.totp.code', 'access.totp.confirm')
      await page.getByText(t('access.recovery.title')).waitFor()
      expect(await page.locator('.codes li').count()).toBeGreaterThanOrEqual(8)
      await button(page, 'access.recovery.kept').click()
      await page.getByText(t('settings.recovery.title')).waitFor()
      expect(await page.locator('.codes li').count()).toBe(0)
    })

    it('asks for the code after the password, and leads nowhere outside', async () => {
      const { page } = first
      await signOut(page)
      await page.goto(`${origin}/sign-in?to=${encodeURIComponent('/..//evil.example/')}`)
      await givePassword(page, 'mori', 'not the password at all')
      await page.getByText(t('common.problem.code.sign_in_wrong')).waitFor()
      await givePassword(page, 'mori', PASSWORD)
      await page.getByText(t('access.step.title')).waitFor()
      await giveCode(page, 'access.step.code', 'access.step.submit')
      await inside(page)
      expect(new URL(page.url()).origin).toBe(origin)
    })

    it('signs in with a passkey alone', async () => {
      const { page, context } = first
      const cdp = await context.newCDPSession(page)
      await cdp.send('WebAuthn.enable')
      await cdp.send('WebAuthn.addVirtualAuthenticator', {
        options: {
          protocol: 'ctap2',
          transport: 'internal',
          hasResidentKey: true,
          hasUserVerification: true,
          isUserVerified: true,
          automaticPresenceSimulation: true,
        },
      })
      await page.goto(`${origin}/settings/you`)
      await page.getByLabel(t('access.passkey.name'), { exact: true }).fill('blue key')
      await button(page, 'access.passkey.add').click()
      await page.getByText('blue key').waitFor()
      await signOut(page)
      // A browser that suggests passkeys by itself may have signed in before the button is pressed.
      await button(page, 'access.signIn.passkey')
        .click({ timeout: 3_000 })
        .catch(() => undefined)
      await inside(page)
      const session = await change<{ methods: string[] }>(page, { ...server, url: origin }, 'GET', '/api/v1/session')
      expect(session.methods).toContain('hwk')
    })

    it('invites an analyst by a link that works once', async () => {
      const { page } = first
      await page.goto(`${origin}/settings/people?invite=true`)
      await page.getByLabel(t('settings.invite.name'), { exact: true }).fill('sato')
      const analyst = t('settings.roles.at')
        .replace('{role}', t('access.role.analyst'))
        .replace('{scope}', t('common.bar.sharedScope'))
      await page.getByLabel(analyst, { exact: true }).check()
      await button(page, 'settings.invite.submit').click()
      invitation = (await page.locator('dialog .code code').textContent()) ?? ''
      expect(new URL(invitation).pathname).toBe('/invite')

      const link = new URL(invitation)
      await second.page.goto(`${origin}${link.pathname}${link.search}`)
      const passwords = second.page.locator('input[type=password]')
      await passwords.nth(0).fill(SECOND_PASSWORD)
      await passwords.nth(1).fill(SECOND_PASSWORD)
      await button(second.page, 'access.setup.submit').click()
      await inside(second.page)
      const again = await second.context.newPage()
      await again.goto(`${origin}${link.pathname}${link.search}`)
      await again.getByText(t('access.setup.usedTitle')).waitFor()
      await again.close()
    })

    it('shows an analyst neither people nor audit, and says so where the address is typed', async () => {
      const { page } = second
      await page.goto(`${origin}/settings`)
      const side = page.getByRole('navigation', { name: t('settings.sections') })
      await side.getByRole('link', { name: t('settings.section.you'), exact: true }).waitFor()
      for (const section of ['people', 'tokens', 'sso', 'scopes', 'config']) {
        expect(await side.getByRole('link', { name: t(`settings.section.${section}`), exact: true }).count(), section).toBe(0)
      }
      const rooms = page.getByRole('navigation', { name: t('common.nav.label') })
      expect(await rooms.getByRole('link', { name: t('common.room.triage') }).count()).toBe(1)
      expect(await rooms.getByRole('link', { name: t('common.room.audit'), exact: true }).count()).toBe(0)
      await page.goto(`${origin}/settings/people`)
      await page.getByText(t('common.problem.code.forbidden')).waitFor()
    })

    it('asks an analyst’s rooms for nothing that the role may not have', async () => {
      const { page } = second
      const refused: string[] = []
      page.on('response', (reply) => {
        if (reply.status() === 403) refused.push(new URL(reply.url()).pathname)
      })
      const paths = await page
        .getByRole('navigation', { name: t('common.nav.label') })
        .getByRole('link')
        .evaluateAll((links) => links.map((link) => link.getAttribute('href') ?? ''))
      expect(paths.length).toBeGreaterThan(6)
      for (const path of new Set(paths)) {
        await page.goto(`${origin}${path}`)
        await page.getByRole('heading').first().waitFor()
        await page.waitForLoadState('networkidle').catch(() => undefined)
      }
      expect(refused).toEqual([])
    }, 60_000)

    it('asks again who it is, and then does what was asked for', async () => {
      const { page } = first
      let asked = false
      // The server asks 15 minutes after the last proof; here its first answer is put in its place.
      await page.route('**/api/v1/me/recovery', async (route) => {
        if (asked) return await route.continue()
        asked = true
        await route.fulfill({
          status: 403,
          contentType: 'application/problem+json',
          body: JSON.stringify({ type: 'about:blank', title: 'Not allowed', status: 403, code: 'confirm_identity' }),
        })
      })
      await page.goto(`${origin}/settings/you`)
      await button(page, 'settings.recovery.make').click()
      const question = page.getByRole('dialog', { name: t('access.confirm.title') })
      await question.getByRole('button', { name: t('access.confirm.passkey'), exact: true }).click()
      await question.waitFor({ state: 'detached' })
      await page.getByText(t('access.recovery.title')).waitFor()
      await page.unroute('**/api/v1/me/recovery')
    })

    it('switches the scope by the address, and opens none that is not one’s own', async () => {
      const { page } = first
      await change(page, { ...server, url: origin }, 'POST', '/api/v1/scopes', { scope: 'tokyo', title: 'Tokyo', labels: {} })
      await page.goto(`${origin}/triage`)
      const asked = page.waitForRequest((request) => request.headers()['x-kanpeki-scope'] === 'tokyo')
      await page.getByLabel(t('common.bar.scope')).selectOption('tokyo')
      await asked
      await page.waitForURL((url) => url.searchParams.get('scope') === 'tokyo')
      await page.getByRole('link', { name: t('common.room.timeline') }).click()
      await page.waitForURL((url) => url.pathname === '/timeline' && url.searchParams.get('scope') === 'tokyo')

      await second.page.goto(`${origin}/triage?scope=tokyo`)
      await second.page.getByText(t('common.problem.code.foreign_scope')).waitFor()
      await button(second.page, 'common.problem.leave').click()
      await inside(second.page)
    })

    it('ends the session of somebody else', async () => {
      const { page } = first
      await page.goto(`${origin}/settings/people`)
      await page.getByRole('link', { name: 'sato', exact: true }).click()
      const sheet = page.getByRole('dialog')
      const end = sheet.getByRole('button', { name: t('settings.sessions.end'), exact: true }).first()
      await end.click()
      await sheet.getByText(t('settings.sessions.none')).waitFor()
      await second.page.goto(`${origin}/triage`)
      await second.page.waitForURL((url) => url.pathname === '/sign-in')
    })

    it('has no fault in the browser’s console on any page of access', async () => {
      for (const path of ['you', 'people', 'roles', 'tokens']) {
        await first.page.goto(`${origin}/settings/${path}`)
        await first.page.getByRole('heading', { level: 1 }).waitFor()
      }
      // The browser reports refused requests by itself; they are what was asked for above.
      const faults = [...first.faults, ...second.faults].filter((fault) => !fault.startsWith('Failed to load resource'))
      expect(faults).toEqual([])
    }, 30_000)
  })

  it('opens nothing before the second factor that the installation requires', async () => {
    const folder = temporaryFolder()
    const data = join(folder.path, 'data')
    mkdirSync(data)
    writeFileSync(join(data, 'kanpeki.yml'), 'second-factor: required\n')
    const server = await startServer(data)
    const { page, context, faults } = await watchedPage(browser, 'en')
    const t = words('en')
    try {
      const setup = new URL(server.signInUrl)
      await page.goto(`${server.url}${setup.pathname}${setup.search}`)
      await page.getByLabel(t('access.setup.name'), { exact: true }).fill('mori')
      await page.locator('input[type=password]').nth(0).fill(PASSWORD)
      await page.locator('input[type=password]').nth(1).fill(PASSWORD)
      await page.getByRole('button', { name: t('access.setup.submit'), exact: true }).click()
      await page.waitForURL((url) => url.pathname === '/enrol')
      await page.goto(`${server.url}/triage`)
      await page.waitForURL((url) => url.pathname === '/enrol')
      await page.getByRole('button', { name: t('access.totp.add'), exact: true }).click()
      const secret = ((await page.locator('.secret').textContent()) ?? '').replaceAll(' ', '')
      await page.getByLabel(t('access.totp.code'), { exact: true }).fill(new TOTP({ secret }).generate())
      await page.getByRole('button', { name: t('access.totp.confirm'), exact: true }).click()
      await page.getByRole('button', { name: t('access.recovery.kept'), exact: true }).click()
      await page.getByRole('navigation').first().waitFor()
      expect(faults.filter((fault) => !fault.startsWith('Failed to load resource'))).toEqual([])
    } finally {
      await context.close()
      server.child.kill('SIGKILL')
      folder.remove()
    }
  }, 60_000)
})
