import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { afterAll, expect, it } from 'vitest'
import type { RawReply } from '../../platform/http/route.ts'
import { readOutbox } from '../../platform/state/outbox.ts'
import { testCaller } from '../../platform/testing/caller.ts'
import { rejectionOf } from '../../platform/testing/code-of.ts'
import { describeStates, type StateTestBed } from '../../platform/testing/states.ts'
import { scoreCvss } from '../cvss/score.ts'
import { migrations } from '../migrations.ts'
import { openPolicyFile } from '../prioritise/policy-file.ts'
import { readResults } from '../results/read-results.ts'
import { resultsReply } from '../results/schema.ts'
import { jsonValidator } from '../sbom/cyclonedx-schema.ts'
import { readSbom } from '../sbom/read.ts'
import { readVex } from '../vex/read-vex.ts'
import { takeUse } from '../weighing/take-use.ts'
import { openWeigher } from '../weighing/weigher.ts'
import { expireExceptions, waitingWaivers } from '../work/exceptions.ts'
import { waiver } from '../work/schema.ts'
import type { OpenTicket } from '../work/ticket.ts'
import { openFeedsFolder } from './feeds-folder.ts'
import { judgeAgain } from './judge-again.ts'
import { assessMeasures } from './measures.ts'
import { routes } from './routes.ts'
import { assetWeaknessesReply, componentsReply, inventoryReply, vulnerabilitiesReply } from './schema.ts'
import type { AssessTables } from './tables.ts'

const base = mkdtempSync(join(tmpdir(), 'kanpeki-feeds-'))
afterAll(() => rmSync(base, { recursive: true }))

const advisory = (id: string, name: string, fixed: string, aliases: readonly string[] = []) => ({
  id,
  modified: '2026-01-01T00:00:00Z',
  aliases,
  summary: `${name} is weak`,
  database_specific: { cwe_ids: ['CWE-502'] },
  severity: [{ type: 'CVSS_V3', score: 'CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H' }],
  affected: [
    { package: { ecosystem: 'Maven', name }, ranges: [{ type: 'ECOSYSTEM', events: [{ introduced: '0' }, { fixed }] }] },
  ],
})
const LOG4J = 'org.apache.logging.log4j:log4j-core'
const bom = (...versions: readonly string[]) => ({
  document: JSON.stringify({
    bomFormat: 'CycloneDX',
    specVersion: '1.6',
    version: 1,
    components: versions.map((version, at) => ({
      type: 'library',
      name: 'log4j-core',
      version,
      'bom-ref': `${at}`,
      purl: `pkg:maven/org.apache.logging.log4j/log4j-core@${version}`,
    })),
  }),
})

/** The room's routes over a store of their own, with a clock that stands until it is moved. */
async function house(bed: StateTestBed, folder: string) {
  const state = await bed.open(migrations)
  const feeds = openFeedsFolder(folder)
  let now = Date.UTC(2026, 10, 22)
  const clock = { now: () => now }
  let changed = 0
  const policy = openPolicyFile({
    own: join(folder, 'none.yaml'),
    shipped: fileURLToPath(new URL('../../../content/policies/vulnerabilities.yaml', import.meta.url)),
  })
  const weigher = openWeigher({ state, clock, feeds, policy })
  const tickets = new Map<string, string>()
  const openTicket: OpenTicket = async ({ about, title, text, severity }) => {
    tickets.set(about.join(), `${severity} ${title}\n${text}`)
    return { id: `T-${tickets.size}`, url: null }
  }
  const all = routes({ state, clock, feeds, policy, weigher, openTicket, version: '0', changed: () => (changed += 1) })
  const call = async (method: string, path: string, input: object, scope = 'default', who = 'u1', params = {}) => {
    const found = all.find((one) => one.method === method && one.path === path)!
    const given = {
      body: found.body?.parse(method === 'POST' ? input : {}),
      query: found.query?.parse(input),
      caller: testCaller({ scope, id: who }),
      params: found.params?.parse(params),
    }
    return await found.handle(given as never)
  }
  const take = async (asset: string, body: object, scope?: string) =>
    inventoryReply.parse(await call('POST', '/api/v1/inventories', { asset, ...body }, scope))
  const list = async (query: object = {}, scope?: string) =>
    vulnerabilitiesReply.parse(await call('GET', '/api/v1/vulnerabilities', query, scope))
  return {
    state,
    clock,
    feeds,
    policy,
    weigher,
    tickets,
    call,
    take,
    list,
    tick: (ms: number) => (now += ms),
    changes: () => changed,
  }
}

