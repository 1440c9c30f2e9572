import { readFileSync } from 'node:fs'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { SelftestReport } from '../src/detect/scenarios/schema.ts'
import type { CoverageResponse } from '../src/detect/schema.ts'
import { barriers } from './support/barriers.ts'
import { change, firstAdministrator, hasChromium, launchChromium, watchedPage, words } from './support/browser.ts'
import { api, createToken, kanpeki, type Running, startServer, temporaryFolder } from './support/kanpeki.ts'

const CHOSEN = ['web-forged-token', 'linux-firewall-flushed', 'kubernetes-shell-in-pod']

describe('coverage that is executed', () => {
  const folder = temporaryFolder()
  const data = `${folder.path}/data`
  let server: Running
  let browser: Browser | undefined

  beforeAll(async () => {
    server = await startServer(data)
    browser = hasChromium ? await launchChromium() : undefined
  }, 120_000)
  afterAll(async () => {
    await browser?.close()
    server.child.kill('SIGKILL')
    folder.remove()
  })

  it('kanpeki selftest executes attacks in a running server, and nobody is alarmed', async () => {
    const ran = await kanpeki(['selftest', ...CHOSEN, '--data', data, '--json'])
    expect([ran.code, ran.stderr]).toEqual([0, ''])
    const report = JSON.parse(ran.stdout) as SelftestReport
    expect(report.totals).toMatchObject({ scenarios: CHOSEN.length, passed: CHOSEN.length })
    const admin = await createToken(data, 'admin')
    const coverage = (await api(server.url, admin, '/api/v1/coverage')) as CoverageResponse
    const cells = coverage.tactics.flatMap(({ techniques }) => techniques)
    const state = (id: string): string | undefined => cells.find((cell) => cell.id === id)?.state
    expect([state('T1606'), state('T1562.004'), state('T1562'), state('T1486')]).toEqual(['proven', 'proven', 'proven', 'rule'])
    expect(await api(server.url, admin, '/api/v1/alerts/summary')).toMatchObject({ raised24h: 0 })
    const found = await kanpeki(['search', '', '--count', '--data', data])
    expect(found.stdout.trim()).toBe('0')
    const told = await kanpeki(['selftest', 'no-such-scenario', '--data', data])
    expect([told.code, told.stderr]).toEqual([1, expect.stringContaining('no-such-scenario')])
  }, 60_000)

  it.skipIf(!hasChromium).each(['en', 'ja'] as const)(
    'the page of rules opens an executed attack and its rule, in %s',
    async (language) => {
      const t = words(language)
      const { page, context, faults } = await watchedPage(browser!, language, language === 'ja')
      if (language === 'en') {
        await firstAdministrator(page, server, 'mori')
        await context.storageState({ path: `${folder.path}/session.json` })
      } else {
        const { cookies } = JSON.parse(readFileSync(`${folder.path}/session.json`, 'utf8')) as { cookies: never[] }
        await context.addCookies(cookies)
      }
      await change(page, server, 'POST', '/api/v1/selftest', { scenarios: ['web-forged-token'] })
      await page.goto(`${server.url}/rules?technique=T1606`)
      await page.locator('.matrix a.c3', { hasText: 'T1606' }).first().waitFor()
      await page.locator('a[href*="scenario=web-forged-token"]').click()
      const dialog = page.getByRole('dialog')
      await dialog.getByText(t('rules.proof.passed')).first().waitFor()
      await dialog.getByText('<<ip>>').first().waitFor()
      await dialog.locator('a[href*="rule="]').first().click()
      await page.getByRole('dialog').getByText(t('rules.detail.tests')).waitFor()
      await page.getByRole('dialog').getByText(t('rules.detail.speaks')).first().waitFor()
      expect(await barriers(page)).toEqual([])
      expect(faults).toEqual([])
      await context.close()
    },
    60_000,
  )

  // Here, since a server and a browser with sessions in both languages are up.
  it.skipIf(!hasChromium).each(['en', 'ja'] as const)(
    'a weakness is rated by keys and by text, and says who did it, in %s',
    async (language) => {
      const t = words(language)
      const { page, context, faults } = await watchedPage(browser!, language, language === 'ja')
      const { cookies } = JSON.parse(readFileSync(`${folder.path}/session.json`, 'utf8')) as { cookies: never[] }
      await context.addCookies(cookies)
      const asset = `rated-${language}`
      const vector = 'CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H'
      const found = {
        kind: 'web',
        id: 'X-1',
        cause: 'https://shop.test/a id',
        name: 'shop',
        severity: 'critical',
        score: 9.8,
        vector,
      }
      const read = { format: 'kanpeki', tool: 'test', kinds: ['web'], results: [found] }
      await change(page, server, 'POST', '/api/v1/scan-results', { asset, read })
      await page.goto(`${server.url}/vulnerabilities?asset=${asset}`)
      await page.getByRole('row').filter({ hasText: 'X-1' }).getByRole('button').first().click()
      const dialog = page.getByRole('dialog')
      await dialog.getByRole('button', { name: t('vulnerabilities.rate.open') }).click()
      const written = dialog.getByLabel(t('cvss.vector'), { exact: true })
      const score = dialog.locator('.cvss-score')
      await dialog
        .getByRole('group', { name: t('cvss.metric.AV') })
        .first()
        .getByRole('radio')
        .first()
        .focus()
      await page.keyboard.press('ArrowRight')
      expect([await written.inputValue(), await score.textContent()]).toEqual([
        vector.replace('AV:N', 'AV:A'),
        expect.stringContaining('8.8'),
      ])
      await written.fill('CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N/E:U')
      expect(await score.textContent()).toContain('8.1')
      expect(await dialog.getByRole('button', { name: '4.0', exact: true }).getAttribute('aria-pressed')).toBe('true')
      const reason = 'Nobody has shown an exploit of it.'
      await dialog
        .getByRole('textbox', { name: t('cvss.reason'), exact: true })
        .first()
        .fill(reason)
      await dialog.getByRole('button', { name: t('cvss.save') }).click()
      await dialog.locator('.pairs').getByText(reason).waitFor()
      expect(await dialog.locator('.pairs').textContent()).toMatch(/9\.8[\s\S]*mori/)
      expect(faults).toEqual([])
      await context.close()
    },
    60_000,
  )
})
