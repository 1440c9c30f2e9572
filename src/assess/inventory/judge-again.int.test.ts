import { expect, it } from 'vitest'
import { describeStates } from '../../platform/testing/states.ts'
import type { CveFacts } from '../feeds/cve.ts'
import type { EpssScore } from '../feeds/epss.ts'
import type { KevEntry } from '../feeds/kev.ts'
import type { Feeds } from '../feeds/load.ts'
import { migrations } from '../migrations.ts'
import { type Advisories, indexAdvisories } from '../osv/advisories.ts'
import type { OsvRecord } from '../osv/record.ts'
import { readPolicy } from '../prioritise/policy.ts'
import { takeUse } from '../weighing/take-use.ts'
import { openWeigher } from '../weighing/weigher.ts'
import { saveRating, saveWork } from '../work/queries.ts'
import { judgeAgain } from './judge-again.ts'
import { type Db, saveFindings } from './queries.ts'
import type { AssessTables, RatingsTable, WorkTable } from './tables.ts'
import { takeIn } from './take-in.ts'

/** Beside other work each of PostgreSQL's commits costs milliseconds. */
const ROUNDS = { sqlite: 80, postgres: 10 }
/** As components: of one package under one name, of one under two (two releases of Debian), by name alone, of no order of versions. */
const PACKAGES = [
  (v: number) => ({ name: 'a', version: `${v}.0`, purl: `pkg:pypi/a@${v}.0`, place: '' }),
  (v: number) => ({ name: 'b', version: `${v}.0`, purl: `pkg:pypi/b@${v}.0`, place: `lock ${v}` }),
  (v: number) => ({ name: 'e', version: `${v}-1`, purl: `pkg:deb/debian/e@${v}-1?distro=debian-${11 + (v % 2)}`, place: '' }),
  (v: number) => ({ name: 'e', version: null, purl: `pkg:deb/debian/e?distro=debian-${v}`, place: '' }),
  (v: number) => ({ name: 'Thing', version: v === 3 ? null : `${v}.0`, purl: null, place: '' }),
  (v: number) => ({ name: 's', version: `${v}.0`, purl: `pkg:hackage/s@${v}.0`, place: '' }),
] as const
const NAMED = [
  { ecosystem: 'PyPI', name: 'a' },
  { ecosystem: 'PyPI', name: 'b' },
  { ecosystem: 'Debian:11', name: 'e' },
  { ecosystem: 'Debian:12', name: 'e' },
  { ecosystem: 'CPE', name: 'thing' },
  { ecosystem: 'Hackage', name: 's' },
]
const IDS = ['CVE-2026-1', 'CVE-2026-2', 'CVE-2026-3', 'GHSA-1', 'GHSA-2', 'DSA-1']
const SCORE = 'CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H'
const LISTS = [
  ['default', 'Web-1', 'sbom'],
  ['default', 'web-1', 'sbom'],
  ['default', 'web-1', 'agent'],
  ['default', 'db', 'sbom'],
  ['beta', 'db', 'sbom'],
] as const
/** Assets that have the same. */
const ALIKE = Array.from({ length: 12 }, (_, at) => `same-${at}`)
const rules = {
  policy: readPolicy('task: [{ name: fixable, when: { fixable: true, severity: critical }, owner: Jiro }]', 'test'),
  problem: null,
  stamp: 'p',
}
const by = { name: 'test', account: null }