describeStates('inventories', (bed) => {
  it('finds, proves the fix by the next list, reopens what is back, and answers where a package is', async () => {
    const folder = mkdtempSync(join(base, 'feeds-'))
    writeFileSync(
      join(folder, 'osv.json'),
      JSON.stringify([advisory('GHSA-1', LOG4J, '2.17.1', ['CVE-2021-44228']), advisory('CVE-2021-44228', LOG4J, '2.15.0')]),
    )
    writeFileSync(
      join(folder, 'kev.json'),
      JSON.stringify({
        catalogVersion: '1',
        dateReleased: '2026-01-01',
        vulnerabilities: [{ cveID: 'CVE-2021-44228', dateAdded: '2021-12-10' }],
      }),
    )
    const { state, clock, feeds, policy, call, take, list, tick, changes } = await house(bed, folder)

    expect(await take('shop', bom('2.14.1'))).toMatchObject({ components: 1, open: 1, found: 1, gone: 0, unjudged: 0 })
    await take('other', {
      components: [{ name: 'log4j-core', version: '2.17.1', purl: 'pkg:maven/org.apache.logging.log4j/log4j-core@2.17.1' }],
    })
    await take('elsewhere', bom('2.14.1'), 'beta')
    // What is kept goes out as a bill again, and nothing of another scope's.
    const bill = async (asset: string, format: string) =>
      (await call('GET', '/api/v1/inventories/bill', { asset, format })) as RawReply
    const written = await bill('other', 'spdx')
    expect(written.headers).toMatchObject({ 'content-disposition': expect.stringContaining('filename="other.spdx.json"') })
    expect((await readSbom(Buffer.from(String(written.body)), 'x')).components.map(({ purl }) => purl)).toEqual([
      null,
      'pkg:maven/org.apache.logging.log4j/log4j-core@2.17.1',
    ])
    expect(await rejectionOf(bill('elsewhere', 'cyclonedx'))).toBe('not_found')
    const first = await list()
    expect(first).toMatchObject({
      funnel: { all: 1, fixable: 1, inUse: null, exposed: null, exploited: 1 },
      assets: 2,
      components: 2,
      total: 1,
    })
    expect(first.items[0]).toMatchObject({
      id: 'CVE-2021-44228',
      ids: ['CVE-2021-44228', 'GHSA-1'],
      asset: 'shop',
      exploited: '2021-12-10',
      score: 9.8,
    })
    const where = async (query: object) => componentsReply.parse(await call('GET', '/api/v1/components', query))
    expect(await where({ name: 'LOG4J' })).toMatchObject({ total: 2, assets: 2 })
    expect((await where({ name: 'log4j', range: 'vers:maven/<2.17.0' })).items.map(({ asset }) => asset)).toEqual(['shop'])
    expect(await where({ name: 'g4j%' })).toMatchObject({ total: 0 })

    tick(1000)
    expect(await take('shop', bom('2.17.1'))).toMatchObject({ open: 0, gone: 1 })
    expect((await list({ state: 'gone' })).items[0]).toMatchObject({
      id: 'CVE-2021-44228',
      gone: new Date(clock.now()).toISOString(),
    })
    tick(1000)
    expect(await take('shop', bom('2.14.1'))).toMatchObject({ open: 1, found: 0, regressed: 1 })
    const [back] = (await list()).items
    expect(back).toMatchObject({ regressed: true, gone: null, firstSeen: first.items[0]!.firstSeen })

    const measures = assessMeasures(state)
    const mttr = measures.find(({ id }) => id === 'assess.vulnerability-mttr')
    const coverage = measures.find(({ id }) => id === 'assess.scan-coverage')
    const read = (params: object) => mttr!.measure(params as never, clock.now() - 86_400_000, clock.now() + 1000, 'default')
    // Open again since the first sight three seconds ago, counted to the end of the window.
    expect(await read({})).toMatchObject({ value: 3, good: 0, bad: 1, asOf: expect.any(Number) })
    expect(await read({ score: 10 })).toMatchObject({ value: 0, bad: 0 })
    expect((await read({ label: 'exposure=internet' })).value).toBeNull()
    expect((await coverage!.measure({}, 0, clock.now(), 'default')).value).toBeNull()
    const asset = {
      id: 'a',
      names: '["Shop","10.0.0.1"]',
      labels: '{"exposure":"internet"}',
      criticality: 'high',
      owner: null,
      created: 1,
      updated: 1,
    } as const
    await state
      .tables<AssessTables>()
      .insertInto('assets')
      .values({ ...asset, scope: 'default' })
      .execute()
    expect(await read({ label: 'exposure=internet' })).toMatchObject({ value: 3, bad: 1 })
    expect(await coverage!.measure({}, 0, clock.now(), 'default')).toMatchObject({ value: 100, good: 1, unknown: 0 })

    // A list that names the package without a version says nothing of it: what was found stays.
    expect(
      await take('shop', { components: [{ name: 'log4j-core', purl: 'pkg:maven/org.apache.logging.log4j/log4j-core' }] }),
    ).toMatchObject({ open: 1, gone: 0, unjudged: 1 })
    // What cannot be read changes nothing.
    expect(await rejectionOf(take('shop', { document: '{"bomFormat":"CycloneDX"}' }))).toBe('sbom_invalid')
    expect((await list()).total).toBe(1)

    // A new advisory is found without a new list.
    writeFileSync(join(folder, 'later.json'), JSON.stringify(advisory('GHSA-2', LOG4J, '2.18.0')))
    const before = await feeds.current()
    await feeds.refresh()
    const after = await feeds.current()
    const rules = await policy.current()
    expect((await judgeAgain({ state, feeds: after, clock, rules, since: before })).found).toBe(2)
    expect((await judgeAgain({ state, feeds: after, clock, rules, since: after })).found).toBe(0)
    expect((await list({ q: 'ghsa-2' })).items.map(({ asset }) => asset)).toEqual(['other'])
    // Words of what is said of it, of the asset and of its owner, each in any order; a step and its count.
    const sought = async (query: object) => {
      const { items, total } = await list(query)
      return [total, ...items.map(({ id, asset: on }) => `${id} ${on}`)]
    }
    for (const q of ['SHOP', 'log4j shop', 'weak ghsa', 'shop cve-2021', 'other cve-2021', 'nothing', '%', 'shop nothing'])
      expect(await sought({ q }), q).toEqual(
        {
          SHOP: [1, 'CVE-2021-44228 shop'],
          'weak ghsa': [2, 'CVE-2021-44228 shop', 'GHSA-2 other'],
          'log4j shop': [1, 'CVE-2021-44228 shop'],
          'shop cve-2021': [1, 'CVE-2021-44228 shop'],
        }[q] ?? [0],
      )
    expect(await sought({ step: 'exploited' })).toEqual([1, 'CVE-2021-44228 shop'])
    expect(await sought({ asset: 'SHOP', decision: 'immediate' })).toEqual([1, 'CVE-2021-44228 shop'])
    expect(await sought({ asset: 'nowhere' })).toEqual([0])
    // A release that nobody mends is named, whatever is known of its packages.
    expect((await list()).unsupported).toEqual([])
    const old = { name: 'a', version: '1', purl: 'pkg:deb/debian/a@1?distro=debian-10' }
    await take('old', { components: [old, { ...old, purl: 'pkg:deb/debian/a@1?distro=debian-13' }] }, 'gamma')
    expect((await list({}, 'gamma')).unsupported).toEqual([{ release: 'debian-10', ended: '2024-06-30', assets: 1 }])
    // A label is known at once.
    expect(await list()).toMatchObject({ pending: 0, funnel: { all: 2, fixable: 2, inUse: null, exposed: 1, exploited: 1 } })
    await state.tables<AssessTables>().updateTable('assets').set({ labels: '{}', owner: 'Jiro', updated: clock.now() }).execute()
    expect(await list()).toMatchObject({ funnel: { all: 2, exposed: null } })
    expect(await sought({ q: 'jiro 2021' })).toEqual([1, 'CVE-2021-44228 shop'])
    expect(await sought({ owner: 'Jiro', limit: 1 })).toEqual([1, 'CVE-2021-44228 shop'])
    const taken = (await readOutbox(state.tables(), 0, 100)).filter(({ body }) => body['action'] === 'inventory.take')
    expect(taken.map(({ scope }) => scope)).toEqual(['default', 'default', 'beta', 'default', 'default', 'default', 'gamma'])
    expect(changes()).toBe(taken.length)
  })

  it('gives work to people, lets a second one approve what is borne, and reopens what expires', async () => {
    const folder = mkdtempSync(join(base, 'feeds-'))
    writeFileSync(join(folder, 'osv.json'), JSON.stringify([advisory('CVE-2021-44228', LOG4J, '2.15.0', ['GHSA-1'])]))
    const { state, clock, tickets, call, take, list, tick } = await house(bed, folder)
    const one = async (query: object = {}) => (await list(query)).items[0]
    await take('shop', { ...bom('2.14.1'), inUse: ['log4j-core'] })
    const found = (await one())!
    expect(found).toMatchObject({
      state: 'new',
      cwes: ['CWE-502'],
      inUse: true,
      owner: null,
      dueRule: 'critical',
      overdue: false,
    })
    expect(found.risk).toMatchObject({ decision: 'scheduled', cisa: 'track' })
    const which = { asset: 'shop', package: found.package, id: 'GHSA-1' }
    await call('POST', '/api/v1/vulnerabilities/work', { ...which, owner: 'Hanako', ticket: 'OPS-7' })
    expect(await one({ owner: 'Hanako' })).toMatchObject({ state: 'open', ticket: 'OPS-7', owner: 'Hanako' })
    expect(await rejectionOf(call('POST', '/api/v1/vulnerabilities/work', { ...which, id: 'CVE-1' }))).toBe('not_found')
    await call('POST', '/api/v1/vulnerabilities/ticket', { ...which, language: 'ja' })
    expect(await one()).toMatchObject({ ticket: 'T-1', owner: 'Hanako' })
    const [[about, ticket] = []] = tickets
    expect(about).toBe(`shop,${found.package},CVE-2021-44228`)
    expect(ticket).toMatch(
      /^1 CVE-2021-44228：shop の log4j-core\n[\s\S]*修正版: 2\.15\.0[\s\S]*対応期限: 20[\s\S]*判断理由[\s\S]*緊急/,
    )

    // How grave it is here, by a person; what was published stays beside it, and counts again when that is taken back.
    const published = found.vector
    const vector = 'CVSS:3.1/AV:N/AC:H/PR:H/UI:R/S:U/C:L/I:N/A:N/E:U'
    const why = 'Only staff reach it, behind a login.'
    const rate = (change: object) => call('POST', '/api/v1/vulnerabilities/rating', { ...which, vector, reason: why, ...change })
    expect(await rejectionOf(rate({ vector: 'CVSS:3.1/AV:N' }))).toBe('cvss_invalid')
    expect(await rejectionOf(rate({ id: 'CVE-1' }))).toBe('not_found')
    const environment = { asset: 'SHOP', reason: 'Members’ data lie there.' }
    const surround = (metrics: string | null) => call('POST', '/api/v1/vulnerabilities/environment', { ...environment, metrics })
    expect(await rejectionOf(surround('CR:H/E:U'))).toBe('cvss_invalid')
    expect(
      await rejectionOf(call('POST', '/api/v1/vulnerabilities/environment', { ...environment, asset: 'no', metrics: null })),
    ).toBe('not_found')
    expect(await rate({})).toMatchObject({ score: 1.9, severity: 'low' })
    const rated = (await one())!
    expect(rated).toMatchObject({ severity: 'low', score: 1.9, vector, dueRule: null })
    expect(rated.risk.score).toBeLessThan(found.risk.score)
    expect(rated.rating).toMatchObject({
      published: { severity: 'critical', vector: published },
      own: { vector, reason: why, by: 'u1' },
      environment: null,
    })
    await surround('CR:H/MAV:L')
    const surrounded = (await one())!
    expect(surrounded).toMatchObject({
      vector: 'CVSS:3.1/AV:N/AC:H/PR:H/UI:R/S:U/C:L/I:N/A:N/E:U/CR:H/MAV:L',
      score: scoreCvss(`${vector}/CR:H/MAV:L`).overall,
      rating: { environment: { vector: 'CR:H/MAV:L', by: 'u1' } },
    })
    await rate({ vector: null })
    const nearer = `${published}/CR:H/MAV:L`
    expect(await one()).toMatchObject({ vector: nearer, score: scoreCvss(nearer).overall, rating: { own: null } })
    await surround(null)
    expect(await one()).toMatchObject({ severity: 'critical', vector: published, dueRule: 'critical', risk: found.risk })

    const ask = { ...which, kind: 'accept', reason: 'It is cut off until it is replaced.', days: 7 }
    const { id } = waiver.parse(await call('POST', '/api/v1/vulnerability-exceptions', ask))
    expect(await one()).toMatchObject({ state: 'open' })
    expect(await waitingWaivers(state.scoped<AssessTables>('default'))).toMatchObject([{ kind: 'weakness-exception', id }])
    const decide = (who: string) =>
      call('POST', '/api/v1/vulnerability-exceptions/:id/decide', { decision: 'approve' }, 'default', who, { id })
    expect(await rejectionOf(decide('u1'))).toBe('own_approval')
    await decide('u2')
    expect(await list()).toMatchObject({ total: 0, waived: 1, funnel: { all: 0 } })
    expect(await one({ state: 'waived' })).toMatchObject({ state: 'accepted', waiver: { approvedBy: 'u2' } })
    tick(7 * 86_400_000)
    expect(await one()).toMatchObject({ state: 'open', overdue: false })
    expect(await expireExceptions(state, clock)).toBe(1)
    expect(await expireExceptions(state, clock)).toBe(0)
    tick(8 * 86_400_000)
    expect(await one({ overdue: 'true' })).toMatchObject({ overdue: true })

    // What others state counts once a second person took it.
    const document = JSON.stringify({
      bomFormat: 'CycloneDX',
      specVersion: '1.6',
      vulnerabilities: [
        {
          id: 'GHSA-1',
          analysis: { state: 'not_affected', justification: 'code_not_reachable' },
          affects: [
            { ref: 'urn:cdx:3e671687-395b-41f5-a30f-a58921a69b79/1#pkg:maven/org.apache.logging.log4j/log4j-core@2.14.1' },
          ],
        },
      ],
    })
    const vex = waiver.parse(await call('POST', '/api/v1/vex', { document, reason: 'The vendor of it says so.' }))
    expect((await list()).total).toBe(1)
    await call('POST', '/api/v1/vulnerability-exceptions/:id/decide', { decision: 'approve' }, 'default', 'u2', { id: vex.id })
    expect(await one({ state: 'waived' })).toMatchObject({ state: 'not-affected', waiver: { why: 'code_not_reachable' } })
    const written = async (format: string) => {
      const reply = (await call('GET', '/api/v1/vex', { format })) as { body: string }
      const valid = jsonValidator('1.6')!
      if (format === 'cyclonedx') expect(valid(JSON.parse(reply.body)), JSON.stringify(valid.errors)).toBe(true)
      return readVex(JSON.parse(reply.body), format).statements
    }
    for (const format of ['openvex', 'csaf', 'cyclonedx'])
      expect(await written(format), format).toMatchObject([
        { status: 'not_affected', purls: ['pkg:maven/org.apache.logging.log4j/log4j-core@2.14.1'] },
      ])
    await call('DELETE', '/api/v1/vulnerability-exceptions/:id', {}, 'default', 'u1', { id: vex.id })
    expect((await list()).total).toBe(1)
    const told = (await readOutbox(state.tables(), 0, 100)).map(({ body }) => body['action'])
    expect(told.filter((action) => String(action).startsWith('weakness'))).toEqual([
      'weakness.work',
      'weakness.work',
      ...['rate', 'environment', 'rate', 'environment'].map((deed) => `weakness.${deed}`),
      ...['propose', 'approve', 'expire', 'propose', 'approve', 'end'].map((deed) => `weakness-exception.${deed}`),
    ])
    // A list with a version that is mended proves it, and says where.
    tick(1000)
    await take('shop', bom('2.15.0'))
    expect((await one({ state: 'gone' }))!).toMatchObject({
      state: 'fixed',
      proof: { list: expect.any(String), outbox: expect.any(Number) },
    })
  })

  it('knows by an agent what runs, with the process, and no longer knows it when the agent fell silent', async () => {
    const folder = mkdtempSync(join(base, 'feeds-'))
    writeFileSync(join(folder, 'osv.json'), JSON.stringify([advisory('CVE-2021-44228', LOG4J, '2.15.0')]))
    const { state, clock, call, take, list, tick } = await house(bed, folder)
    await take('shop.example', bom('2.14.1'))
    await take('other', bom('2.14.0'))
    const names = { names: '["shop","shop.example"]', labels: '{}', criticality: 'high', owner: null } as const
    await state
      .tables<AssessTables>()
      .insertInto('assets')
      .values({ ...names, id: 'a', scope: 'default', created: 1, updated: 1 })
      .execute()
    expect(await list()).toMatchObject({ funnel: { all: 2, inUse: null } })
    const file = '/srv/log4j-core-2.14.1.jar'
    const tell = async (name: string, process: string, asset = 'SHOP') =>
      await takeUse(state, {
        ...{ scope: 'default', asset },
        parts: [{ type: 'maven', name, version: '2.14.1', file, process, at: clock.now() }],
      })
    // Heard for the first time: what it did not see may still run.
    await tell('log4j-core', 'java (42)')
    await tell('elsewhere', 'java (1)', 'stranger')
    const at = new Date(clock.now()).toISOString()
    const used = async () => (await list({ q: 'shop.example' })).items[0]!
    expect(await used()).toMatchObject({ inUse: true, seen: { process: 'java (42)', file, at } })
    expect((await list()).funnel).toMatchObject({ all: 2, inUse: 2 })
    // It tells of something else for two days: what it does not see any more does not run.
    for (let day = 0; day < 2; day++) {
      tick(86_400_000)
      await tell('other', 'java (43)')
    }
    expect(await used()).toMatchObject({ inUse: false, seen: null })
    expect((await list()).funnel).toMatchObject({ all: 2, inUse: 1 })
    const onAssets = async (ids: string, scope?: string) =>
      assetWeaknessesReply.parse(await call('GET', '/api/v1/asset-weaknesses', { ids }, scope)).items
    expect(await onAssets('a,b')).toMatchObject([
      {
        id: 'a',
        lists: [{ asset: 'shop.example', source: 'sbom', components: 1, unjudged: 0 }],
        agent: { packages: 1, stale: false, since: at },
        ...{ open: 1, fixable: 1, inUse: 0, exploited: 0, waived: 0 },
        decisions: { scheduled: 1, immediate: 0 },
      },
    ])
    expect(await onAssets('a', 'beta')).toEqual([])
    tick(2 * 86_400_000)
    expect(await onAssets('a')).toMatchObject([{ agent: { stale: true }, inUse: null }])
    expect(await used()).toMatchObject({ inUse: null, seen: null })
    expect((await list()).funnel).toMatchObject({ all: 2, inUse: null })
    // What a list says holds for a while, too.
    await take('other', { ...bom('2.14.0'), inUse: [] })
    expect((await list({ asset: 'other' })).items[0]!.inUse).toBe(false)
    await take('other', bom('2.14.0'))
    expect((await list({ asset: 'other' })).items[0]!.inUse).toBe(false)
    tick(7 * 86_400_000)
    expect((await list({ asset: 'other' })).items[0]!.inUse).toBeNull()
    expect((await list()).funnel).toMatchObject({ all: 2, inUse: null })
  })

  it('joins what several scanners report, closes only what they looked for, and follows what moves', async () => {
    const folder = mkdtempSync(join(base, 'feeds-'))
    const { state, clock, call, list, tick } = await house(bed, folder)
    const result = (differs: object) => ({
      kind: 'package',
      id: 'CVE-2026-1',
      cause: 'pkg:npm/left',
      severity: 'high',
      ...differs,
    })
    const send = async (source: string, kinds: readonly string[], results: readonly object[], partial = false) =>
      resultsReply.parse(
        await call('POST', '/api/v1/scan-results', {
          ...{ asset: 'app', source, partial },
          read: { format: 'sarif', kinds, results },
        }),
      ).assets[0]!
    await send('trivy', ['package'], [result({})])
    await send('grype', ['package'], [result({ id: 'GHSA-aaaa-bbbb-cccc', aliases: ['CVE-2026-1'] })])
    expect((await list()).items).toMatchObject([{ id: 'CVE-2026-1', sources: ['grype', 'trivy'] }])
    tick(1000)
    // A partial scan and one for something else close nothing; one source that has it still keeps it open.
    expect(await send('trivy', ['package'], [], true)).toMatchObject({ open: 1, gone: 0 })
    expect(await send('trivy', ['secret'], [])).toMatchObject({ open: 1, gone: 0 })
    expect(await send('trivy', ['package'], [])).toMatchObject({ open: 0, gone: 1 })
    expect((await list()).items).toMatchObject([{ state: 'new', sources: ['grype'] }])
    tick(1000)
    expect(await send('grype', ['package'], [])).toMatchObject({ gone: 1 })
    expect((await list({ state: 'gone' })).items).toMatchObject([{ state: 'fixed', sources: ['grype', 'trivy'] }])
    tick(1000)
    expect(await send('grype', ['package'], [result({})])).toMatchObject({ found: 1 })

    const secret = (line: number) => result({ kind: 'secret', id: 'key', aliases: ['secret'], cause: `a.ts:${line}` })
    const secrets = assessMeasures(state).find(({ id }) => id === 'assess.hard-coded-secrets')!
    const count = async () => (await secrets.measure({}, clock.now() - 10_000, clock.now() + 1, 'default')).value
    tick(20_000)
    expect(await count()).toBeNull()
    await send('gitleaks', ['secret'], [secret(3)])
    const [first] = (await list({ kind: 'secret' })).items
    expect(first).toMatchObject({ package: 'a.ts:3', dueRule: 'secret', state: 'new' })
    await call('POST', '/api/v1/vulnerabilities/work', { asset: 'app', package: 'a.ts:3', id: 'key', owner: 'Taro' })
    tick(1000)
    expect(await send('gitleaks', ['secret'], [secret(9)])).toMatchObject({ found: 0, gone: 0, open: 1 })
    expect((await list({ kind: 'secret' })).items).toMatchObject([
      { package: 'a.ts:9', owner: 'Taro', firstSeen: first!.firstSeen },
    ])
    expect(await count()).toBe(1)
    expect(await rejectionOf(call('POST', '/api/v1/inventories', { asset: 'app', source: 'grype', components: [] }))).toBe(
      'conflict',
    )
  })

  it('tells apart what a distribution mends together, and keeps what was said of it by the name it went by before', async () => {
    const folder = mkdtempSync(join(base, 'feeds-'))
    const { state, clock, feeds, policy, call, take, list, tick } = await house(bed, folder)
    const debian = (id: string, upstream?: readonly string[]) => ({
      ...advisory(id, 'openssl', '3.0.2-1'),
      ...(upstream === undefined ? {} : { upstream }),
      affected: [
        {
          package: { ecosystem: 'Debian:12', name: 'openssl' },
          ranges: [{ type: 'ECOSYSTEM', events: [{ introduced: '0' }, { fixed: '3.0.2-1' }] }],
        },
      ],
    })
    const publish = async (...records: readonly object[]) => {
      const since = await feeds.current()
      writeFileSync(join(folder, 'osv.json'), JSON.stringify(records))
      await feeds.refresh()
      return { state, feeds: await feeds.current(), clock, rules: await policy.current(), since }
    }
    const names = ['CVE-2026-0001', 'CVE-2026-0002', 'CVE-2026-0003'] as const
    const shown = async (query: object = {}) =>
      (await list(query)).items.map(({ id, state: now, owner }) => `${id} ${now} ${owner}`).sort()
    // As advisories were read before: by their own names.
    await publish(debian('DSA-1-1'), ...names.map((cve) => debian(`DEBIAN-${cve}`)))
    const purl = 'pkg:deb/debian/openssl@3.0.1-1?distro=debian-12'
    await take('shop', { components: [{ name: 'openssl', version: '3.0.1-1', purl }] })
    const which = { asset: 'shop', package: 'pkg:deb/debian/openssl' }
    const due = '2027-02-01T00:00:00.000Z'
    const work = { ...which, id: 'DEBIAN-CVE-2026-0001', owner: 'Hanako', due, ticket: 'OPS-7' }
    await call('POST', '/api/v1/vulnerabilities/work', work)
    const accept = async (id: string) => {
      const ask = { ...which, id, kind: 'accept', reason: 'It is cut off until it is replaced.', days: 7 }
      const params = { id: waiver.parse(await call('POST', '/api/v1/vulnerability-exceptions', ask)).id }
      await call('POST', '/api/v1/vulnerability-exceptions/:id/decide', { decision: 'approve' }, 'default', 'u2', params)
    }
    await accept('DEBIAN-CVE-2026-0002')
    const [before] = (await list({ owner: 'Hanako' })).items
    const [untouched] = (await list({ q: 'DEBIAN-CVE-2026-0003' })).items
    expect(untouched?.dueRule).toBe('critical')

    tick(86_400_000)
    const bundle = debian('DSA-1-1', names)
    const again = await publish(bundle, ...names.map((cve) => debian(`DEBIAN-${cve}`, [cve])))
    expect(await judgeAgain(again)).toEqual({ found: 0, alike: 0 })
    expect(await shown()).toEqual(['CVE-2026-0001 open Hanako', 'CVE-2026-0003 new null'])
    expect(await shown({ state: 'waived' })).toEqual(['CVE-2026-0002 accepted null'])
    expect(await shown({ state: 'gone' })).toEqual(['DSA-1-1 withdrawn null'])
    expect(await list()).toMatchObject({ total: 2, waived: 1, funnel: { all: 2 } })
    const { firstSeen, ticket } = before!
    expect((await list({ owner: 'Hanako' })).items).toMatchObject([{ id: 'CVE-2026-0001', firstSeen, due, ticket }])
    // Until when it is to be mended by policy is no later than before, either.
    expect((await list({ q: 'CVE-2026-0003' })).items).toMatchObject([{ firstSeen, due: untouched?.due }])

    // What is found by another scanner, or said of one, is of that one alone.
    const trivy = (...ids: readonly string[]) => ({
      SchemaVersion: 2,
      ArtifactName: 'shop',
      Results: [
        {
          Target: 'shop',
          Class: 'os-pkgs',
          Type: 'debian',
          Vulnerabilities: ids.map((id) => ({
            VulnerabilityID: id,
            VendorIDs: ['DSA-1-1'],
            PkgName: 'openssl',
            PkgIdentifier: { PURL: purl },
            InstalledVersion: '3.0.1-1',
            Severity: 'HIGH',
          })),
        },
      ],
    })
    const send = async (...ids: readonly string[]) => {
      const read = await readResults(Readable.from([Buffer.from(JSON.stringify(trivy(...ids)))]), 'trivy.json')
      await call('POST', '/api/v1/scan-results', { asset: 'shop', source: 'trivy', read })
    }
    const sources = async () => (await list()).items.map(({ id, sources: all }) => `${id} ${all.length}`).sort()
    await send('CVE-2026-0003')
    expect(await sources()).toEqual(['CVE-2026-0001 1', 'CVE-2026-0003 2'])
    await send(...names)
    expect(await sources()).toEqual(['CVE-2026-0001 2', 'CVE-2026-0003 2'])
    await accept('CVE-2026-0003')
    expect(await shown()).toEqual(['CVE-2026-0001 open Hanako'])
    const written = (await call('GET', '/api/v1/vex', { format: 'openvex' })) as { body: string }
    expect(written.body).toContain('DEBIAN-CVE-2026-0003')
    expect(written.body.match(/"DSA-1-1"/g)).toBeNull()
  })
})
