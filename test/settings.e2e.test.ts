import { spawnSync } from 'node:child_process'
import { X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  change,
  firstAdministrator,
  hasChromium,
  type Language,
  launchChromium,
  type Watched,
  watchedPage,
  words,
} from './support/browser.ts'
import { ROOT, type Running, startServer, temporaryFolder } from './support/kanpeki.ts'

const TOOLS = ['bash', 'openssl']
const hasTools = TOOLS.every((tool) => spawnSync(tool, ['--version']).error === undefined)
if (!hasTools && process.env['CI'] === 'true') throw new Error(`CI=true asks for ${TOOLS.join(', ')}`)

const LANGUAGES = ['en', 'ja'] as const satisfies readonly Language[]

describe.skipIf(!hasChromium)('audit, assets and settings in Chromium (needs Debian’s chromium)', () => {
  const folder = temporaryFolder()
  let browser: Browser
  let server: Running
  let served: X509Certificate

  beforeAll(async () => {
    browser = await launchChromium()
    const data = join(folder.path, 'data')
    server = await startServer(data, ['--tls', 'on'])
    served = new X509Certificate(readFileSync(join(data, 'keys', 'tls-served.pem')))
    const first = await watchedPage(browser, 'en')
    await firstAdministrator(first.page, server, 'mori')
    await seed(first.page, server)
    await first.context.close()
  }, 120_000)
  afterAll(async () => {
    await browser.close()
    server.child.kill('SIGKILL')
    folder.remove()
  })

  describe.each(LANGUAGES)('in %s', (language) => {
    const t = words(language)
    let watched: Watched
    let page: Page
    beforeAll(async () => {
      watched = await watchedPage(browser, language, language === 'ja')
      page = watched.page
      await signIn(page, server, 'mori')
    }, 30_000)
    afterAll(() => watched.context.close())

    const open = async (path: string): Promise<void> => {
      await page.goto(`${server.url}${path}`)
      await page.getByRole('heading', { level: 1 }).waitFor()
    }
    const press = (path: string): Promise<void> =>
      page
        .getByRole('button', { name: t(path), exact: true })
        .first()
        .click()

    it('tells who did what, in sentences, down to the proof', async () => {
      await open('/audit')
      const row = page.locator('.audit-t tr', { hasText: 'asset.create' }).first()
      await row.waitFor()
      expect(await row.locator('.said').textContent()).not.toContain('asset.create')
      await row.locator('td.r button').click()
      await page.locator('[data-verified="true"]').waitFor()
      expect(page.url()).toMatch(/entry=\d+/)
      // The filter is part of the address.
      await open('/audit?type=signin')
      await page.locator('.audit-t tr', { hasText: 'session.success' }).first().waitFor()
      expect(await page.locator('.audit-t tr', { hasText: 'asset.' }).count()).toBe(0)
    })

    it('exports the audit as CSV', async () => {
      await open('/audit?action=asset.')
      const href = await page.getByRole('link', { name: t('audit.csv') }).getAttribute('href')
      const csv = () => page.request.get(`${server.url}${href}`)
      expect((await csv()).headers()['content-type']).toContain('text/csv')
      // Entries join the ledger a moment after their deeds.
      await expect.poll(async () => (await (await csv()).text()).split('\n').length).toBeGreaterThan(2)
    })

    it('adds an asset by hand, with its labels, and finds it again', async () => {
      await open('/assets')
      await press('assets.add')
      const name = `hand-${language}`
      await page.getByLabel(t('assets.form.names'), { exact: true }).fill(`${name}\n192.0.2.${language === 'en' ? 1 : 2}`)
      await page.getByLabel(t('assets.col.labels'), { exact: true }).fill('team＝shop\nno label')
      await press('assets.form.create')
      // The wrong line is named, and nothing was sent.
      await page.locator('.label.bad').waitFor()
      await page.getByLabel(t('assets.col.labels'), { exact: true }).fill('role=hand')
      await press('assets.form.create')
      await page.locator('dialog').waitFor({ state: 'detached' })
      await page.getByRole('searchbox').fill(name)
      await page.getByRole('button', { name, exact: true }).waitFor()
      await expect.poll(() => page.locator('.assets tbody tr').count()).toBe(1)
    })

    it('shows what an import would do, row by row, before it does it', async () => {
      await open('/assets?add=import')
      const text = `names,labels,criticality,owner\nfile-${language},team=files,high,Files\n,,,\n`
      await page
        .locator('input[type=file]')
        .setInputFiles({ name: 'assets.csv', mimeType: 'text/csv', buffer: Buffer.from(text) })
      await page.locator('.sum.four').waitFor()
      await page.locator('dialog tbody tr').first().waitFor()
      await page.locator('dialog button.ink').click()
      await page.locator('dialog').waitFor({ state: 'detached' })
      await page.getByRole('button', { name: `file-${language}`, exact: true }).waitFor()
    })

    it('makes a scope that takes the assets with its labels', async () => {
      await open('/settings/scopes')
      await press('scopes.add')
      await page.getByLabel(t('scopes.form.name'), { exact: true }).fill(`team-${language}`)
      await page.getByLabel(t('scopes.form.title'), { exact: true }).fill(`Team ${language}`)
      await page.getByLabel(t('scopes.form.labels'), { exact: true }).fill(`scope=${language}`)
      await press('scopes.form.create')
      const row = page.locator('tbody tr', { hasText: `team-${language}` })
      await row.waitFor()
      // One asset of the seed carries the label.
      expect(await row.locator('td.num').first().textContent()).toBe('1')
    })

    it('adds a provider without ever showing its secret again', async () => {
      await open('/settings/sso')
      await press('sso.add')
      const id = `idp-${language}`
      await page.getByLabel(t('sso.form.id'), { exact: true }).fill(id)
      await page.getByLabel(t('sso.form.titleEn')).fill(`Login ${language}`)
      await page.getByLabel(t('sso.form.issuer'), { exact: true }).fill('https://login.example.com')
      await page.getByLabel(t('sso.form.clientId')).fill('kanpeki')
      await page.getByLabel(t('sso.form.secret'), { exact: true }).fill('a very secret secret')
      await press('sso.form.create')
      await page.getByRole('button', { name: `Login ${language}` }).click()
      await page.getByText(`/api/v1/sso/${id}/callback`).waitFor()
      expect(await page.content()).not.toContain('a very secret secret')
    })

    it('makes an enrolment token, shown once, with the command that uses it', async () => {
      await open('/settings/agents')
      await page.getByLabel(t('agents.form.name')).fill(`Machines ${language}`)
      await press('agents.form.create')
      await page.locator('.code').nth(3).waitFor()
      const [token = '', trust = '', enrol = ''] = await page.locator('.code code').allTextContents()
      expect(token.trim()).toMatch(/^kpe_/)
      expect(enrol).toContain(token.trim())
      if (hasTools) {
        const machine = temporaryFolder()
        const ran = spawnSync(
          'bash',
          [
            '-e',
            '-o',
            'pipefail',
            '-c',
            `${trust}\n${enrol.replace('./kanpeki', `${process.execPath} ${ROOT}dist/cli/main.js`)} --data home`,
          ],
          {
            cwd: machine.path,
            encoding: 'utf8',
          },
        )
        expect(ran.status, ran.stderr).toBe(0)
        expect(ran.stdout).toContain(served.fingerprint256)
        const { certificate } = JSON.parse(readFileSync(join(machine.path, 'home/identity.json'), 'utf8')) as {
          certificate: string
        }
        expect(new X509Certificate(certificate).issuer).toContain('Kanpeki')
        machine.remove()
      }
      await press('agents.kept')
      await page.getByRole('cell', { name: `Machines ${language}` }).waitFor()
      await expect.poll(() => page.locator('.code').count()).toBe(0)
      if (!hasTools) return
      await page.reload()
      await page
        .locator('section', { hasText: t('agents.revoke') })
        .getByText(hostname(), { exact: true })
        .first()
        .waitFor()
    })

    it('explains every setting, and finds one by its meaning', async () => {
      await open('/settings/config')
      await page.getByRole('searchbox').fill(language === 'ja' ? '組織名' : 'your name on the console')
      await page.getByText('organisation', { exact: true }).waitFor()
      await expect.poll(() => page.locator('tbody tr').count()).toBe(1)
    })

    it('places a hold and lets go of it, and erases a person beside what is held', async () => {
      await open('/settings/keeping')
      await press('keeping.hold.add')
      for (const [field, value] of Object.entries({
        name: `Case ${language}`,
        query: `message:"kept ${language}"`,
        owner: 'Counsel',
        reason: 'Order',
      }))
        await page.getByLabel(t(`keeping.hold.form.${field}`), { exact: true }).fill(value)
      await press('keeping.hold.form.place')
      await page.locator('dialog').waitFor({ state: 'detached' })
      await press('keeping.erasure.add')
      await page.getByLabel(t('keeping.erasure.form.value'), { exact: true }).fill(`person-${language}`)
      await page.getByLabel(t('keeping.erasure.form.reason'), { exact: true }).fill(`Request ${language}`)
      await press('keeping.erasure.form.count')
      await page.locator('dialog [role=status]', { hasText: '2' }).waitFor()
      await press('keeping.erasure.form.erase')
      await press('keeping.erasure.form.yes')
      await page.getByText(t('keeping.erasure.receipt.title'), { exact: true }).waitFor({ timeout: 15_000 })
      expect(await page.locator('dialog .code').textContent()).toMatch(/[\w-]{43}/)
      await press('keeping.erasure.receipt.kept')
      const erased = page.locator('tr', { hasText: `Request ${language}` })
      await expect.poll(() => erased.locator('td.num').allTextContents(), { timeout: 20_000 }).toEqual(['2', '1'])
      const hold = page.locator('tr', { hasText: `Case ${language}` })
      await hold.getByRole('button', { name: t('keeping.hold.release'), exact: true }).click()
      await hold.getByRole('button', { name: t('keeping.hold.yes'), exact: true }).click()
      await expect.poll(() => hold.getByRole('button').count()).toBe(0)
    })

    it('edits a connection without its secret being shown, wants it again for another address, and tells whether it works', async () => {
      const settings = { host: '127.0.0.1', port: '22', user: 'root', hostKey: 'ssh-ed25519 AAAA' }
      const host = { name: `box-${language}`, kind: 'ssh', settings, secrets: { privateKey: 'canary' } }
      await change(page, server, 'POST', '/api/v1/connections', host)
      await open('/settings/connections')
      const row = page.locator('li', { hasText: `box-${language}` })
      // Nothing on this host may be called unless a setting names it, and that is said where it was asked.
      await row.getByRole('button', { name: t('connections.test'), exact: true }).click()
      await row.getByRole('status').getByText('outgoing-allow').waitFor()
      await row.getByRole('button', { name: t('connections.edit'), exact: true }).click()
      const secret = page.getByLabel(t('connections.field.privateKey'), { exact: true })
      expect(await secret.inputValue()).toBe('')
      expect(await page.content()).not.toContain('canary')
      const save = page.getByRole('button', { name: t('connections.save'), exact: true })
      expect(await save.isDisabled()).toBe(true)
      await page.getByLabel(t('connections.field.port'), { exact: true }).fill('2222')
      await page.getByText(t('connections.again'), { exact: true }).waitFor()
      await secret.fill('another')
      await save.click()
      await page.locator('dialog').waitFor({ state: 'detached' })
      await row.getByText('2222', { exact: true }).waitFor()
    })

    it('decides a review by key, and lets nobody decide about themselves', async () => {
      await open('/settings/review')
      const own = page.locator('tbody tr', { hasText: t('review.lockedOwn') }).first()
      await own.waitFor()
      expect(await own.locator('input[type=checkbox]').isDisabled()).toBe(true)
      const other = page.locator('tbody tr', { hasText: `review-${language}` }).first()
      await other.click()
      await page.locator('#review-note').fill('still needed')
      await page.locator('h1').click()
      await page.keyboard.press('e')
      await expect.poll(() => page.locator('tbody tr', { hasText: `review-${language}` }).count(), { timeout: 10_000 }).toBe(0)
      // Removing has no way back: one press asks, the second does it.
      const token = page.locator('tbody tr', { hasText: `leaving-${language}` }).first()
      await token.click()
      await page.keyboard.press('d')
      await page.getByRole('button', { name: t('review.removeSure') }).waitFor()
      expect(await token.count()).toBe(1)
      await page.keyboard.press('d')
      await expect.poll(() => token.count(), { timeout: 10_000 }).toBe(0)
      await open('/settings/review?show=decided')
      await page
        .locator('tbody tr', { hasText: `review-${language}` })
        .getByText('still needed')
        .waitFor()
    })

    it('had no fault and nothing for the content security policy to refuse', () => {
      expect(watched.faults).toEqual([])
    })
  })
})

