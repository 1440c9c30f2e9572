import { readFileSync } from 'node:fs'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { change, firstAdministrator, hasChromium, launchChromium, watchedPage, words } from './support/browser.ts'
import { kanpeki, type Running, startServer, temporaryFolder } from './support/kanpeki.ts'

describe.skipIf(!hasChromium)('alerts that are kept few, in Chromium (needs Debian’s chromium)', () => {
  const folder = temporaryFolder()
  const data = `${folder.path}/data`
  let browser: Browser
  let server: Running

  beforeAll(async () => {
    browser = await launchChromium()
    server = await startServer(data)
    const first = await watchedPage(browser, 'en')
    await firstAdministrator(first.page, server, 'mori')
    await change(first.page, server, 'POST', '/api/v1/demo/attack')
    await first.context.storageState({ path: `${folder.path}/session.json` })
    await first.context.close()
  }, 120_000)
  afterAll(async () => {
    await browser.close()
    server.child.kill('SIGKILL')
    folder.remove()
  })

  it.each(['en', 'ja'] as const)(
    'shows risk, leads from an alert to an exception that waits for another person, and to quiet, in %s',
    async (language) => {
      const t = words(language)
      const { page, context, faults } = await watchedPage(browser, language)
      await context.addCookies((JSON.parse(readFileSync(`${folder.path}/session.json`, 'utf8')) as { cookies: never[] }).cookies)
      await page.goto(`${server.url}/triage`)
      await page.locator('table.risk tbody tr').first().waitFor()
      await page.keyboard.press('n')
      const dialog = page.getByRole('dialog')
      await dialog.getByText(t('exceptions.whenAll')).waitFor()
      await dialog.locator('.rows.boxed li').first().waitFor()
      await dialog.getByLabel(t('exceptions.reason'), { exact: true }).fill(`The ${language} rehearsal of this month.`)
      await dialog.getByRole('button', { name: t('exceptions.propose'), exact: true }).click()
      await dialog.getByText(t('exceptions.proposed')).waitFor()
      await dialog.getByRole('link', { name: t('exceptions.toList') }).click()
      const row = page.locator('#exceptions li', { hasText: `The ${language} rehearsal` })
      await row.getByText(t('exceptions.state.waiting')).waitFor()
      // Whoever proposed it is not asked to approve it.
      expect(await row.getByRole('button', { name: t('exceptions.approve'), exact: true }).count()).toBe(0)

      await page.goto(`${server.url}/triage`)
      await page.locator('table.risk tbody tr').first().waitFor()
      await page.keyboard.press('f')
      await page.locator('.toast').waitFor()
      await page.keyboard.press('q')
      await expect.poll(async () => (await page.locator('.toast').textContent()) ?? '', { timeout: 15_000 }).toContain('24')
      expect(faults).toEqual([])
      await context.close()
    },
    60_000,
  )

  it('lists, shows and closes alerts from the terminal', async () => {
    const listed = await kanpeki(['alerts', 'list', '--data', data, '--json', '--state', 'all'])
    expect(listed.code).toBe(0)
    const groups = listed.stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { risk: number; alerts: { id: string; verdict: string | null }[] })
    const quiet = groups.flatMap(({ alerts }) => alerts).find(({ verdict }) => verdict === 'false')
    const open = groups.flatMap(({ alerts }) => alerts).find(({ verdict }) => verdict === null)
    expect([quiet, open]).not.toContain(undefined)
    const shown = await kanpeki(['alerts', 'show', open!.id.slice(0, 10), '--data', data, '--lang', 'ja'])
    expect([shown.code, shown.stdout]).toEqual([0, expect.stringContaining('検知の理由')])
    const closed = await kanpeki(['alerts', 'close', open!.id, '--data', data, '--verdict', 'expected', '--quiet', '8'])
    expect([closed.code, closed.stdout]).toEqual([0, '1 closed as expected.\n'])
    const gone = await kanpeki(['alerts', 'show', 'no such alert', '--data', data])
    expect([gone.code, gone.stderr]).toEqual([1, expect.stringContaining('no such alert')])
  }, 60_000)
})
