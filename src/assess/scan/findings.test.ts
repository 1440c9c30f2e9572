import { describe, expect, it } from 'vitest'
import type { Feeds } from '../feeds/load.ts'
import { indexAdvisories } from '../osv/advisories.ts'
import { osvRecord } from '../osv/record.ts'
import { assess, type Installed } from './findings.ts'
import { funnelOf } from './funnel.ts'

const record = (id: string, differs: object = {}) =>
  osvRecord.parse({
    id,
    modified: '2026-01-01T00:00:00Z',
    affected: [
      {
        package: { ecosystem: 'PyPI', name: 'Foo.Bar' },
        ranges: [{ type: 'ECOSYSTEM', events: [{ introduced: '0' }, { fixed: '1.5' }] }],
      },
    ],
    ...differs,
  })

const feeds = (...records: ReturnType<typeof record>[]): Feeds => ({
  advisories: indexAdvisories(records),
  kev: {
    version: '1',
    released: '2026-01-01',
    byCve: new Map([['CVE-2026-0001', { added: '2026-01-02', due: null, ransomware: false }]]),
  },
  epss: { date: '2026-01-01', byCve: new Map([['CVE-2026-0001', { score: 0.5, percentile: 0.9 }]]) },
  cves: new Map(),
  facts: '',
  files: [],
  problems: [],
  unmatched: 0,
})

const installed = (purl: string | null, version: string | null = null): Installed => ({
  name: purl ?? 'x',
  version,
  purl,
  place: 'a.json',
})
const found = (all: Feeds, ...purls: string[]) =>
  assess(
    purls.map((purl) => installed(purl)),
    all,
  ).findings

