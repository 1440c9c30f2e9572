import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { browse, type IdentityProvider, startIdentityProvider } from '../src/access/sso/testing/identity-provider.ts'
import { change, firstAdministrator, hasChromium, launchChromium, type Watched, watchedPage, words } from './support/browser.ts'
import { type Running, startServer, temporaryFolder } from './support/kanpeki.ts'

const AOI = { sub: 'p-1', preferred_username: 'aoi@example.com', name: 'Aoi', groups: ['soc'] }

describe.skipIf(!hasChromium)('single sign-on in Chromium (needs Debian’s chromium)', () => {
  const folder = temporaryFolder()
  const t = words('en')
  let browser: Browser
  let server: Running
  let idp: IdentityProvider
  let visitor: Watched

  beforeAll(async () => {
    const data = join(folder.path, 'data')
    mkdirSync(data)
    writeFileSync(join(data, 'kanpeki.yml'), 'outgoing-allow: [localhost]\n')
    server = await startServer(data)
    // To a browser `localhost` is another site than 127.0.0.1, as a provider is.
    idp = await startIdentityProvider(
      [{ id: 'kanpeki', secret: 'for-this-test', redirectUris: [`${server.url}/api/v1/sso/corp/callback`] }],
      { host: 'localhost', asks: true },
    )
    browser = await launchChromium()
    const admin = await watchedPage(browser, 'en')
    await firstAdministrator(admin.page, server, 'mori')
    await change(admin.page, server, 'POST', '/api/v1/sso/providers', {
      id: 'corp',
      title: { en: 'Example account', ja: '社内アカウント' },
      issuer: idp.issuer,
      clientId: 'kanpeki',
      clientSecret: 'for-this-test',
      scopes: ['profile', 'groups'],
      groupsClaim: 'groups',
      groups: [{ group: 'soc', roles: [{ role: 'analyst', scope: 'default' }] }],
      createAccounts: true,
    })
    expect(await change(admin.page, server, 'POST', '/api/v1/sso/providers/corp/check')).toMatchObject({ ok: true })
    await admin.context.close()
    visitor = await watchedPage(browser, 'en')
  }, 120_000)
  afterAll(async () => {
    await browser.close()
    await idp.stop()
    server.child.kill('SIGKILL')
    folder.remove()
  })

  const sessionOf = async (context: BrowserContext) =>
    (await context.cookies(server.url)).find(({ name }) => name === 'kanpeki_session')

  async function begin(page: Page, to: string): Promise<void> {
    await page.goto(`${server.url}/sign-in?to=${encodeURIComponent(to)}`)
    await page.getByRole('link', { name: t('access.signIn.through').replace('{provider}', 'Example account') }).click()
    await page.waitForURL((url) => url.origin === idp.issuer)
  }

  it('comes back signed in, with a cookie that no foreign page sends and a new secret', async () => {
    idp.signedIn = AOI
    const { page, context, faults } = visitor
    await context.addCookies([{ name: 'kanpeki_session', value: 'planted', url: server.url, sameSite: 'Strict' }])
    await begin(page, '/rules?from=sso')
    const landed = page.waitForRequest(
      (request) => request.url().startsWith(`${server.url}/rules`) && request.isNavigationRequest(),
    )
    await page.getByRole('link', { name: 'Continue' }).click()
    // The first request for a page of ours carries the Strict cookie already: the return page, not the provider, began it.
    expect((await (await landed).allHeaders())['cookie']).toMatch(/kanpeki_session=[\w-]{43}/)
    await page.getByRole('navigation').first().waitFor()
    expect(new URL(page.url()).pathname).toBe('/rules')
    const cookie = await sessionOf(context)
    expect(cookie).toMatchObject({ httpOnly: true, sameSite: 'Strict' })
    expect(cookie?.value).not.toBe('planted')
    const session = await change<{ user: object; methods: string[] }>(page, server, 'GET', '/api/v1/session')
    expect(session).toMatchObject({ user: { name: 'aoi@example.com', roles: ['analyst'] }, methods: ['fed'] })
    expect(faults).toEqual([])
  })

  it('says on the sign-in page why it did not work', async () => {
    idp.signedIn = null
    const { page, context } = await watchedPage(browser, 'en')
    await begin(page, '/')
    await page.getByRole('link', { name: 'Continue' }).click()
    await page.getByText(t('common.problem.code.sso_refused')).waitFor()
    expect(new URL(page.url()).pathname).toBe('/sign-in')
    expect(await sessionOf(context)).toBeUndefined()
    await context.close()
  })

  it('does not sign a victim in as whoever sent them a link', async () => {
    idp.signedIn = { ...AOI, sub: 'attacker', preferred_username: 'eve@example.com' }
    const begun = await fetch(`${server.url}/api/v1/sso/corp/start`, { redirect: 'manual' })
    const stolen = await browse(begun.headers.get('location') ?? '', server.url)
    const victim = await watchedPage(browser, 'en')
    await victim.page.goto(stolen.href)
    await victim.page.getByText(t('common.problem.code.sso_expired')).waitFor()
    expect(await sessionOf(victim.context)).toBeUndefined()
    await victim.context.close()
  })
})
