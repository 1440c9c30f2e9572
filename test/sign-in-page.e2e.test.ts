import { join } from 'node:path'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { barriers } from './support/barriers.ts'
import { hasChromium, launchChromium, PASSWORD, watchedPage, words } from './support/browser.ts'
import { type Running, startServer, temporaryFolder } from './support/kanpeki.ts'

/** What the console may keep in the browser: how it is shown, the scope, and the ledger key it trusts. */
const KEPT = /^kanpeki\.(preferences|ledger-key)$/

describe.skipIf(!hasChromium)('the sign-in page (needs Debian’s chromium)', () => {
  const folder = temporaryFolder()
  let browser: Browser
  let server: Running
  beforeAll(async () => {
    browser = await launchChromium()
    server = await startServer(join(folder.path, 'data'))
    const made = await fetch(`${server.url}/api/v1/setup`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-kanpeki-csrf': '1' },
      body: JSON.stringify({ token: new URL(server.signInUrl).searchParams.get('token'), name: 'mori', password: PASSWORD }),
    })
    expect(made.status).toBe(200)
  }, 120_000)
  afterAll(async () => {
    await browser.close()
    await server.stop()
    folder.remove()
  })

  it.each(['en', 'ja'] as const)(
    'masks, takes what a password manager fills or pastes, and leaves nothing behind (%s)',
    async (language) => {
      const t = words(language)
      const { page, context, faults } = await watchedPage(browser, language)
      await page.goto(`${server.url}/sign-in`)
      const name = page.locator('input[autocomplete~="username"]')
      const password = page.locator('input[type="password"]')
      expect(await password.getAttribute('autocomplete')).toContain('current-password')
      expect(await barriers(page)).toEqual([])
      await context.grantPermissions(['clipboard-read', 'clipboard-write'], { origin: server.url })
      await name.fill('mori')
      await page.evaluate(`navigator.clipboard.writeText(${JSON.stringify(PASSWORD)})`)
      await password.focus()
      await page.keyboard.press('Control+V')
      expect(await password.inputValue()).toBe(PASSWORD)
      await page.keyboard.press('Enter')
      await page.waitForURL((url) => !url.pathname.startsWith('/sign-in'))

      await page.goto(`${server.url}/settings/you`)
      await page.getByText('mori', { exact: true }).first().waitFor()
      const storage = () =>
        page.evaluate(
          '({ local: Object.keys(localStorage), session: Object.keys(sessionStorage), cookie: document.cookie })',
        ) as Promise<{
          local: string[]
          session: string[]
          cookie: string
        }>
      const kept = await storage()
      expect(kept.local.filter((key) => !KEPT.test(key))).toEqual([])
      expect(kept.session.filter((key) => !KEPT.test(key) && !key.startsWith('tsr-'))).toEqual([])
      expect(kept.cookie, 'no cookie can be read by a script').toBe('')

      await page.getByRole('button', { name: t('access.account.signOut'), exact: true }).click()
      await page.waitForURL(/\/sign-in/)
      await password.waitFor()
      expect(await page.locator('body').textContent()).not.toContain('mori')
      await page.goBack()
      await page.waitForURL(/\/sign-in/)
      await password.waitFor()
      expect(await page.locator('body').textContent()).not.toContain('mori')
      expect(faults).toEqual([])
      await context.close()
    },
  )
})