describe('findings', () => {
  it('counts one vulnerability once, whoever tells of it, also where two only share a third name', () => {
    const all = feeds(
      record('GHSA-aaaa', {
        aliases: ['CVE-2026-0001'],
        severity: [{ type: 'CVSS_V3', score: 'CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H' }],
      }),
      record('PYSEC-2026-1', { aliases: ['CVE-2026-0001'] }),
      record('CVE-2026-0002', { database_specific: { severity: 'MODERATE' } }),
    )
    const findings = found(all, 'pkg:pypi/foo-bar@1.4')
    expect(findings.map(({ id, ids, fixed }) => ({ id, ids, fixed }))).toEqual([
      { id: 'CVE-2026-0001', ids: ['GHSA-aaaa', 'PYSEC-2026-1'], fixed: ['1.5'] },
      { id: 'CVE-2026-0002', ids: ['CVE-2026-0002'], fixed: ['1.5'] },
    ])
    expect(findings[0]).toMatchObject({
      rated: { score: 9.8, severity: 'critical' },
      kev: { added: '2026-01-02' },
      epss: { score: 0.5 },
    })
    expect(findings[1]).toMatchObject({ rated: { score: null, severity: 'medium' }, kev: null, epss: null })
    expect(found(all, 'pkg:pypi/foo-bar@1.5')).toEqual([])
  })

  it('takes an erratum without a CVE for no weakness, and knows what a distribution mends together', () => {
    const summary = 'Important: foo security update'
    const all = feeds(
      record('ALBA-2026:1', { related: [] }),
      record('ALSA-2026:1', { related: ['CVE-2026-0001', 'CVE-2026-0003'], summary }),
    )
    expect(found(all, 'pkg:pypi/foo-bar@1.0')).toMatchObject([
      {
        id: 'ALSA-2026:1',
        cves: ['CVE-2026-0001', 'CVE-2026-0003'],
        kev: { added: '2026-01-02' },
        rated: { score: null, severity: 'high' },
      },
    ])
    // Elsewhere what is related is something else.
    expect(found(feeds(record('GHSA-x', { related: ['CVE-2026-0001'] })), 'pkg:pypi/foo-bar@1.0')).toMatchObject([
      { cves: [], kev: null },
    ])
  })

  it('counts a distribution’s advisory by its CVEs where each is told of, and as one where one of them is not', () => {
    const fixed = (id: string, version: string, upstream: readonly string[]) =>
      record(id, {
        upstream,
        affected: [
          {
            package: { ecosystem: 'PyPI', name: 'foo-bar' },
            ranges: [{ type: 'ECOSYSTEM', events: [{ introduced: '0' }, { fixed: version }] }],
          },
        ],
      })
    const [one, two] = [
      fixed('DEBIAN-CVE-2026-0001', '1.5', ['CVE-2026-0001']),
      fixed('UBUNTU-CVE-2026-2', '1.5', ['CVE-2026-0002']),
    ]
    const bundle = fixed('DSA-1-1', '1.4.1', ['CVE-2026-0001', 'CVE-2026-0002', 'CVE-2026-0001'])
    const shown = (...all: ReturnType<typeof record>[]) =>
      found(feeds(...all), 'pkg:pypi/foo-bar@1.4').map(({ id, ids, cves, fixed }) => ({ id, ids, cves, fixed }))
    expect(shown(bundle, one, two)).toEqual([
      { id: 'CVE-2026-0001', ids: ['DEBIAN-CVE-2026-0001'], cves: ['CVE-2026-0001'], fixed: ['1.5', '1.4.1'] },
      { id: 'CVE-2026-0002', ids: ['UBUNTU-CVE-2026-2'], cves: ['CVE-2026-0002'], fixed: ['1.5', '1.4.1'] },
    ])
    expect(shown(bundle, one).map(({ id, cves }) => [id, cves])).toEqual([
      ['CVE-2026-0001', ['CVE-2026-0001']],
      ['DSA-1-1', ['CVE-2026-0001', 'CVE-2026-0002']],
    ])
    expect(shown(bundle).map(({ id }) => id)).toEqual(['DSA-1-1'])
  })

  it('leaves out what was withdrawn, and takes the later of two records', () => {
    expect(found(feeds(record('A', { withdrawn: '2026-02-01T00:00:00Z' })), 'pkg:pypi/foo-bar@1.0')).toEqual([])
    const later = record('A', { modified: '2026-03-01T00:00:00Z', affected: [] })
    expect(found(feeds(later, record('A')), 'pkg:pypi/foo-bar@1.0')).toEqual([])
  })

  it('says of each package that it cannot judge why', () => {
    const all = feeds(record('A', { affected: [{ package: { ecosystem: 'Unheard', name: 'x' } }] }), record('B'))
    const { judged, unjudged, by } = assess(
      [
        installed(null, '1'),
        installed('pkg:pypi/foo-bar'),
        installed('no purl at all'),
        installed('pkg:deb/debian/bash@5.2'),
        installed('pkg:npm/a@1.0.0'),
        installed('pkg:pypi/other@1.0'),
      ],
      all,
    )
    expect(unjudged.map(({ why }) => why)).toEqual(['no-purl', 'no-version', 'bad-purl', 'no-release', 'no-advisories'])
    expect({ judged, by }).toEqual({ judged: 1, by: [{ ecosystem: 'pypi', packages: 1, advisories: 1 }] })
  })

  it('narrows step by step, and does not know what nobody told it', () => {
    const all = feeds(record('A', { aliases: ['CVE-2026-0001'] }), record('B'))
    const findings = found(all, 'pkg:pypi/foo-bar@1.0')
    expect(funnelOf(findings, undefined, true)).toEqual({ all: 2, fixable: 2, inUse: null, exploited: 1 })
    expect(funnelOf(findings, new Set(['pkg:pypi/foo-bar']), false)).toEqual({ all: 2, fixable: 2, inUse: 2, exploited: null })
    expect(funnelOf(findings, new Set(['else']), true)).toEqual({ all: 2, fixable: 2, inUse: 0, exploited: 0 })
  })
})
