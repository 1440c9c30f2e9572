import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { KanpekiError } from '../../kernel/error.ts'
import { indexAdvisories, matchPackage } from '../osv/advisories.ts'
import { keyOfPurl } from '../osv/names.ts'
import { parsePurl } from '../purl/purl.ts'
import { readCsafFeed } from './csaf-feed.ts'
import { loadFeeds } from './load.ts'

const VECTOR = 'CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H'
const CVE = 'CVE-2026-1000'

interface Parts {
  readonly tree: object
  readonly status: object
  readonly tracking?: object
  readonly category?: string
  readonly more?: object
}

const csaf = ({ tree, status, tracking = {}, category = 'csaf_security_advisory', more = {} }: Parts) => ({
  document: {
    category,
    csaf_version: '2.0',
    publisher: { name: 'Vendor', namespace: 'https://www.vendor.example' },
    tracking: { id: 'VA-1', status: 'final', version: '1', current_release_date: '2026-01-02T00:00:00Z', ...tracking },
  },
  product_tree: tree,
  vulnerabilities: [
    { cve: CVE, title: 'weak', product_status: status, scores: [{ cvss_v3: { vectorString: VECTOR } }], ...more },
  ],
})
const leaf = (id: string, helper: object, category = 'product_name', name = id) => ({
  category,
  name,
  product: { product_id: id, name: id, product_identification_helper: helper },
})
/** One product by its package URL for each status. */
const byPurl = (said: Readonly<Record<string, readonly string[]>>) =>
  csaf({
    tree: { branches: Object.values(said).flatMap((list) => list.map((purl) => leaf(purl, { purl }))) },
    status: said,
  })
const hits = (document: unknown, purl: string, version: string) =>
  matchPackage(indexAdvisories(readCsafFeed(document, 'x.json').records), keyOfPurl(parsePurl(purl))!, version).hits.map(
    ({ fixed }) => fixed.join(),
  )
const over = (document: unknown, purl: string, versions: readonly string[]) =>
  versions.filter((version) => hits(document, purl, version).length > 0)

it('reads what a status says of versions, each its own way', () => {
  const all = ['0.9', '1.0', '1.5', '1.9', '2.0', '3.0']
  const of = (said: Readonly<Record<string, readonly string[]>>) => over(byPurl(said), 'pkg:npm/a', all)
  expect(of({ fixed: ['pkg:npm/a@2.0'] })).toEqual(['0.9', '1.0', '1.5', '1.9'])
  expect(of({ fixed: ['pkg:npm/a@3.0'], first_fixed: ['pkg:npm/a@1.9'] })).toEqual(['0.9', '1.0', '1.5'])
  expect(of({ known_affected: ['pkg:npm/a@1.5'], fixed: ['pkg:npm/a@2.0'] })).toEqual(['1.5'])
  expect(of({ known_affected: ['pkg:npm/a'] })).toEqual(all)
  expect(of({ known_affected: ['pkg:npm/a'], recommended: ['pkg:npm/a@2.0'] })).toEqual(['0.9', '1.0', '1.5', '1.9'])
  expect(of({ first_affected: ['pkg:npm/a@1.0'], last_affected: ['pkg:npm/a@1.9'] })).toEqual(['1.0', '1.5', '1.9'])
  expect(of({ first_affected: ['pkg:npm/a@1.0'], first_fixed: ['pkg:npm/a@2.0'] })).toEqual(['1.0', '1.5', '1.9'])
  expect(of({ last_affected: ['pkg:npm/a@1.0'] })).toEqual(['0.9', '1.0'])
  expect(of({ recommended: ['pkg:npm/a@2.0'] })).toEqual([])
  expect(of({ known_not_affected: ['pkg:npm/a'], under_investigation: ['pkg:npm/a'] })).toEqual([])
  expect(hits(byPurl({ known_affected: ['pkg:npm/a@1.5'], fixed: ['pkg:npm/a@2.0'] }), 'pkg:npm/a', '1.5')).toEqual(['2.0'])
})

