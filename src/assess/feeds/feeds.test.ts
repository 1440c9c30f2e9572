import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { mkdtemp, readdir } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { KanpekiError } from '../../kernel/error.ts'
import { createOutgoing } from '../../platform/outgoing/outgoing.ts'
import { rejectionOf } from '../../platform/testing/code-of.ts'
import { zipOf } from '../archive/testing/zip-of.ts'
import { changedPackages, matchPackage } from '../osv/advisories.ts'
import { assess } from '../scan/findings.ts'
import { fetchFeed } from './fetch-feed.ts'
import { FeedCache, loadFeeds } from './load.ts'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'kanpeki-feeds-'))
})
afterAll(() => rmSync(folder, { recursive: true }))

const VECTOR = 'CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H'

const DEBIAN = {
  openssl: {
    'CVE-2026-0001': {
      description: 'Reads too far',
      releases: {
        bookworm: { status: 'resolved', fixed_version: '3.0.11-1~deb12u2', urgency: 'not yet assigned' },
        trixie: { status: 'resolved', fixed_version: '0' },
        bullseye: { status: 'open', urgency: 'medium' },
      },
    },
  },
}
const CSAF = {
  document: {
    category: 'csaf_vex',
    csaf_version: '2.0',
    publisher: { name: 'Red Hat Product Security' },
    tracking: { id: 'CVE-2026-0002', current_release_date: '2026-01-02T00:00:00Z' },
  },
  product_tree: {
    branches: [
      {
        branches: [
          { product: { product_id: 'AppStream-8', name: 'x' } },
          {
            product: {
              product_id: 'curl-0:7.61.1-34.el8_10.x86_64',
              product_identification_helper: { purl: 'pkg:rpm/redhat/curl@7.61.1-34.el8_10?arch=x86_64' },
            },
          },
        ],
      },
    ],
    relationships: [
      {
        product_reference: 'curl-0:7.61.1-34.el8_10.x86_64',
        relates_to_product_reference: 'AppStream-8',
        full_product_name: { product_id: 'AppStream-8:curl', name: 'x' },
      },
    ],
  },
  vulnerabilities: [
    {
      cve: 'CVE-2026-0002',
      title: 'curl: leak',
      product_status: { fixed: ['AppStream-8:curl'] },
      scores: [{ cvss_v3: { vectorString: VECTOR } }],
    },
  ],
}
const OVAL = `<?xml version="1.0"?><oval_definitions xmlns="http://oval.mitre.org/XMLSchema/oval-definitions-5"><definitions>
<definition class="patch" id="oval:com.redhat.rhsa:def:20260001"><metadata><title>RHSA-2026:0001: expat (Important)</title><reference ref_id="RHSA-2026:0001"/><reference ref_id="CVE-2026-0003"/></metadata><criteria><criterion comment="Red Hat Enterprise Linux 8 is installed"/><criteria><criterion comment="expat is earlier than 0:2.2.5-13.el8_9"/></criteria></criteria></definition>
<definition class="vulnerability" id="oval:com.ubuntu.jammy:def:1"><metadata><title>CVE-2026-0004 on Ubuntu 22.04</title><reference ref_id="CVE-2026-0004"/></metadata><criteria><criterion comment="zlib package in jammy was vulnerable but has been fixed (note: '1:1.2.11.dfsg-2ubuntu9.2')."/></criteria></definition>
<definition class="vulnerability" id="x"><metadata><reference ref_id="CVE-2026-0005"/></metadata></definition></definitions></oval_definitions>`
const NVD = {
  format: 'NVD_CVE',
  vulnerabilities: [
    {
      cve: {
        id: 'CVE-2026-0006',
        lastModified: '2026-01-03T00:00:00.000',
        descriptions: [{ lang: 'en', value: 'Widget overflows' }],
        metrics: { cvssMetricV31: [{ cvssData: { vectorString: VECTOR } }] },
        references: [{ url: 'https://example.com', tags: ['Third Party Advisory'] }, { tags: ['Exploit'] }],
        configurations: [
          {
            nodes: [
              {
                cpeMatch: [
                  { vulnerable: true, criteria: 'cpe:2.3:a:acme\\:co:widget:*:*:*:*:*:*:*:*', versionEndExcluding: '2.4' },
                ],
              },
            ],
          },
          {
            operator: 'AND',
            nodes: [
              { cpeMatch: [{ vulnerable: true, criteria: 'cpe:2.3:a:acme:gadget:*:*:*:*:*:*:*:*', versionEndExcluding: '9' }] },
            ],
          },
        ],
      },
    },
    { cve: { id: 'CVE-2026-0001', metrics: { cvssMetricV31: [{ cvssData: { vectorString: VECTOR } }] } } },
    { cve: { id: 'CVE-2026-0099', vulnStatus: 'Rejected' } },
    { cve: { id: 'nothing' } },
  ],
}
const CVE5 = {
  dataType: 'CVE_RECORD',
  cveMetadata: { cveId: 'CVE-2026-0003', state: 'PUBLISHED' },
  containers: {
    cna: {
      title: 'expat: loop',
      metrics: [{ cvssV3_1: { vectorString: VECTOR } }],
      references: [{ url: 'x', tags: ['exploit'] }],
    },
    // As CISA's container beside a record has it.
    adp: [
      {
        problemTypes: [{ descriptions: [{ type: 'CWE', cweId: 'CWE-835', lang: 'en' }] }],
        metrics: [
          {
            other: {
              type: 'ssvc',
              content: {
                version: '2.0.3',
                options: [{ Exploitation: 'active' }, { Automatable: 'no' }, { 'Technical Impact': 'partial' }],
              },
            },
          },
        ],
      },
    ],
  },
}
const JVN = `<?xml version="1.0" encoding="UTF-8"?><rdf:RDF xmlns="http://purl.org/rss/1.0/" xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:sec="http://jvn.jp/rss/mod_sec/3.0/"><item><title>OpenSSL における境界外読み取りの脆弱性</title><sec:identifier>JVNDB-2026-000001</sec:identifier><sec:references source="CVE" id="CVE-2026-0001">x</sec:references><sec:cvss score="9.8" version="3.0" vector="${VECTOR}"/></item></rdf:RDF>`

