import { join } from 'node:path'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { AuditRecord } from '../src/protect/proxy/audit-record.ts'
import { wafEvent } from '../src/protect/proxy/waf-event.ts'
import { barriers } from './support/barriers.ts'
import { firstAdministrator, hasChromium, launchChromium, watchedPage, words } from './support/browser.ts'
import { api, createToken, eventually, type Running, startServer, temporaryFolder } from './support/kanpeki.ts'

const REFERENCE = '0123456789ABCDEF'
const signal = {
  '@timestamp': new Date().toISOString(),
  event: { kind: 'alert', module: 'waf', dataset: 'waf.signal', action: 'login-spraying-address', category: ['authentication'] },
  source: { ip: '203.0.113.9' },
  waf: { login: { name: 'shop', signal: 'spraying-address', failures: 10, accounts: 10 } },
}
const attempt = {
  '@timestamp': new Date().toISOString(),
  event: { module: 'waf', dataset: 'waf.login', action: 'login-attempt', category: ['authentication'], outcome: 'failure' },
  source: { ip: '203.0.113.9' },
}

function stopped(): object {
  const made: AuditRecord = {
    ...{
      id: null,
      rules: [942100],
      status: 403,
      reference: REFERENCE,
      time: new Date().toISOString(),
      mode: 'block',
      client: '192.0.2.7',
    },
    ...{
      method: 'POST',
      host: 'shop.example',
      uri: '/notes?a=b',
      blocked: true,
      interruption: { ruleId: 942100, action: 'deny', status: 403 },
    },
    messages: [{ id: 942100, msg: 'SQL Injection', data: "'s&o found within ARGS:note", var: 'ARGS:note' }],
  }
  return wafEvent(made)
}

describe.skipIf(!hasChromium)('the page Protect in Chromium (needs Debian’s chromium)', () => {
  const folder = temporaryFolder()
  const data = join(folder.path, 'data')
  let server: Running
  let browser: Browser
  beforeAll(async () => {
    browser = await launchChromium()
    server = await startServer(data)
    const token = await createToken(data, 'ingest')
    const lines = [stopped(), signal, attempt].flatMap((doc) => ['{"create":{}}', JSON.stringify(doc)])
    const sent = await fetch(`${server.url}/_bulk`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}` },
      body: `${lines.join('\n')}\n`,
    })
    expect(sent.ok).toBe(true)
  }, 120_000)
  afterAll(async () => {
    await browser.close()
    server.child.kill('SIGKILL')
    folder.remove()
  })

  it('judges a request, excludes its parameter for firewalls, and shows sign-ins and applications', {
    timeout: 120_000,
  }, async () => {
    const { page, faults } = await watchedPage(browser, 'ja')
    await firstAdministrator(page, server, 'mori')
    const t = words('ja')
    const reader = await createToken(data, 'read')
    await eventually('the event', async () => {
      const { count } = await api<{ count: number }>(server.url, reader, '/api/v1/events/count', { query: 'event.module:waf' })
      return count === 3 ? true : undefined
    })
    await page.goto(`${server.url}/protect?reference=${REFERENCE}`)
    await page.getByText("'s&o found within ARGS:note").waitFor()
    expect(await barriers(page)).toEqual([])
    await page.getByRole('button', { name: t('protect.verdicts.false'), exact: true }).click()
    await page.getByText('mori の判定：誤検知').waitFor()
    await page.getByRole('button', { name: t('protect.exclude'), exact: true }).click()
    await page.getByLabel(t('protect.why')).fill('Authors quote each other here.')
    await page.getByRole('button', { name: t('protect.write'), exact: true }).click()
    await page.getByText('登録しました').waitFor()
    const rules = await fetch(`${server.url}/api/v1/waf/exclusions.conf`, { headers: { authorization: `Bearer ${reader}` } })
    expect(await rules.text()).toMatch(/@streq \/notes" "t:none,ctl:ruleRemoveTargetById=942100;ARGS:note"/)

    await page.goto(`${server.url}/protect`)
    await page.getByRole('heading', { name: t('protect.signIns') }).waitFor()
    await page.getByText('203.0.113.9', { exact: true }).first().waitFor()
    await page.getByText('942100 ARGS:note /notes').waitFor()
    await page.getByLabel(t('protect.application.name')).fill('shop')
    await page.getByLabel(t('protect.application.hosts')).fill('shop.example')
    await page.getByLabel(t('protect.application.owner')).fill('the shop team')
    await page.getByRole('button', { name: t('protect.declare'), exact: true }).click()
    await page.getByText(t('protect.applicationState.guarded')).waitFor()
    expect(await barriers(page)).toEqual([])
    expect(faults).toEqual([])
    await page.context().close()
  })
})