describeStates('advisories that change', (bed) => {
  it('leave the same in the store whether only what they are about is judged again, or everything', async () => {
    const any = random(20261122)
    const one = <T>(of: readonly T[]): T => of[any(of.length)]!
    const state = await bed.open(migrations)
    const db = state.tables<AssessTables>() as Db
    const rounds = ROUNDS[state.dialect]
    let time = Date.UTC(2026, 10, 22)
    const clock = { now: () => time }
    const advisory = (id: string): OsvRecord => ({
      id,
      modified: new Date(time).toISOString(),
      ...(any(5) === 0 ? { withdrawn: '2026-01-01T00:00:00Z' } : {}),
      ...(any(2) === 0 && IDS.includes(id) ? { aliases: [one(IDS)] } : {}),
      ...(any(4) === 0 ? { upstream: ['CVE-2026-4'] } : {}),
      ...(any(2) === 0 ? { severity: [{ type: 'CVSS_V3', score: SCORE }] } : {}),
      affected: [one(NAMED), one(NAMED)].map((named) => ({
        package: named,
        ...(any(4) === 0 ? { versions: ['2.0'] } : {}),
        ranges: [{ type: 'ECOSYSTEM', events: [{ introduced: '0' }, ...(any(3) === 0 ? [] : [{ fixed: `${1 + any(4)}.0` }])] }],
      })),
    })
    // What every ecosystem has, so that none of them comes or goes.
    const always = NAMED.map(
      (named): OsvRecord => ({
        id: `X-${named.ecosystem}`,
        modified: '2026-01-01',
        affected: [{ package: { ...named, name: 'no' } }],
      }),
    )
    const records = new Map<string, OsvRecord>()
    const [listed, likely] = [new Map<string, KevEntry>(), new Map<string, EpssScore>()]
    const said = new Map<string, CveFacts>()
    for (const [at, asset] of ALIKE.entries()) await db.insertInto('assets').values(assetCalled(asset, at)).execute()
    let advisories: Advisories | undefined
    const feedsNow = (): Feeds => {
      advisories = indexAdvisories([...always, ...records.values()], advisories)
      return {
        advisories,
        kev: { version: '', released: '', byCve: new Map(listed) },
        epss: { date: null, byCve: new Map(likely) },
        cves: new Map(said),
        facts: JSON.stringify([[...listed], [...likely], [...said]]),
        ...{ files: [], problems: [], unmatched: 0 },
      }
    }
    const changeFacts = (cve: string) => {
      if (any(3) === 0) for (const facts of [listed, likely, said]) facts.delete(cve)
      if (any(2) === 0) listed.set(cve, { added: `2026-01-0${1 + any(9)}`, due: null, ransomware: false })
      if (any(2) === 0) likely.set(cve, { score: any(100) / 100, percentile: null })
      if (any(2) === 0)
        said.set(cve, { summary: `told ${any(9)}`, summaryJa: null, vectors: [SCORE], cwes: [], exploit: one(['none', 'poc']) })
    }
    let feeds = feedsNow()
    const folder = { current: async () => feeds, refresh: async () => false, stamp: async () => 's' }
    const policy = { current: async () => rules }
    const weigher = openWeigher({ state, clock, feeds: folder, policy })
    const weighed = async () => (await weigher.weighAll('default')) + (await weigher.weighAll('beta'))
    const kept = async () => {
      const sorted = (rows: readonly object[]) => rows.map((row) => JSON.stringify(row)).sort()
      const findings = await db.selectFrom('assess_findings').selectAll().execute()
      const inventories = await db.selectFrom('assess_inventories').select(['scope', 'asset', 'source', 'unjudged']).execute()
      return {
        findings: sorted(findings.map(({ last_seen: _, ...row }) => row)),
        inventories: sorted(inventories),
        work: sorted(await db.selectFrom('assess_work').selectAll().execute()),
        weighed: sorted(await db.selectFrom('assess_weighed').selectAll().execute()),
        tally: sorted(await db.selectFrom('assess_tally').selectAll().execute()),
        waiting: sorted(await db.selectFrom('assess_weighings').select(['asset', 'basis', 'until']).execute()),
      }
    }
    let [found, alike, gone, left] = [0, 0, 0, 0]
    for (let round = 0; round < rounds; round++) {
      for (const [scope, asset, source] of LISTS) {
        if (round > 0 && any(8) > 0) continue
        const components = Array.from({ length: 4 }, () => one(PACKAGES)(1 + any(4)))
        const inUse = any(3) === 0 ? ['a', 'pkg:deb/debian/e'] : undefined
        await takeIn(state, { scope, asset, source, format: 'test', components, inUse, by }, folder, clock, rules.policy)
      }
      if (round === 0 || any(8) === 0) {
        const components = [PACKAGES[0], PACKAGES[1], one(PACKAGES)].map((made) => made(1 + any(4)))
        const inUse = any(2) === 0 ? ['a', 'pkg:deb/debian/e'] : undefined
        const same = { scope: 'default', source: 'sbom', format: 'test', components, inUse, by }
        for (const asset of ALIKE) await takeIn(state, { ...same, asset }, folder, clock, rules.policy)
      }
      if (round % 7 === 0) await saveFindings(db, [scanned(one(IDS), one(IDS), time)])
      const asset = ALIKE[any(3)]!
      const seen = { type: 'pypi', name: one(['a', 'b', 'other']), version: null, file: '/x', process: 'x', at: time }
      if (any(6) === 0)
        await takeUse(state, { scope: 'default', asset, parts: [seen, { ...seen, name: 'tick', version: `${round}` }] })
      if (any(6) === 0) await saveWork(db, [workOn(asset, one(IDS), time)])
      if (any(9) === 0) await saveRating(db, ratingOn(asset, time), [asset])
      if (any(4) > 0) await weighed()
      for (let change = any(3); change >= 0; change--) {
        const id = any(2) === 0 ? `CVE-2026-${1000 + round}` : one(IDS)
        time += 1000
        if (any(4) === 0) records.delete(id)
        else records.set(id, advisory(id))
      }
      if (any(2) === 0) changeFacts(one(['CVE-2026-1', 'CVE-2026-2', 'CVE-2026-3', 'CVE-2026-4']))
      const since = feeds
      feeds = feedsNow()
      time += 1000
      const again = await judgeAgain({ state, feeds, clock, rules, since, leastAlike: 2 })
      found += again.found
      alike += again.alike
      left += await weighed()
      const partly = await kept()
      gone += partly.findings.filter((row) => row.includes(`"gone_at":${time}`)).length
      expect((await judgeAgain({ state, feeds, clock, rules })).found).toBe(0)
      await db.updateTable('assess_weighings').set({ basis: '' }).execute()
      await weighed()
      expect(await kept()).toEqual(partly)
    }
    console.log(
      `${rounds} changes: ${found} findings came, ${alike} of them judged with others, ${gone} went; ${left} assets weighed whole`,
    )
    expect(alike).toBeGreaterThan(0)
    expect(Math.min(found, gone)).toBeGreaterThan(rounds / 4)
  })
})