it('reads the feeds of distributions, NVD, CVE and JVN, told by looking, and judges by them', async () => {
  const write = (name: string, content: unknown): void =>
    writeFileSync(join(folder, name), Buffer.isBuffer(content) || typeof content === 'string' ? content : JSON.stringify(content))
  write('debian.json', DEBIAN)
  write('cve-2026-0002.json', CSAF)
  write('oval.xml', OVAL)
  write('nvd.json.gz', gzipSync(JSON.stringify(NVD)))
  write('CVE-2026-0003.json', CVE5)
  write('jvn.rdf', JVN)
  write('.half.json', '{')
  const feeds = await loadFeeds([folder])
  expect(Object.fromEntries(feeds.files.map(({ kind, items }) => [kind, items]))).toEqual({
    debian: 1,
    csaf: 1,
    oval: 2,
    nvd: 2,
    cve: 1,
    jvn: 1,
  })
  expect(feeds.problems.map(({ reason }) => reason)).toEqual([
    expect.stringContaining('id:'),
    '1 definitions name no package with a version',
  ])
  const of = (purl: string | null, name = 'x', version: string | null = null) => {
    const { findings, unjudged } = assess([{ name, version, purl, place: '' }], feeds)
    return [
      ...findings.map(({ id, fixed, rated, guessed }) => [id, fixed.join(), rated?.score ?? null, guessed]),
      ...unjudged.map(({ why }) => why),
    ]
  }
  const openssl = (version: string, release: number) =>
    of(`pkg:deb/debian/libssl3@${version}?distro=debian-${release}&upstream=openssl`)
  // What was ported back is no finding; what is open has no fix; rated by NVD, for Debian does not say.
  expect(openssl('3.0.11-1~deb12u1', 12)).toEqual([['CVE-2026-0001', '3.0.11-1~deb12u2', 9.8, false]])
  expect(openssl('3.0.11-1~deb12u2', 12)).toEqual([])
  expect(openssl('1.1.1w-0+deb11u1', 11)).toEqual([['CVE-2026-0001', '', 9.8, false]])
  expect(openssl('3.0.11-1', 13)).toEqual(['no-advisories'])
  expect(of('pkg:rpm/redhat/curl@7.61.1-33.el8?distro=redhat-8.9')).toEqual([['CVE-2026-0002', '7.61.1-34.el8_10', 9.8, false]])
  expect(of('pkg:rpm/redhat/curl@7.61.1-34.el8_10?distro=redhat-8.10')).toEqual([])
  expect(of('pkg:rpm/redhat/expat@2.2.5-11.el8?distro=rhel-8.9')).toEqual([['CVE-2026-0003', '2.2.5-13.el8_9', 9.8, false]])
  expect(of('pkg:deb/ubuntu/zlib1g@1:1.2.11.dfsg-2ubuntu9.1?distro=ubuntu-22.04&upstream=zlib')).toEqual([
    ['CVE-2026-0004', '1:1.2.11.dfsg-2ubuntu9.2', null, false],
  ])
  // The last resort says so, and asks for no platform.
  expect(of(null, 'Widget', '2.3.9')).toEqual([['CVE-2026-0006', '2.4', 9.8, true]])
  expect(of(null, 'widget', '2.4')).toEqual([])
  expect(of(null, 'gadget', '1')).toEqual([])
  expect(feeds.cves.get('CVE-2026-0001')).toMatchObject({
    summaryJa: 'OpenSSL における境界外読み取りの脆弱性',
    vectors: [VECTOR],
    exploit: 'none',
  })
  expect(feeds.cves.get('CVE-2026-0003')).toMatchObject({ exploit: 'active', cwes: ['CWE-835'] })
  expect(assess([{ name: 'Widget', version: '2.3.9', purl: null, place: '' }], feeds).findings).toMatchObject([
    { exploit: 'poc' },
  ])
})

