import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { change, firstAdministrator, hasChromium, launchChromium, type Watched, watchedPage, words } from './support/browser.ts'
import { createToken, eventually, type Running, startServer, temporaryFolder } from './support/kanpeki.ts'

const LONG = `arn:aws:ec2:ap-northeast-1:123456789012:instance/${'a-name-that-goes-on-'.repeat(5)}`
const PATHS = [
  '/vulnerabilities?name=shop',
  '/assets',
  '/sources',
  '/sources?add=',
  '/sources?view=hosts',
  '/sources?view=minimum',
  '/sources?view=masking',
  '/sources?source=http:door',
  '/timeline?span=1h&q=host.name%3Aweb-01',
]

describe.skipIf(!hasChromium)('pages of sources, events and weaknesses, in Chromium (needs Debian’s chromium)', () => {
  const folder = temporaryFolder()
  let browser: Browser
  let server: Running
  let watched: Watched
  let event = ''
  let asset = ''

  beforeAll(async () => {
    browser = await launchChromium()
    server = await startServer(`${folder.path}/data`)
    watched = await watchedPage(browser, 'ja')
    await firstAdministrator(watched.page, server, 'mori')
    const made = <T>(path: string, body: unknown): Promise<T> => change(watched.page, server, 'POST', path, body)
    const owner = '情報システム部 基盤運用グループ'
    asset = (await made<{ id: string }>('/api/v1/assets', { names: [LONG], labels: { exposure: 'internet' }, owner })).id
    const result = { kind: 'web', id: 'X-1', cause: 'https://shop.test/a id', name: 'shop', severity: 'critical', score: 9.8 }
    await made('/api/v1/scan-results', {
      asset: LONG,
      read: { format: 'kanpeki', tool: 'test', kinds: ['web'], results: [result] },
    })
    await made('/api/v1/inventories', { asset: LONG, components: [{ name: 'shop-library', version: '1.0.0' }] })
    const token = await createToken(`${folder.path}/data`, 'ingest')
    const lines = [
      JSON.stringify({ message: 'a text that does not end soon, '.repeat(8), host: { name: 'web-01' }, labels: { name: LONG } }),
      `nobody can read this ${'x'.repeat(300)}`,
    ]
    const headers = { authorization: `Bearer ${token}` }
    const reply = await fetch(`${server.url}/api/v1/ingest/door`, { method: 'POST', headers, body: lines.join('\n') })
    expect(reply.status).toBe(200)
    event = await eventually('the event', async () => {
      const now = Date.now()
      const span = { from: new Date(now - 3_600_000).toISOString(), to: new Date(now + 60_000).toISOString() }
      const found = await made<{ events: { id: string }[] }>('/api/v1/events/search', {
        query: 'host.name:web-01',
        ...span,
        limit: 1,
      })
      return found.events[0]?.id
    })
  }, 120_000)
  afterAll(async () => {
    await watched?.context.close()
    await browser?.close()
    server?.child.kill('SIGKILL')
    folder.remove()
  })

  it('say in Japanese what the server refuses, where a source fails and why a record was not understood', async () => {
    const { page, faults } = watched
    const t = words('ja')
    const port = Number(new URL(server.url).port)
    await change(page, server, 'POST', '/api/v1/sources', { kind: 'syslog', name: 'taken', config: { port, udp: false } })
    await page.goto(`${server.url}/sources`)
    const why = page.getByText(t('common.problem.code.listen_failed'))
    await why.waitFor()
    // Below the state, in the size of a label.
    expect((await why.boundingBox())?.height).toBeLessThan(80)
    await page.goto(`${server.url}/sources?source=http:door`)
    await page.getByText(t('common.problem.code.unknown_format')).first().waitFor()
    await page.goto(`${server.url}/assets?add=import`)
    const buffer = Buffer.from('names,criticality\nweb-09,tremendous\n')
    await page.locator('input[type=file]').setInputFiles({ name: 'assets.csv', mimeType: 'text/csv', buffer })
    await page.getByText(t('common.problem.code.bad_row')).waitFor()
    expect(faults.splice(0)).toEqual([])
    await page.goto(`${server.url}/vulnerabilities?name=shop&range=vers%3Anope`)
    await page.getByText(t('common.problem.code.range_invalid')).waitFor()
    await page.goto(`${server.url}/timeline?q=${encodeURIComponent('message:/(a/')}`)
    await page.getByText(t('common.problem.code.query_regex')).waitFor()
    await page.getByText('RE2').waitFor()
    // The browser reports the refusals by itself; the page asks more than one question.
    await page.waitForLoadState('networkidle')
    expect(faults.splice(0).filter((fault) => !fault.includes('400'))).toEqual([])
  }, 60_000)

  it('scroll sideways nowhere but inside their tables, and let no title be squeezed', async () => {
    const { page, faults } = watched
    await page.setViewportSize({ width: 390, height: 844 })
    for (const path of [...PATHS, `/assets?asset=${asset}`, `/timeline?span=1h&event=${event}`]) {
      await page.goto(`${server.url}${path}`)
      await page.locator('h1').first().waitFor()
      await page.waitForLoadState('networkidle')
      const [wide, seen, lead] = await page.evaluate<[number, number, number | null]>(`[
        document.documentElement.scrollWidth,
        document.documentElement.clientWidth,
        document.querySelector('.head > .grow')?.clientWidth ?? null,
      ]`)
      expect([path, wide]).toEqual([path, seen])
      if (lead !== null) expect(lead, path).toBeGreaterThan(250)
    }
    expect(faults).toEqual([])
  }, 90_000)

  it('let every room be reached at 200 %', async () => {
    const { page } = watched
    await page.setViewportSize({ width: 720, height: 450 })
    await page.goto(`${server.url}/sources`)
    const last = page.locator('.rooms a').last()
    await page.locator('.rooms').hover()
    await page.mouse.wheel(0, 2000)
    await expect.poll(async () => (await last.boundingBox())?.y).toBeLessThan(450 - 100)
    await last.click()
    await page.waitForURL((url) => url.pathname.startsWith('/settings'))
  })

  it('show an event’s values whole, each below its name', async () => {
    const { page } = watched
    await page.setViewportSize({ width: 390, height: 844 })
    await page.goto(`${server.url}/timeline?span=1h&event=${event}`)
    const value = page.locator('.evd .ek dd').filter({ hasText: 'a text that does not end' })
    await value.waitFor()
    expect((await value.boundingBox())?.width).toBeGreaterThan(200)
  })

  it('keep what is to be done and until when in sight at 1440, whatever an asset is called', async () => {
    const { page } = watched
    const t = words('ja')
    await page.setViewportSize({ width: 1440, height: 900 })
    await page.goto(`${server.url}/vulnerabilities`)
    await page.getByRole('row').filter({ hasText: 'X-1' }).waitFor()
    const due = await page.getByRole('columnheader', { name: t('vulnerabilities.column.due'), exact: true }).boundingBox()
    expect((due?.x ?? 9999) + (due?.width ?? 0)).toBeLessThan(1440)
  })
})