const EXPOSURES = ['internet', 'internet', 'internal', null]

function assetCalled(name: string, at: number) {
  const exposure = EXPOSURES[at % EXPOSURES.length]
  const labels = JSON.stringify(exposure === null ? { team: name } : { exposure })
  const criticality = at < 4 ? 'high' : 'low'
  return {
    scope: 'default',
    id: name,
    names: JSON.stringify([name]),
    labels,
    criticality,
    owner: null,
    created: 0,
    updated: 0,
  } as const
}

function workOn(asset: string, id: string, at: number): WorkTable {
  const [scope, place] = ['default', 'pkg:pypi/a']
  return { scope, asset, package: place, id, owner: 'Hana', due: null, ticket: null, note: '', updated: at, by_name: 'test' }
}

function ratingOn(asset: string, at: number): RatingsTable {
  return { scope: 'default', asset, package: '', id: '', vector: 'CR:L/IR:L/AR:L', reason: 'test', at, by_name: 'test' }
}

function scanned(id: string, alias: string, at: number) {
  const where = {
    scope: 'default',
    asset: 'web-1',
    source: 'trivy',
    package: 'pkg:pypi/a',
    name: 'a',
    version: '1.0',
    purl: null,
  }
  const said = { ids: JSON.stringify([id]), aliases: JSON.stringify([alias]), fixed: '[]', summary: '', severity: null }
  const rated = {
    score: null,
    vector: null,
    exploited: null,
    epss: null,
    kind: 'package',
    place: '',
    in_use: null,
    guessed: 0,
  } as const
  const seen = {
    first_seen: at,
    last_seen: at,
    opened_at: at,
    gone_at: null,
    gone_by: null,
    gone_outbox: null,
    regressed: 0,
  } as const
  return { ...where, id, ...said, ...rated, ...seen }
}

/** Numbers below a bound, the same in every run (Lehmer, 48271). */
function random(seed: number): (below: number) => number {
  let at = seed
  return (below) => {
    at = (at * 48271) % 2147483647
    return Math.floor((at / 2147483647) * below)
  }
}