async function signIn(page: Page, server: Running, name: string): Promise<void> {
  await change(page, server, 'POST', '/api/v1/session', { name, password: 'correct horse battery staple' })
}

/** What the pages are to show, made as people and machines make it: through the API. */
async function seed(page: Page, server: Running): Promise<void> {
  const made = <T>(path: string, body: unknown, method = 'POST'): Promise<T> => change(page, server, method, path, body)
  await made('/api/v1/assets', {
    names: ['web-01', 'web-01.example.com', '192.0.2.11'],
    labels: { team: 'shop', env: 'production' },
    criticality: 'high',
    owner: 'Shop team',
  })
  for (const language of LANGUAGES) {
    await made('/api/v1/assets', { names: [`scoped-${language}`], labels: { scope: language }, criticality: 'critical' })
    await made('/api/v1/people', {
      name: `review-${language}`,
      roles: [{ role: 'viewer', scope: 'default' }],
    })
    await made('/api/v1/people', { name: `leaving-${language}`, roles: [{ role: 'viewer', scope: 'default' }] })
  }
  const { token } = await made<{ token: string }>('/api/v1/tokens', { name: 'shipper', scope: 'ingest' })
  const messages = LANGUAGES.flatMap((language) => [`one ${language}`, `two ${language}`, `kept ${language}`])
  const events = messages.map((message) => JSON.stringify({ message, user: { name: `person-${message.slice(-2)}` } }))
  const sent = await page.request.post(`${server.url}/api/v1/ingest/app`, {
    headers: { authorization: `Bearer ${token}` },
    data: events.join('\n'),
  })
  expect(sent.status()).toBe(200)
  await made('/api/v1/reviews', undefined)
}
