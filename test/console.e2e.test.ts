import { cpSync, existsSync, mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Browser, chromium, type Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createToken, ROOT, type Running, startServer, temporaryFolder } from './support/kanpeki.ts'

const CHROMIUM = '/usr/bin/chromium'
const hasChromium = existsSync(CHROMIUM)
if (!hasChromium && process.env['CI'] === 'true') throw new Error('Chromium is not installed, and CI=true asks for it')

type Texts = { readonly [key: string]: string | Texts }

/** The console's own words, so that a changed text fails here only if it is gone. */
function words(language: 'en' | 'ja'): (path: string) => string {
  return (path) => {
    const [file = '', ...keys] = path.split('.')
    const texts = JSON.parse(readFileSync(join(ROOT, `web/i18n/${language}/${file}.json`), 'utf8')) as Texts
    const found = keys.reduce<string | Texts | undefined>(
      (here, key) => (typeof here === 'object' ? here[key] : undefined),
      texts,
    )
    if (typeof found !== 'string') throw new Error(`no text ${path} in ${language}`)
    return found
  }
}

describe.skipIf(!hasChromium)('the console in Chromium (needs Debian’s chromium)', () => {
  let browser: Browser
  beforeAll(async () => {
    browser = await chromium.launch({
      executablePath: CHROMIUM,
      args: [
        '--no-sandbox',
        '--disable-gpu',
        '--disable-quic',
        '--no-first-run',
        '--disable-background-networking',
        '--disable-component-update',
        '--disable-sync',
      ],
    })
  })
  afterAll(() => browser.close())

  describe.each(['en', 'ja'] as const)('in %s', (language) => {
    const folder = temporaryFolder()
    const data = join(folder.path, 'data')
    const t = words(language)
    let server: Running
    let page: Page
    const faults: string[] = []

    const button = (path: string): ReturnType<Page['getByRole']> =>
      page.getByRole('button', { name: t(path), exact: true }).first()
    const open = async (path: string): Promise<void> => {
      await page.goto(`${server.url}${path}`)
    }

    beforeAll(async () => {
      mkdirSync(join(data, 'declarations'), { recursive: true })
      cpSync(join(ROOT, 'content/demo/declarations/shop.yml'), join(data, 'declarations/shop.yml'))
      server = await startServer(data)
      const token = await createToken(data, 'ingest')
      const reply = await fetch(`${server.url}/api/v1/ingest/quiet`, {
        method: 'POST',
        headers: { authorization: `Bearer ${token}` },
        body: `${JSON.stringify({ message: 'an ordinary event', host: { name: 'web-01' } })}\n`,
      })
      expect(reply.status).toBe(200)
      const context = await browser.newContext({
        locale: language === 'ja' ? 'ja-JP' : 'en-US',
        viewport: { width: 1440, height: 960 },
      })
      page = await context.newPage()
      page.setDefaultTimeout(10_000)
      page.on('pageerror', (error) => faults.push(error.message))
      page.on('console', (message) => {
        // The first question, who is signed in, is answered 401: the browser reports it by itself.
        if (message.type() === 'error' && !message.text().includes('401')) faults.push(message.text())
      })
    }, 120_000)
    afterAll(async () => {
      await page.context().close()
      server.child.kill('SIGKILL')
      folder.remove()
    })

    it('sets the administrator’s password by the one-time link', async () => {
      await page.goto(server.signInUrl)
      await page.getByLabel(t('access.setup.name'), { exact: true }).fill('mori')
      const passwords = page.locator('input[type=password]')
      await passwords.nth(0).fill('correct horse battery staple')
      await passwords.nth(1).fill('correct horse battery staple')
      await button('access.setup.submit').click()
      await page.waitForURL((url) => !url.pathname.startsWith('/setup'))
      await page.getByRole('navigation').first().waitFor()
      expect(await page.locator('html').getAttribute('lang')).toBe(language)
    })

    it('earns a seal by a signature and evidence', async () => {
      await open('/declarations')
      const card = page.locator('.card', { hasText: language === 'ja' ? 'さくらネットショップ' : 'Sakura web shop' }).first()
      await card.getByRole('button', { name: t('declarations.sign') }).click()
      await expect.poll(() => badge(), { timeout: 40_000 }).toBe('held')
    }, 60_000)

    it('says of each objective what is left and who approved it, and finds measures by a word', async () => {
      await open('/declarations?card=sakura-shop')
      const dialog = page.getByRole('dialog')
      await dialog.locator('.outlook').first().waitFor()
      expect(await dialog.locator('.outlook svg[role=img]').count()).toBeGreaterThan(0)
      await dialog.getByText(t('declarations.versions.title')).waitFor()
      expect(await dialog.locator('.approval').first().textContent()).toContain('mori')
      await dialog.getByRole('button', { name: t('declarations.details.rewrite'), exact: true }).click()
      await expect.poll(() => page.locator('dialog textarea').inputValue()).toContain('id: sakura-shop')
      await open('/declarations')
      await page.getByRole('searchbox', { name: t('declarations.measures.search') }).fill('rto')
      await expect.poll(() => page.locator('.measures > li').count()).toBe(1)
    }, 60_000)

    it('shows the test attack as alerts, with the reason', async () => {
      await open('/')
      await button('common.attack.send').click()
      await expect.poll(() => badge(), { timeout: 60_000 }).toBe('withdrawn')
      await open('/triage')
      await page.locator('.al').first().waitFor()
      await page.getByText(t('triage.why.title')).waitFor()
      expect(await page.locator('.fire mark').count()).toBeGreaterThan(0)
    }, 90_000)

    it('proves the alert’s entry in the browser', async () => {
      await page.locator('.facts a[href*="/evidence"]').first().click()
      await page.locator('[data-verified="true"]').waitFor()
      expect(await page.locator('[data-verified="true"]').textContent()).toContain(t('evidence.verify.proved'))
    })

    it('shows which hosts are heard, and which of the minimum set is missing', async () => {
      await open('/sources?view=hosts')
      await page.getByRole('link', { name: 'web-01' }).first().waitFor({ timeout: 20_000 })
      await open('/sources')
      await button('completeness.tab.minimum').click()
      await page.getByText(t('completeness.minimum.state.missing')).first().waitFor()
      await page.locator('.kinds summary').first().click()
      await page.getByText('auditpol').first().waitFor()
    }, 40_000)

    it('takes the seal away, and says why', async () => {
      await open('/declarations')
      await page.getByText(t('declarations.withdrawnByItself')).first().waitFor()
      const badgeText = await (await fetch(`${server.url}/public/cards/sakura-shop/badge.svg?lang=${language}`)).text()
      expect(badgeText).toContain(t('declarations.badge.withdrawn'))
    })

    it('signs out and in again', async () => {
      await open('/access')
      await button('access.account.signOut').click()
      await page.getByLabel(t('access.signIn.name'), { exact: true }).fill('mori')
      await page.locator('input[type=password]').fill('correct horse battery staple')
      await button('access.signIn.submit').click()
      await page.getByRole('navigation').first().waitFor()
    })

    it('has no fault in the browser’s console on any page', async () => {
      for (const path of [
        '/',
        '/declarations',
        '/triage',
        '/timeline',
        '/rules',
        '/evidence',
        '/review',
        '/first-week',
        '/sources',
        '/sources?view=hosts',
        '/sources?view=minimum',
        '/sources?view=masking',
        '/behaviour',
        '/incidents',
        '/incidents?open=policy',
        '/exercises',
        '/playbooks',
        '/playbooks?view=guards',
        '/settings/notify',
        '/settings/connections',
        '/audit?view=reads',
        '/access',
      ]) {
        await open(path)
        await page.getByRole('heading').first().waitFor()
      }
      expect(faults).toEqual([])
    }, 60_000)

    async function badge(): Promise<string> {
      return ((await (await fetch(`${server.url}/public/cards/sakura-shop/badge.json`)).json()) as { state: string }).state
    }
  })
})
