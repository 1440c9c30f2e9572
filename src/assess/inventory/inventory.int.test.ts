import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { readOutbox } from '../../platform/state/outbox.ts'
import { testCaller } from '../../platform/testing/caller.ts'
import { rejectionOf } from '../../platform/testing/code-of.ts'
import { describeStates } from '../../platform/testing/states.ts'
import { migrations } from '../migrations.ts'
import { openFeedsFolder } from './feeds-folder.ts'
import { assessMeasures } from './measures.ts'
import { routes } from './routes.ts'
import { componentsReply, inventoryReply, vulnerabilitiesReply } from './schema.ts'
import type { AssessTables } from './tables.ts'
import { judgeAgain } from './take-in.ts'

const base = mkdtempSync(join(tmpdir(), 'kanpeki-feeds-'))
afterAll(() => rmSync(base, { recursive: true }))

const advisory = (id: string, name: string, fixed: string, aliases: readonly string[] = []) => ({
  id,
  modified: '2026-01-01T00:00:00Z',
  aliases,
  summary: `${name} is weak`,
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
    const state = await bed.open(migrations)
    const feeds = openFeedsFolder(folder)
    let now = Date.UTC(2026, 10, 22)
    const clock = { now: () => now }
    let changed = 0
    const all = routes({ state, clock, feeds, changed: () => (changed += 1) })
    const call = async (method: string, path: string, input: object, scope = 'default') => {
      const found = all.find((one) => one.method === method && one.path === path)!
      const given = {
        body: found.body?.parse(method === 'POST' ? input : {}),
        query: found.query?.parse(input),
        caller: testCaller({ scope }),
      }
      return await found.handle(given as never)
    }
    const take = async (asset: string, body: object, scope?: string) =>
      inventoryReply.parse(await call('POST', '/api/v1/inventories', { asset, ...body }, scope))
    const list = async (query: object = {}, scope?: string) =>
      vulnerabilitiesReply.parse(await call('GET', '/api/v1/vulnerabilities', query, scope))

    expect(await take('shop', bom('2.14.1'))).toMatchObject({ components: 1, open: 1, found: 1, gone: 0, unjudged: 0 })
    await take('other', {
      components: [{ name: 'log4j-core', version: '2.17.1', purl: 'pkg:maven/org.apache.logging.log4j/log4j-core@2.17.1' }],
    })
    await take('elsewhere', bom('2.14.1'), 'beta')
    const first = await list()
    expect(first).toMatchObject({ funnel: { all: 1, fixable: 1, exploited: 1 }, assets: 2, components: 2, total: 1 })
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

    now += 1000
    expect(await take('shop', bom('2.17.1'))).toMatchObject({ open: 0, gone: 1 })
    expect((await list({ state: 'gone' })).items[0]).toMatchObject({ id: 'CVE-2021-44228', gone: new Date(now).toISOString() })
    now += 1000
    expect(await take('shop', bom('2.14.1'))).toMatchObject({ open: 1, found: 0, regressed: 1 })
    const [back] = (await list()).items
    expect(back).toMatchObject({ regressed: true, gone: null, firstSeen: first.items[0]!.firstSeen })

    const [mttr, coverage] = assessMeasures(state)
    const read = (params: object) => mttr!.measure(params as never, now - 86_400_000, now + 1000, 'default')
    // Open again since the first sight three seconds ago, counted to the end of the window.
    expect(await read({})).toMatchObject({ value: 3, good: 0, bad: 1, asOf: expect.any(Number) })
    expect(await read({ score: 10 })).toMatchObject({ value: 0, bad: 0 })
    expect((await read({ label: 'exposure=internet' })).value).toBeNull()
    expect((await coverage!.measure({}, 0, now, 'default')).value).toBeNull()
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
    expect(await coverage!.measure({}, 0, now, 'default')).toMatchObject({ value: 100, good: 1, unknown: 0 })

    // A list that names the package without a version says nothing of it: what was found stays.
    expect(
      await take('shop', { components: [{ name: 'log4j-core', purl: 'pkg:maven/org.apache.logging.log4j/log4j-core' }] }),
    ).toMatchObject({ open: 1, gone: 0, unjudged: 1 })
    // What cannot be read changes nothing.
    expect(await rejectionOf(take('shop', { document: '{"bomFormat":"CycloneDX"}' }))).toBe('sbom_invalid')
    expect((await list()).total).toBe(1)

    // A new advisory is found without a new list.
    writeFileSync(join(folder, 'later.json'), JSON.stringify(advisory('GHSA-2', LOG4J, '2.18.0')))
    await feeds.refresh()
    expect(await judgeAgain(state, await feeds.current(), clock)).toBe(2)
    expect((await list({ q: 'ghsa-2' })).items.map(({ asset }) => asset)).toEqual(['other'])
    const taken = (await readOutbox(state.tables(), 0, 100)).filter(({ body }) => body['action'] === 'inventory.take')
    expect(taken.map(({ scope }) => scope)).toEqual(['default', 'default', 'beta', 'default', 'default', 'default'])
    expect(changed).toBe(taken.length)
  })
})
