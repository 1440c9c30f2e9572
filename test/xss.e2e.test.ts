import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type APIRequestContext, type Browser, type Page, request } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { barriers } from './support/barriers.ts'
import { change, firstAdministrator, hasChromium, launchChromium, type Watched, watchedPage } from './support/browser.ts'
import { ATTACKS, hostile, hostileCard, hostileEvent, hostilePlaybook, KINDS, planted, plantRule } from './support/hostile.ts'
import { createToken, eventually, type Running, startServer, temporaryFolder } from './support/kanpeki.ts'

/**
 * Whoever can send an event, fail a sign-in or name a thing chooses text that others read. Here every such text is an
 * attack, every page is opened, and nothing runs: the text stands there as text. And since every page is open: it can be read
 * and used by whoever sees little, or has no mouse.
 */

/** What only smuggled markup could have made: the console has no such element and no such attribute. */
const SMUGGLED = [
  'img[src="x"]',
  'iframe',
  'object',
  'embed',
  'base',
  'script:not([src])',
  'style',
  '[onerror], [onload], [onclick], [style]',
  'a[href^="javascript:" i], a[href^="data:" i], form[action^="javascript:" i]',
].join(', ')

describe.skipIf(!hasChromium)('text that attackers choose, in Chromium (needs Debian’s chromium)', () => {
  const folder = temporaryFolder()
  const data = join(folder.path, 'data')
  let browser: Browser
  let server: Running
  let watched: Watched
  /** Whoever is not signed in: senders, identity providers, attackers. */
  let outside: APIRequestContext
  let page: Page
  let alert = ''
  let event = ''
  let incident = ''
  let held = ''
  let run = ''
  let asset = ''

  const made = <T>(path: string, body: unknown, method = 'POST'): Promise<T> => change(page, server, method, path, body)

  beforeAll(async () => {
    plantRule(join(data, 'rules'))
    writeFileSync(join(data, 'kanpeki.yml'), `organisation: ${JSON.stringify(hostile('organisation'))}\n`)
    browser = await launchChromium()
    server = await startServer(data, ['--tls', 'on'])
    outside = await request.newContext({ ignoreHTTPSErrors: true })
    watched = await watchedPage(browser, 'en')
    page = watched.page
    await firstAdministrator(page, server, hostile('account'))
    await failSignIn()
    await nameThings()
    await provision()
    await enrolAgent()
    const token = await createToken(data, 'ingest')
    await send(
      token,
      'application/x-ndjson',
      `${JSON.stringify(hostileEvent('host'))}\n${JSON.stringify(hostileEvent('second host'))}\n`,
    )
    await send(token, 'text/plain', `${hostile('unknown')}\n`)
    const alerts = await eventually('two alerts', async () => {
      const reply = await page.request.get(`${server.url}/api/v1/alerts?state=open`)
      const { groups } = (await reply.json()) as { groups: { entity: { name: string }; alerts: { id: string }[] }[] }
      return groups.length < 2 ? undefined : groups
    })
    alert = alerts.find(({ entity }) => entity.name === hostile('host'))?.alerts[0]?.id ?? ''
    await made(`/api/v1/alerts/${alert}/verdict`, { verdict: 'true', note: hostile('note') })
    await made('/api/v1/playbooks', { source: hostilePlaybook(), note: hostile('version note') })
    const variables = { __who__: hostile('variable') }
    run = (await made<{ id: string }>('/api/v1/playbooks/hostile/plan', { variables, alert })).id
    const opened = await made<{ id: string }>('/api/v1/incidents', { title: hostile('incident'), alerts: [alert] })
    incident = opened.id
    for (const deed of [
      { do: 'comment', text: hostile('incident comment') },
      { do: 'task', title: hostile('incident task'), assignee: hostile('task owner') },
      { do: 'role', role: 'commander', person: hostile('commander') },
      { do: 'entity', kind: 'domain', name: hostile('entity') },
      { do: 'follow-up', title: hostile('follow-up'), owner: hostile('follow-up owner') },
      { do: 'post-mortem', happened: hostile('post-mortem') },
      { do: 'message', audience: hostile('audience'), about: hostile('about') },
    ])
      await made(`/api/v1/incidents/${incident}/deeds`, deed)
    const { id: exercise } = await made<{ id: string }>('/api/v1/exercises', {
      script: 'ransomware-weekend',
      participants: [hostile('participant')],
    })
    await made(`/api/v1/exercises/${exercise}/deeds`, { do: 'answer', inject: 0, question: 0, text: hostile('answer') })
    held = exercise
    event = await eventually('the event', async () => {
      const found = await made<{ events: { id: string }[] }>('/api/v1/events/search', {
        query: 'event.action:*',
        from: new Date(Date.now() - 3_600_000).toISOString(),
        to: new Date(Date.now() + 60_000).toISOString(),
        limit: 10,
      })
      return found.events[0]?.id
    })
  }, 120_000)

  afterAll(async () => {
    await outside?.dispose()
    await watched?.context.close()
    await browser?.close()
    server?.child.kill('SIGKILL')
    folder.remove()
  })

  it('plants every kind of attack', () => {
    expect(planted.size).toBeGreaterThanOrEqual(40)
    for (const kind of KINDS) {
      expect(
        [...planted].some(([field, text]) => text === ATTACKS[kind](field)),
        kind,
      ).toBe(true)
    }
  })

  // What each page must show as text, so that an empty page does not pass.
  const walks: readonly (readonly [title: string, path: () => string, shows: readonly string[]])[] = [
    ['overview', () => '/', ['rule title', 'second host']],
    ['declarations', () => '/declarations', ['card name', 'card scope']],
    ['a declaration', () => '/declarations?card=hostile-card', ['threat', 'objective']],
    ['the weekly review', () => '/review', ['card name']],
    ['the first week', () => '/first-week', []],
    ['triage', () => '/triage?tab=closed', ['rule title', 'host']],
    ['an alert', () => `/triage?tab=closed&alert=${alert}`, ['rule title', 'host', 'command', 'note']],
    ['playbooks', () => '/playbooks', ['playbook']],
    ['a playbook', () => '/playbooks?playbook=hostile', ['playbook', 'playbook description', 'playbook test']],
    ['what waits for approval', () => '/playbooks?view=inbox', ['playbook', 'version note']],
    ['a run of a playbook', () => `/playbooks?view=runs&run=${run}`, ['playbook', 'playbook step', 'variable']],
    ['incidents', () => '/incidents', ['incident', 'commander']],
    [
      'an incident',
      () => `/incidents?incident=${incident}`,
      ['incident', 'incident task', 'task owner', 'entity', 'audience', 'about'],
    ],
    ['the timeline of an incident', () => `/incidents?incident=${incident}&part=timeline`, ['incident comment']],
    ['the graph of an incident', () => `/incidents?incident=${incident}&part=graph`, []],
    [
      'the lessons of an incident',
      () => `/incidents?incident=${incident}&part=learn`,
      ['follow-up', 'follow-up owner', 'post-mortem'],
    ],
    ['exercises', () => '/exercises', ['participant']],
    ['an exercise', () => `/exercises?exercise=${held}`, ['answer', 'participant']],
    ['timeline', () => '/timeline?span=1h', ['host', 'command']],
    ['an event', () => `/timeline?span=1h&event=${event}`, ['host', 'command', 'agent', 'url', 'message', 'value']],
    // As a phrase: some attacks are no sentence of the query language, and its refusal would count as a fault.
    ['a query', () => `/timeline?q=${encodeURIComponent(`message:${JSON.stringify(hostile('query'))}`)}`, []],
    ['rules', () => `/rules?q=${encodeURIComponent(hostile('rule title'))}`, ['rule title']],
    ['evidence', () => '/evidence?type=signin', []],
    ['a sign-in entry', () => '/evidence?type=signin&entry=0', []],
    ['administration entries', () => '/evidence?type=admin', []],
    ['a subject', () => `/evidence?subject=${encodeURIComponent(hostile('subject'))}`, ['subject']],
    ['sources', () => '/sources?source=http:door', ['unknown']],
    ['a source of a chosen name', () => '/sources?source=file:planted', ['source title']],
    ['audit', () => '/audit', ['account', 'token', 'asset', 'enrolment', 'person']],
    ['audit of an action that nobody knows', () => `/audit?action=${encodeURIComponent(hostile('action'))}&person=x`, []],
    ['an entry of the audit', () => '/audit?action=token.create&entry=3', []],
    ['frameworks', () => '/frameworks', []],
    [
      'where a package is',
      () => '/vulnerabilities?name=component',
      ['inventory asset', 'component', 'component version', 'component place'],
    ],
    ['assets', () => '/assets', ['asset', 'other name', 'owner of it', 'label value']],
    ['an asset', () => `/assets?asset=${asset}`, ['asset']],
    ['assets that are looked for', () => `/assets?q=${encodeURIComponent(hostile('asset query'))}`, []],
    ['your own account', () => '/settings/you', ['account', 'organisation']],
    ['people', () => '/settings/people', ['person', 'display', 'provisioned']],
    ['roles', () => '/settings/roles', []],
    ['tokens', () => '/settings/tokens', ['token']],
    ['agents', () => '/settings/agents', ['enrolment', 'agent']],
    ['the access review', () => '/settings/review?show=all', ['person', 'token', 'review note']],
    ['scopes', () => '/settings/scopes', ['scope title', 'scope label']],
    ['a scope', () => '/settings/scopes?open=planted', ['scope title']],
    ['single sign-on', () => '/settings/sso', ['provider', 'group']],
    ['a provider', () => '/settings/sso?open=planted', ['provider']],
    ['what is kept', () => '/settings/keeping', ['hold', 'hold owner', 'hold query', 'erasure']],
    ['configuration', () => '/settings/config', ['organisation']],
    ['connections', () => '/settings/connections', []],
    ['who is told', () => '/settings/notify', []],
    ['what waits', () => '/triage', ['rule title', 'second host']],
    ['what is mine', () => '/triage?tab=mine', []],
    ['protect', () => '/protect', []],
    ['behaviour', () => '/behaviour', []],
    ['hosts', () => '/hosts', []],
    ['a scenario', () => '/rules?scenario=authentication-password-spray', []],
    ['guards of playbooks', () => '/playbooks?view=guards', []],
    ['an empty playbook', () => '/playbooks?edit=new', []],
    ['opening an incident', () => '/incidents?open=new', []],
    ['how incidents are worked on', () => '/incidents?open=policy', []],
    ['weaknesses', () => '/vulnerabilities', []],
    ['adding a source', () => '/sources?add=', []],
    ['hosts that send', () => '/sources?view=hosts', ['host', 'second host']],
    ['the minimum of events', () => '/sources?view=minimum', []],
    ['what is masked', () => '/sources?view=masking', []],
    ['who read what', () => '/audit?view=reads', []],
    ['adding an asset', () => '/assets?add=one', []],
    ['bringing assets in', () => '/assets?add=import', []],
    ['no such page', () => `/${encodeURIComponent(hostile('path'))}`, []],
  ]

  it.each(walks)(
    '%s: shown as text, nothing runs, and nobody is kept out',
    async (_title, path, shows) => {
      await page.goto(`${server.url}${path()}`)
      await page.getByRole('heading').first().waitFor()
      for (const field of shows) {
        const text = planted.get(field)
        expect(text, `${field} was never planted`).toBeDefined()
        // biome-ignore lint/performance/useDomNodeTextContent: what is rendered counts, not what stands in the tree.
        const rendered = () => page.locator('body').innerText()
        await expect.poll(rendered, { message: `${field} on ${path()}`, timeout: 10_000 }).toContain(text)
      }
      await page.waitForLoadState('networkidle').catch(() => undefined)
      expect(await page.locator(SMUGGLED).evaluateAll((found) => found.map((one) => one.outerHTML.slice(0, 200)))).toEqual([])
      expect(watched.ran).toEqual([])
      expect(await barriers(page)).toEqual([])
    },
    20_000,
  )

  it('follows no address that leaves the console after signing in', async () => {
    for (const to of [
      'https://evil.example/',
      '//evil.example/',
      '/\\evil.example',
      "javascript:__xss('to')",
      '/\t/evil.example',
    ]) {
      await page.goto(`${server.url}/sign-in?to=${encodeURIComponent(to)}`)
      await page.getByRole('textbox').first().fill(hostile('account'))
      await page.locator('input[type=password]').fill('correct horse battery staple')
      await page.locator('button[type=submit]').click()
      await page.waitForURL((url) => url.pathname !== '/sign-in')
      expect(new URL(page.url()).origin, to).toBe(server.url)
    }
    expect(watched.ran).toEqual([])
  }, 60_000)

  it('says that there is no such scope, and nothing runs', async () => {
    const faults = watched.faults.length
    await page.goto(`${server.url}/?scope=${encodeURIComponent(hostile('scope'))}`)
    await page.getByRole('alert').first().waitFor()
    expect(await page.locator(SMUGGLED).count()).toBe(0)
    expect(watched.ran).toEqual([])
    // The browser reports the refusal by itself.
    expect(watched.faults.splice(faults).filter((fault) => !fault.includes('403'))).toEqual([])
  })

  it('had nothing for the content security policy to refuse, and no fault', () => {
    expect(watched.faults).toEqual([])
  })

  it('would have noticed: markup that does get in is found, and refused by the policy', async () => {
    const other = await watchedPage(browser, 'en')
    await other.page.goto(`${server.url}/sign-in`)
    await other.page.getByRole('heading').first().waitFor()
    await other.page.evaluate(`document.body.innerHTML = ${JSON.stringify(ATTACKS.image('markup'))}`)
    expect(await other.page.locator(SMUGGLED).count()).toBeGreaterThan(0)
    await expect.poll(() => other.faults.join()).toContain('refused by the policy: script-src')
    await other.page.evaluate("__xss('by hand')")
    expect(other.ran).toEqual(['by hand'])
    await other.context.close()
  })

  /** Everything that a person with some role may name. */
  async function nameThings(): Promise<void> {
    const component = { name: hostile('component'), version: hostile('component version'), place: hostile('component place') }
    await made('/api/v1/inventories', { asset: hostile('inventory asset'), components: [component] })
    await made('/api/v1/tokens', { name: hostile('token'), scope: 'read' })
    await made('/api/v1/cards', { yaml: hostileCard(), dryRun: false })
    const labels = { label: hostile('label value') }
    const names = [hostile('asset'), hostile('other name')]
    asset = (await made<{ id: string }>('/api/v1/assets', { names, labels, owner: hostile('owner of it') })).id
    const scope = { scope: 'planted', title: hostile('scope title'), labels: { only: hostile('scope label') } }
    await made('/api/v1/scopes', scope)
    const roles = [{ role: 'viewer', scope: 'default' }]
    await made('/api/v1/people', { name: hostile('person'), display: hostile('display'), roles })
    await made('/api/v1/enrolments', { name: hostile('enrolment') })
    await made('/api/v1/sources', {
      kind: 'file',
      name: 'planted',
      title: hostile('source title'),
      config: { paths: [join(data, 'none.log')] },
    })
    await made('/api/v1/sso/providers', {
      id: 'planted',
      title: { en: hostile('provider'), ja: hostile('provider') },
      issuer: 'https://login.example.com',
      clientId: hostile('client'),
      clientSecret: null,
      groupsClaim: 'groups',
      groups: [{ group: hostile('claimed group'), roles }],
    })
    await made('/api/v1/holds', {
      name: hostile('hold'),
      owner: hostile('hold owner'),
      reason: hostile('hold reason'),
      query: JSON.stringify(hostile('hold query')),
    })
    const identities = [{ kind: 'user', value: 'nobody-at-all' }]
    await made('/api/v1/erasures', { identities, reason: hostile('erasure'), dryRun: false })
    const review = await made<{ id: string }>('/api/v1/reviews', undefined)
    const list = await page.request.get(`${server.url}/api/v1/reviews/${review.id}`)
    const { items } = (await list.json()) as { items: { id: string; canDecide: boolean }[] }
    const open = items.filter(({ canDecide }) => canDecide).map(({ id }) => id)
    await made(`/api/v1/reviews/${review.id}/decide`, { items: open.slice(0, 1), decision: 'keep', note: hostile('review note') })
  }

  /** What an identity provider pushes is its users' own words. */
  async function provision(): Promise<void> {
    const { token } = await made<{ token: string }>('/api/v1/tokens', { name: 'scim', scope: 'scim' })
    const push = async (path: string, body: unknown): Promise<void> => {
      const reply = await outside.post(`${server.url}/scim/v2/${path}`, {
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/scim+json' },
        data: JSON.stringify(body),
      })
      expect(reply.status(), await reply.text()).toBe(201)
    }
    const user = { userName: hostile('provisioned'), displayName: hostile('provisioned display'), active: true }
    await push('Users', { schemas: ['urn:ietf:params:scim:schemas:core:2.0:User'], ...user })
    await push('Groups', { schemas: ['urn:ietf:params:scim:schemas:core:2.0:Group'], displayName: hostile('group') })
  }

  async function failSignIn(): Promise<void> {
    const reply = await outside.post(`${server.url}/api/v1/session`, {
      headers: { 'x-kanpeki-csrf': '1', 'user-agent': hostile('browser') },
      data: { name: hostile('account'), password: 'wrong' },
    })
    expect(reply.status()).toBe(401)
  }

  async function enrolAgent(): Promise<void> {
    const { token } = await made<{ token: string }>('/api/v1/enrolments', { name: 'for the agent' })
    const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', join(folder.path, 'agent.key')]
    const csr = execFileSync('openssl', ['req', '-new', ...key, '-subj', '/CN=agent'], { encoding: 'utf8', stdio: 'pipe' })
    const reply = await outside.post(`${server.url}/api/v1/agents/enrol`, {
      headers: { authorization: `Bearer ${token}` },
      data: { name: hostile('agent'), csr },
    })
    expect(reply.status(), await reply.text()).toBe(200)
  }

  async function send(token: string, type: string, body: string): Promise<void> {
    const reply = await outside.post(`${server.url}/api/v1/ingest/door`, {
      headers: { authorization: `Bearer ${token}`, 'content-type': type },
      data: body,
    })
    expect(reply.status(), await reply.text()).toBe(200)
  }
})