it('reads ranges and versions of branches, by package URL or by the product of a CPE', () => {
  const of = (branch: object, status = 'known_affected') => csaf({ tree: { branches: [branch] }, status: { [status]: ['p'] } })
  const range = (name: string, helper: object = { purl: 'pkg:maven/org.a/b' }) =>
    of(leaf('p', helper, 'product_version_range', name))
  const versions = ['0.5', '1.0', '1.2', '2.0', '2.5']
  expect(over(range('vers:maven/>=1.0|<2.0'), 'pkg:maven/org.a/b', versions)).toEqual(['1.0', '1.2'])
  expect(over(range('<=1.2'), 'pkg:maven/org.a/b', versions)).toEqual(['0.5', '1.0', '1.2'])
  expect(over(range('vers:all/*'), 'pkg:maven/org.a/b', versions)).toEqual(versions)
  expect(over(of(leaf('p', { purl: 'pkg:pypi/b' }, 'product_version', '1.2')), 'pkg:pypi/b', versions)).toEqual(['1.2'])
  const cpe = { cpe: 'cpe:2.3:a:vendor:Thing:*:*:*:*:*:*:*:*' }
  expect(over(range('vers:intdot/<2.0', cpe), 'pkg:generic/thing', versions)).toEqual(['0.5', '1.0', '1.2'])
  expect(over(range('<V2.0', cpe), 'pkg:generic/thing', versions)).toEqual(['0.5', '1.0', '1.2'])
  expect(readCsafFeed(range('all before summer'), 'x').unmatched).toBe(1)
  expect(readCsafFeed(range('vers:npm/!=1'), 'x').unmatched).toBe(1)
  expect(readCsafFeed(range('<2', { cpe: 'cpe:2.3:h:vendor:box:*:*:*:*:*:*:*:*' }), 'x').unmatched).toBe(1)
  expect(readCsafFeed(range('<2', {}), 'x').unmatched).toBe(1)
})

it('reads SUSE by release, each by its own, and Red Hat by what a package is installed on', () => {
  const platforms = ['SUSE Linux Enterprise Server 15 SP6', 'SUSE Linux Enterprise Server 15 SP7', 'openSUSE Tumbleweed']
  const builds = ['3.1.4-150600.5.39.1', '3.2.3-150700.3.20', '3.1.4-13.1']
  const suse = csaf({
    tree: {
      branches: [
        ...platforms.map((name) => leaf(name, {})),
        ...builds.map((build) =>
          leaf(`libopenssl3-${build}`, { purl: `pkg:rpm/suse/libopenssl3@${build}?upstream=openssl-3.src.rpm` }),
        ),
      ],
      relationships: platforms.map((platform, at) => ({
        category: 'default_component_of',
        product_reference: `libopenssl3-${builds[at]}`,
        relates_to_product_reference: platform,
        full_product_name: { product_id: `${platform}:libopenssl3-${builds[at]}`, name: 'x' },
      })),
    },
    status: { recommended: platforms.map((platform, at) => `${platform}:libopenssl3-${builds[at]}`) },
  })
  const at = (version: string, distro: string, upstream = '&upstream=openssl-3-3.1.4-150600.5.7.1.src.rpm') =>
    hits(suse, `pkg:rpm/suse/libopenssl3@1?distro=${distro}${upstream}`, version)
  expect(at('3.1.4-150600.5.7.1', 'sles-15.6')).toEqual(['3.1.4-150600.5.39.1'])
  expect(at('3.1.4-150600.5.39.1', 'sles-15.6')).toEqual([])
  expect(at('3.1.4-150600.5.39.1', 'sles-15.7', '')).toEqual(['3.2.3-150700.3.20'])
  expect(at('3.1.4-12.1', 'opensuse-tumbleweed')).toEqual(['3.1.4-13.1'])
  expect(at('3.1.4-1', 'sles-15.5')).toEqual([])
  // In 2.1 the path from a part to what it is on; without a version every one is meant.
  const redHat = {
    ...csaf({
      tree: {
        full_product_names: [
          { product_id: 'el8', name: 'RHEL 8', product_identification_helper: { cpe: 'cpe:/o:redhat:enterprise_linux:8' } },
          { product_id: 'foo', name: 'foo', product_identification_helper: { purls: ['pkg:rpm/redhat/foo'] } },
        ],
        product_paths: [
          {
            beginning_product_reference: 'foo',
            full_product_name: { product_id: 'el8:foo', name: 'foo on el8' },
            subpaths: [{ category: 'installed_on', next_product_reference: 'el8' }],
          },
        ],
      },
      status: { known_affected: ['el8:foo'] },
      more: { metrics: [{ content: { cvss_v4: { vectorString: 'CVSS:4.0/x' } } }] },
    }),
  }
  expect(hits(redHat, 'pkg:rpm/redhat/foo@1?distro=rhel-8.9', '1-1.el8')).toEqual([''])
  expect(hits(redHat, 'pkg:rpm/redhat/foo@1?distro=rhel-9.1', '1-1.el9')).toEqual([])
  expect(readCsafFeed(redHat, 'x').records[0]).toMatchObject({
    id: `CSAF:vendor.example:VA-1:${CVE}`,
    aliases: [CVE],
    severity: [{ type: 'CVSS_V4' }, { type: 'CVSS_V3' }],
  })
})

