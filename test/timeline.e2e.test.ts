import { readFileSync } from 'node:fs'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { firstAdministrator, hasChromium, launchChromium, type Watched, watchedPage, words } from './support/browser.ts'
import { createToken, type Running, startServer, temporaryFolder } from './support/kanpeki.ts'

/** A machine that does much else at the same time. */
const SLOW = { timeout: 15_000 }

describe.skipIf(!hasChromium)('the timeline in Chromium (needs Debian’s chromium)', () => {
  const folder = temporaryFolder()
  let browser: Browser
  let server: Running

  beforeAll(async () => {
    browser = await launchChromium()
    server = await startServer(`${folder.path}/data`)
    const token = await createToken(`${folder.path}/data`, 'ingest')
    const now = Date.now()
    const lines = Array.from({ length: 40 }, (_, n) =>
      JSON.stringify({
        '@timestamp': new Date(now - 600_000 + n * 10_000).toISOString(),
        message: n === 20 ? '=cmd|calc' : `step ${n}`,
        host: { name: 'web-01' },
        user: { name: n % 4 === 0 ? 'sato' : 'mori' },
      }),
    )
    const reply = await fetch(`${server.url}/api/v1/ingest/steps`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}` },
      body: lines.join('\n'),
    })
    expect(reply.status).toBe(200)
    const first = await watchedPage(browser, 'en')
    await firstAdministrator(first.page, server, 'mori')
    await first.context.storageState({ path: `${folder.path}/session.json` })
    await first.context.close()
  }, 120_000)
  afterAll(async () => {
    await browser.close()
    server.child.kill('SIGKILL')
    folder.remove()
  })

  it.each(['en', 'ja'] as const)(
    'saves a search, opens it again, looks around an event and exports, in %s',
    async (language) => {
      const t = words(language)
      const watched: Watched = await watchedPage(browser, language)
      const { page, context, faults } = watched
      await context.addCookies((JSON.parse(readFileSync(`${folder.path}/session.json`, 'utf8')) as { cookies: never[] }).cookies)
      await page.goto(`${server.url}/timeline?q=user.name%3Asato&span=1h`)
      await page.getByRole('button', { name: t('timeline.saved.open'), exact: true }).click()
      const saved = page.getByRole('dialog', { name: t('timeline.saved.title') })
      await saved.getByLabel(t('timeline.saved.name')).fill(`Sato ${language}`)
      await saved.getByLabel(t('timeline.saved.shared')).check()
      await saved.getByRole('button', { name: t('timeline.saved.save'), exact: true }).click()
      await saved.getByRole('link', { name: `Sato ${language}` }).waitFor()

      await page.goto(`${server.url}/timeline?q=step`)
      await page.getByRole('button', { name: t('timeline.saved.open'), exact: true }).click()
      await saved.getByRole('link', { name: `Sato ${language}` }).click()
      await page.waitForURL((url) => url.searchParams.get('q') === 'user.name:sato' && url.searchParams.get('span') === '1h')
      // The list of the search before is on show until the new one is there.
      await expect.poll(() => page.locator('.evt').count(), SLOW).toBe(10)
      await page.locator('.evt').nth(4).click()
      await page.getByRole('tab', { name: t('timeline.tab.around') }).click()
      const near = page.locator('.evt.near')
      await expect.poll(() => near.count(), SLOW).toBe(13)
      await page.getByRole('button', { name: /^± 5 s$|^± 5秒$/ }).click()
      await expect.poll(() => near.count(), SLOW).toBe(1)
      await page.keyboard.press('Escape')

      await page.goto(`${server.url}/timeline?q=host.name%3Aweb-01&span=1h`)
      await expect.poll(() => page.locator('.evt').count(), SLOW).toBe(40)
      await page.getByRole('button', { name: t('timeline.export.title'), exact: true }).click()
      const link = page.getByRole('link', { name: t('timeline.export.download') })
      const [download] = await Promise.all([page.waitForEvent('download'), link.click()])
      const text = readFileSync(await download.path(), 'utf8')
      expect([download.suggestedFilename(), text.split('\r\n').length]).toEqual(['events.csv', 42])
      expect(text).toContain(`,'=cmd|calc\r\n`)
      await page.getByRole('button', { name: 'Parquet', exact: true }).click()
      const [parquet] = await Promise.all([page.waitForEvent('download'), link.click()])
      expect(
        readFileSync(await parquet.path())
          .subarray(0, 4)
          .toString(),
      ).toBe('PAR1')
      expect(faults).toEqual([])
      await context.close()
    },
    60_000,
  )
})
