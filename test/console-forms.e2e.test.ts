import { join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { change, firstAdministrator, hasChromium, launchChromium, type Watched, watchedPage, words } from './support/browser.ts'
import { type Running, startServer, temporaryFolder } from './support/kanpeki.ts'

describe.skipIf(!hasChromium)('forms of the console in Chromium (needs Debian’s chromium)', () => {
  const folder = temporaryFolder()
  const t = words('ja')
  let browser: Browser
  let server: Running
  let watched: Watched
  let page: Page

  beforeAll(async () => {
    browser = await launchChromium()
    server = await startServer(join(folder.path, 'data'))
    watched = await watchedPage(browser, 'ja')
    page = watched.page
    await firstAdministrator(page, server, 'mori')
  }, 120_000)
  afterAll(async () => {
    await browser.close()
    server.child.kill('SIGKILL')
    folder.remove()
  })

  const focused = (): Promise<string> => page.evaluate<string>('document.activeElement.textContent')

  it('keeps the focus on the button that sends, and sends once', async () => {
    const { id } = await change<{ id: string }>(page, server, 'POST', '/api/v1/assets', { names: ['pc-1'] })
    let sent = 0
    await page.route('**/api/v1/assets/*', async (route) => {
      if (route.request().method() !== 'PATCH') return await route.continue()
      sent += 1
      await new Promise((resolve) => setTimeout(resolve, 400))
      await route.fulfill({ status: 503, contentType: 'application/problem+json', body: '{"code":"stopping","status":503}' })
    })
    await page.goto(`${server.url}/assets?asset=${id}`)
    const button = page.getByRole('button', { name: t('assets.form.save'), exact: true })
    await button.focus()
    await page.keyboard.press('Enter')
    await page.locator('button[aria-disabled="true"]').waitFor()
    expect(await focused()).toBe(t('assets.form.save'))
    await page.keyboard.press('Enter')
    await page.locator('[data-code="stopping"]').waitFor()
    expect(await focused()).toBe(t('assets.form.save'))
    expect(sent).toBe(1)
    await page.unroute('**/api/v1/assets/*')
    watched.faults.length = 0
  })

  it('asks no more for an asset that it has deleted', async () => {
    const { id } = await change<{ id: string }>(page, server, 'POST', '/api/v1/assets', { names: ['pc-2'] })
    await page.goto(`${server.url}/assets?asset=${id}`)
    await page.getByRole('button', { name: t('assets.remove'), exact: true }).click()
    await page.getByRole('button', { name: t('assets.removeYes'), exact: true }).click()
    await page.getByRole('dialog').waitFor({ state: 'detached' })
    await page.locator('tr', { hasText: 'pc-2' }).waitFor({ state: 'detached' })
    expect(watched.faults).toEqual([])
  })

  it('says that blanks are no name, and what is wrong with a field, in Japanese', async () => {
    await page.goto(`${server.url}/vulnerabilities`)
    const name = page.getByLabel(t('vulnerabilities.where.name'))
    await name.fill('   ')
    expect(await page.evaluate('document.querySelector("form.ask input").validationMessage')).toBe(
      t('vulnerabilities.where.short'),
    )
    await name.fill(' log4j ')
    expect(await page.evaluate('document.querySelector("form.ask input").validationMessage')).toBe('')
    await page.goto(`${server.url}/declarations`)
    await page.getByRole('button', { name: t('declarations.series.new'), exact: true }).click()
    await page.getByLabel(t('declarations.series.id')).fill('mfa-coverage')
    await page.getByLabel(t('declarations.series.titleEn')).fill('  ')
    await page.getByLabel(t('declarations.series.titleJa')).fill('多要素認証')
    await page.getByRole('button', { name: t('declarations.series.save'), exact: true }).click()
    await page.locator('.problem', { hasText: `title.en: ${t('common.problem.field.required')}` }).waitFor()
  })
})