it('lets a later state of a document count, says nothing by drafts and what was withdrawn, and counts what it cannot match', async () => {
  const tree = { branches: [leaf('a', { purl: 'pkg:npm/a@2.0' }), leaf('box', { cpe: 'cpe:/h:v:box' })] }
  const status = { fixed: ['a', 'box', 'nowhere'] }
  const folder = mkdtempSync(join(tmpdir(), 'kanpeki-test-csaf-'))
  const write = (name: string, document: object): void => writeFileSync(join(folder, name), JSON.stringify(document))
  const size = async (): Promise<readonly number[]> => {
    const { advisories, unmatched, problems } = await loadFeeds([folder])
    return [advisories.size, unmatched, problems.length]
  }
  write('b.json', csaf({ tree, status, tracking: { version: '9', current_release_date: '2026-02-02T00:00:00Z' } }))
  expect(await size()).toEqual([1, 2, 0])
  // Ten is later than nine, and what was withdrawn says nothing more, also where an older state lies beside it.
  write('a.json', csaf({ tree, status, category: 'csaf_withdrawn', tracking: { version: '10' } }))
  expect(await size()).toEqual([0, 0, 0])
  write('a.json', csaf({ tree, status, tracking: { version: '10', status: 'draft' } }))
  expect(await size()).toEqual([0, 0, 0])
  write('a.json', csaf({ tree, status, tracking: { version: '8.9.9' }, category: 'csaf_withdrawn' }))
  expect(await size()).toEqual([1, 2, 0])
})

it('ends on any tree, and says which document is wrong', () => {
  const id = fc.constantFrom('a', 'b', 'c', 'd', 'e')
  const helper = fc.oneof(
    fc.constant({}),
    fc.record({ purl: fc.constantFrom('pkg:npm/a@1', 'pkg:rpm/suse/x@1-150600.1', 'pkg:', 'pkg:rpm/redhat/y?distro=%') }),
    fc.record({ cpe: fc.constantFrom('cpe:/a:b:c:1', 'cpe:2.3:a:\\', 'cpe:/a:%:%', 'x') }),
  )
  const product = fc.record({ product_id: id, name: fc.string(), product_identification_helper: helper })
  const { branch } = fc.letrec((tie) => ({
    branch: fc.record(
      {
        category: fc.constantFrom('vendor', 'product_version', 'product_version_range'),
        name: fc.oneof(fc.string(), fc.constantFrom('vers:npm/<1', '<', 'vers:x/', '>=1|<=0')),
        product,
        branches: fc.array(tie('branch'), { maxLength: 3 }),
      },
      { requiredKeys: [] },
    ),
  }))
  const tree = fc.record({
    branches: fc.array(branch, { maxLength: 4 }),
    relationships: fc.array(fc.record({ product_reference: id, relates_to_product_reference: id, full_product_name: product }), {
      maxLength: 8,
    }),
    product_paths: fc.array(
      fc.record({
        beginning_product_reference: id,
        full_product_name: product,
        subpaths: fc.array(fc.record({ next_product_reference: id }), { maxLength: 4 }),
      }),
      { maxLength: 8 },
    ),
  })
  const status = fc.dictionary(
    fc.constantFrom('known_affected', 'fixed', 'first_affected', 'last_affected', 'first_fixed', 'recommended'),
    fc.array(id, { maxLength: 4 }),
  )
  fc.assert(
    fc.property(tree, status, (given, said) => {
      const document = csaf({ tree: given, status: said })
      const { records, unmatched } = readCsafFeed(document, 'x.json')
      expect(unmatched).toBeLessThanOrEqual(5)
      for (const { affected } of records) expect(affected!.length).toBeGreaterThan(0)
    }),
  )
  const deep = (levels: number): object => (levels === 0 ? {} : { branches: [deep(levels - 1)] })
  expect(() => readCsafFeed(csaf({ tree: deep(500), status: {} }), 'x.json')).toThrow(KanpekiError)
  // A chain of ten thousand parts is no product.
  const relationships = Array.from({ length: 10_000 }, (_, at) => ({
    product_reference: `p${at + 1}`,
    relates_to_product_reference: `p${at + 1}`,
    full_product_name: { product_id: `p${at}`, name: 'x' },
  }))
  const chain = csaf({ tree: { relationships }, status: { fixed: relationships.map((_, at) => `p${at}`) } })
  expect(readCsafFeed(chain, 'x.json').unmatched).toBe(10_000)
})