it.each([
  ['entities', '<!DOCTYPE x [<!ENTITY a "b">]><oval_definitions><definition/></oval_definitions>', 'x.xml'],
  ['half of XML', '<oval_definitions><definition>', 'x.xml'],
  ['branches without end', JSON.stringify({ ...CSAF, product_tree: { branches: [deep(500)] } }), 'x.json'],
])('refuses %s', async (_, text, name) => {
  const place = await mkdtemp(join(folder, 'bad-'))
  writeFileSync(join(place, name), text)
  const { files, problems, advisories } = await loadFeeds([place])
  expect([files.length, problems.length, advisories.size]).toEqual([0, 1, 0])
})

function deep(levels: number): object {
  return levels === 0 ? {} : { branches: [deep(levels - 1)] }
}

it('fetches what changed, goes on after a break, and never puts half or wrong in place', async () => {
  const place = await mkdtemp(join(folder, 'fetched-'))
  let content = Buffer.from(JSON.stringify({ pad: 'x'.repeat(5000), number: 1 }))
  let etag = '"one"'
  let breaks = 0
  let ranges = true
  const asked: string[] = []
  const server: Server = createServer((request, response) => {
    const { range, 'if-none-match': known, 'if-range': same } = request.headers
    // As EPSS names its newest file.
    if (request.url === '/current') return void response.writeHead(302, { location: '/dated' }).end()
    asked.push(`${range} ${known ?? ''} ${same ?? ''}`)
    if (known === etag) return void response.writeHead(304, { etag }).end()
    const [, from = '0', to = '0'] = /bytes=(\d+)-(\d+)/.exec(range ?? '') ?? []
    if (!ranges || (same !== undefined && same !== etag)) return void response.writeHead(200, { etag }).end(content)
    if (Number(from) >= content.length)
      return void response.writeHead(416, { 'content-range': `bytes */${content.length}` }).end()
    const part = content.subarray(Number(from), Number(to) + 1)
    const end = Number(from) + part.length - 1
    response.writeHead(206, { etag, 'content-range': `bytes ${from}-${end}/${content.length}`, 'content-length': part.length })
    if (breaks > 0 && Number(from) > 0) {
      breaks -= 1
      response.write(part.subarray(0, 10), () => response.destroy())
    } else response.end(part)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  try {
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/current`
    const { fetch } = createOutgoing({ allow: ['127.0.0.1'], log: { warn: () => undefined } })
    const file = join(place, 'feed.json')
    const check = async (half: string): Promise<void> => {
      const { number } = JSON.parse(readFileSync(half, 'utf8')) as { number?: number }
      if (number === undefined) throw new KanpekiError('feed_invalid', 'It has no number.')
    }
    const run = () => fetchFeed(fetch, { url, file, check, chunkBytes: 2000 })
    const number = (): unknown => (JSON.parse(readFileSync(file, 'utf8')) as { number: unknown }).number
    // It breaks more often than it is tried: what came is kept, and the next run goes on from there.
    breaks = 4
    expect(await rejectionOf(run())).toBe('feed_unreachable')
    expect((await readdir(place)).sort()).toEqual(['.part-feed.json', '.part-feed.json.note'])
    const before = asked.length
    expect(await run()).toBe('new')
    expect(asked.slice(before).map((one) => one.split(' ')[0])).toEqual(['bytes=2000-3999', 'bytes=4000-5999'])
    expect(number()).toBe(1)
    expect(await run()).toBe('unchanged')
    // It breaks once, and is taken up at once.
    content = Buffer.from(JSON.stringify({ pad: 'y'.repeat(5000), number: 2 }))
    etag = '"two"'
    breaks = 1
    expect(await run()).toBe('new')
    expect(number()).toBe(2)
    // Cut off, and another file since: begun anew, never mixed.
    etag = '"three"'
    content = Buffer.from(JSON.stringify({ pad: 'z'.repeat(5000), number: 3 }))
    breaks = 4
    expect(await rejectionOf(run())).toBe('feed_unreachable')
    etag = '"four"'
    content = Buffer.from(JSON.stringify({ number: 4, pad: 'a'.repeat(6000) }))
    breaks = 0
    expect(await run()).toBe('new')
    expect(number()).toBe(4)
    // Wrong content changes nothing; a server without ranges is served, too.
    etag = '"five"'
    content = Buffer.from('{"nothing":1}')
    expect(await rejectionOf(run())).toBe('feed_invalid')
    expect(number()).toBe(4)
    ranges = false
    content = Buffer.from('{"number":6}')
    expect(await run()).toBe('new')
    expect([number(), (await readdir(place)).sort()]).toEqual([6, ['.feed.json.note', 'feed.json']])
  } finally {
    server.close()
  }
})

it('reads advisories as GitHub gives them, with every kind of range, and tells what it cannot read', async () => {
  const of = (ghsa: string, range: string | null, more: object = {}, ecosystem = 'pip') => ({
    ghsa_id: `GHSA-${ghsa}`,
    cve_id: 'CVE-2026-7',
    summary: 'weak',
    severity: 'high',
    updated_at: '2026-01-01T00:00:00Z',
    cvss_severities: {
      cvss_v3: { vector_string: 'CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H' },
      cvss_v4: { vector_string: null },
    },
    vulnerabilities: [{ package: { ecosystem, name: 'Foo' }, vulnerable_version_range: range, ...more }],
  })
  const place = join(folder, 'github.json')
  writeFileSync(
    place,
    JSON.stringify([
      of('aaaa-aaaa-aaaa', '>= 1.0, < 2.0'),
      of('bbbb-bbbb-bbbb', '<= 1.4', { first_patched_version: '1.5' }),
      of('cccc-cccc-cccc', '= 1.2'),
      of('dddd-dddd-dddd', '> 3', { first_patched_version: { identifier: '9' } }),
      of('eeee-eeee-eeee', 'about 3'),
      of('ffff-ffff-ffff', '< 2', {}, 'other'),
      { ghsa_id: 'no', vulnerabilities: [] },
    ]),
  )
  const { files, advisories, problems } = await loadFeeds([place])
  expect(files).toMatchObject([{ kind: 'github', items: 6 }])
  const hits = (version: string) =>
    matchPackage(advisories, { ecosystem: 'PyPI', name: 'foo' }, version)
      .hits.map(({ record, fixed }) => `${record.id.slice(5, 9)} ${fixed.join()}`)
      .sort()
  expect(['0.9', '1.2', '1.4', '1.5', '2.0', '4'].map(hits)).toEqual([
    ['bbbb 1.5'],
    ['aaaa 2.0', 'bbbb 1.5', 'cccc '],
    ['aaaa 2.0', 'bbbb 1.5'],
    ['aaaa 2.0'],
    [],
    ['dddd '],
  ])
  expect(advisories.record('GHSA-aaaa-aaaa-aaaa')).toMatchObject({
    aliases: ['CVE-2026-7'],
    severity: [{ score: expect.stringContaining('3.1') }],
  })
  expect(problems.map(({ reason }) => reason)).toEqual([
    'Foo: the range "about 3" cannot be read',
    'there is no ecosystem other',
    expect.stringContaining('ghsa_id'),
  ])
})

it('unpacks only what changed of an archive that it read before, and takes what says the same again for no change', async () => {
  const place = await mkdtemp(join(folder, 'again-'))
  const record = (id: string, fixed: string, modified = '2026-01-01T00:00:00Z') => ({
    id,
    modified,
    affected: [
      { package: { ecosystem: 'PyPI', name: id }, ranges: [{ type: 'ECOSYSTEM', events: [{ introduced: '0' }, { fixed }] }] },
    ],
  })
  const write = (entries: Readonly<Record<string, string>>, listed: object): void => {
    const files = Object.entries(entries).map(([id, fixed]) => [`${id}.json`, JSON.stringify(record(id, fixed))] as const)
    writeFileSync(join(place, 'all.zip'), zipOf(Object.fromEntries(files)))
    writeFileSync(join(place, 'list.json'), JSON.stringify([listed]))
  }
  const cache = new FeedCache()
  write({ a: '1.0', b: '1.0', c: '1.00' }, record('l', '1.0'))
  const before = (await loadFeeds([place], cache)).advisories
  // The same length, another content; one gone; one new; the list says the same at another time.
  write({ a: '1.0', b: '2.0', d: '1.000' }, record('l', '1.0', '2026-02-02T00:00:00Z'))
  const after = (await loadFeeds([place], cache)).advisories
  expect(['a', 'b', 'c', 'd', 'l'].map((id) => [id, after.record(id) === before.record(id)])).toEqual([
    ['a', true],
    ['b', false],
    ['c', false],
    ['d', false],
    ['l', false],
  ])
  expect(after.record('b')?.affected?.[0]?.ranges?.[0]?.events[1]?.fixed).toBe('2.0')
  expect([...changedPackages(before, after)].sort()).toEqual(['pypi\nb', 'pypi\nc', 'pypi\nd'])
})
