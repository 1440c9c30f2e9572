import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Ajv } from 'ajv'
import formats from 'ajv-formats'
import { afterAll, afterEach, expect, it, vi } from 'vitest'
import { parse } from 'yaml'
import { readSbom } from '../assess/sbom/read.ts'
import { sharedData } from '../kernel/testing/shared-data.ts'
import { feedsCommand } from './feeds.ts'
import { sbomCommand } from './sbom.ts'
import { scanCommand } from './scan.ts'

const folder = mkdtempSync(join(tmpdir(), 'kanpeki-scan-'))
afterAll(() => rmSync(folder, { recursive: true }))
afterEach(() => vi.restoreAllMocks())

const ADVISORY = {
  id: 'PYSEC-2026-1',
  modified: '2026-01-01T00:00:00Z',
  aliases: ['CVE-2026-0001'],
  summary: 'Reads what it should not',
  database_specific: { cwe_ids: ['CWE-22', 'nonsense'] },
  severity: [{ type: 'CVSS_V3', score: 'CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:N/A:N' }],
  affected: [
    {
      package: { ecosystem: 'PyPI', name: 'foo' },
      ranges: [{ type: 'ECOSYSTEM', events: [{ introduced: '0' }, { fixed: '1.5' }] }],
    },
  ],
}
const KEV = {
  catalogVersion: '1',
  dateReleased: '2026-01-02',
  vulnerabilities: [{ cveID: 'CVE-2026-0001', dateAdded: '2026-01-02' }],
}

function file(name: string, content: unknown): string {
  const path = join(folder, name)
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content))
  return path
}

async function run(command: (args: readonly string[]) => Promise<number>, ...args: string[]) {
  let out = ''
  let err = ''
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    out += String(text)
    return true
  })
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
    err += String(text)
    return true
  })
  const code = await command(args)
  vi.restoreAllMocks()
  return { code, out, err }
}

const osv = file('osv.json', [ADVISORY])
const kev = file('kev.json', KEV)
const bom = file('bom.json', {
  bomFormat: 'CycloneDX',
  specVersion: '1.6',
  version: 1,
  components: [
    { type: 'library', name: 'foo', version: '1.0', purl: 'pkg:pypi/foo@1.0' },
    { type: 'library', name: 'nameless', version: '1' },
  ],
})

it('takes feeds over, whole or not at all, and scans by them', async () => {
  const data = join(folder, 'data')
  const broken = file('broken.json', '{"half":')
  const taken = await run(feedsCommand, 'update', '--data', data, '--from', osv, '--from', kev, '--from', broken)
  expect(taken.code).toBe(1)
  expect(taken.err).toContain('broken.json')
  const status = JSON.parse((await run(feedsCommand, 'status', '--json', '--data', data)).out)
  expect(status).toMatchObject({ advisories: 1, ecosystems: { pypi: 1 }, kev: { entries: 1 }, epss: null })
  const { code, out } = await run(scanCommand, 'sbom', '--data', data, bom)
  expect(code).toBe(0)
  expect(out).toContain('high 7.5  CVE-2026-0001  foo 1.0  fix 1.5')
  expect(out).toContain('1 found → 1 with a fix → 1 of them exploited')
  expect(out).toContain('DAYS OLD')
  expect(out).toContain('1 without a package URL')
  for (const [what, wanted] of [
    ['exploited', 1],
    ['fixable,high', 1],
    ['critical', 0],
  ] as const)
    expect((await run(scanCommand, 'sbom', '--data', data, '--fail-on', what, bom)).code, what).toBe(wanted)
})

it('says of a release that nobody mends any more that silence about it is no health', async () => {
  const purls = ['debian/a@1?distro=debian-10', 'debian/b@1?distro=debian-10.13', 'ubuntu/c@1?distro=ubuntu-24.04']
  const components = purls.map((purl) => ({ type: 'library', name: 'x', version: '1', purl: `pkg:deb/${purl}` }))
  const old = file('old.json', { bomFormat: 'CycloneDX', specVersion: '1.6', version: 1, components })
  const { out } = await run(scanCommand, 'sbom', '--feeds', osv, old)
  expect(out).toContain('1 of debian-10, WHICH IS NO LONGER SUPPORTED since 2024-06-30')
  expect(out).toContain('1 of debian-10.13, WHICH')
  expect(out).not.toContain('ubuntu-24.04, WHICH')
  const { out: json } = await run(scanCommand, 'sbom', '--feeds', osv, '--format', 'json', old)
  const short = await run(scanCommand, 'sbom', '--feeds', osv, '--json', old)
  expect(Object.keys(JSON.parse(short.out))).toEqual(Object.keys(JSON.parse(json)))
  expect(JSON.parse(json).unsupported).toEqual([
    { release: 'debian-10', ended: '2024-06-30', packages: 1 },
    { release: 'debian-10.13', ended: '2024-06-30', packages: 1 },
  ])
})

it('scans lock files, and says where there is nothing to judge by', async () => {
  file('requirements.txt', 'foo==1.0\nbar>=2\n')
  const { code, out } = await run(scanCommand, 'dir', '--feeds', osv, '--format', 'json', join(folder, 'requirements.txt'))
  expect(code).toBe(0)
  expect(JSON.parse(out)).toMatchObject({
    judged: 1,
    left: 1,
    findings: [{ id: 'CVE-2026-0001', kev: null, cwes: ['CWE-22'] }],
    funnel: { exploited: null },
  })
  const blind = await run(scanCommand, 'dir', '--data', join(folder, 'nowhere'), join(folder, 'requirements.txt'))
  expect(blind.code).toBe(2)
  expect(blind.err).toContain('no advisory to judge by')
  expect((await run(scanCommand, 'sbom', '--feeds', osv, file('no.json', '{}'))).code).toBe(2)
  expect((await run(scanCommand, 'sbom', '--format', 'poem', bom)).code).toBe(64)
})

it('lists only what is new, lets VEX speak, and writes what is installed', async () => {
  const baseline = file('before.json', (await run(scanCommand, 'sbom', '--feeds', osv, '--format', 'json', bom)).out)
  const same = await run(scanCommand, 'sbom', '--feeds', osv, '--baseline', baseline, '--fail-on', 'any', bom)
  expect(same.code).toBe(0)
  expect(same.out).toContain('0 found')
  expect(same.out).toContain('1 not listed: in the baseline')
  const vex = file('vex.json', {
    '@context': 'https://openvex.dev/ns/v0.2.0',
    author: 'us',
    timestamp: '2026-01-01T00:00:00Z',
    statements: [
      {
        vulnerability: { name: 'CVE-2026-0001' },
        products: [{ '@id': 'pkg:pypi/foo' }],
        status: 'not_affected',
        justification: 'vulnerable_code_not_present',
      },
    ],
  })
  const stated = await run(scanCommand, 'sbom', '--feeds', osv, '--vex', vex, '--fail-on', 'any', bom)
  expect(stated.code).toBe(0)
  expect(stated.out).toContain('1 not listed: not affected or fixed by VEX')
  const { out } = await run(scanCommand, 'dir', '--feeds', osv, '--format', 'cyclonedx', file('requirements.txt', 'foo==1.0\n'))
  expect((await readSbom(Buffer.from(out), 'own')).components).toMatchObject([
    { name: 'foo', version: '1.0', purl: 'pkg:pypi/foo@1.0' },
  ])
})

it('writes SARIF that its schema takes', async () => {
  const { out } = await run(scanCommand, 'sbom', '--feeds', osv, '--feeds', kev, '--format', 'sarif', bom)
  const sarif = JSON.parse(out)
  expect(sarif.runs[0].results[0]).toMatchObject({ ruleId: 'CVE-2026-0001', level: 'error' })
  expect(sarif.runs[0].tool.driver.rules[0].properties.tags).toContain('external/cwe/cwe-022')
  const schema = sharedData('schemas/sarif/sarif-schema-2.1.0.json')
  if (schema === undefined) return
  const ajv = new Ajv({ strict: false, validateSchema: false })
  formats.default(ajv)
  // Of draft 4, whose words are the same here but for its own name.
  const { $schema: _, id: _id, ...rules } = JSON.parse(readFileSync(schema, 'utf8'))
  const validate = ajv.compile(rules)
  expect(validate(sarif), JSON.stringify(validate.errors)).toBe(true)
})

it('speaks to pipelines, breaks a build by policy, and shows only what a change brings', async () => {
  const policy = file(
    'policy.yaml',
    'break:\n  - { name: exposed, when: { severity: high, exposure: internet, fixable: true } }\n',
  )
  const scan = (...more: readonly string[]) => run(scanCommand, 'sbom', '--feeds', osv, ...more, bom)
  const broken = await scan('--policy', policy, '--exposure', 'internet', '--format', 'github')
  expect(broken.code).toBe(1)
  expect(broken.err).toContain('rule exposed breaks the build: CVE-2026-0001 of foo')
  expect(broken.out).toContain(`::error file=${bom},line=1,title=CVE-2026-0001::foo 1.0 has CVE-2026-0001`)
  expect((await scan('--policy', policy)).code).toBe(0)
  const bad = await scan('--policy', file('bad.yaml', 'break:\n  - { name: a, when: { colour: red } }\n'))
  expect([bad.code, bad.err]).toEqual([2, expect.stringContaining('colour')])
  expect(JSON.parse((await scan('--format', 'gitlab')).out)).toMatchObject({
    scan: { type: 'dependency_scanning', status: 'success' },
    vulnerabilities: [{ severity: 'High', location: { dependency: { package: { name: 'foo' }, version: '1.0' } } }],
  })
  expect((await scan('--format', 'markdown')).out).toContain('| high 7.5 | CVE-2026-0001 | foo 1.0 |')
  const old = file('old.json', (await scan('--json')).out)
  expect((await scan('--diff', old, '--format', 'github')).out).toBe('')

  // Another scanner's words do not become commands, cells or links.
  const sarif = (line: number) => ({
    version: '2.1.0',
    runs: [
      {
        tool: { driver: { name: 'Semgrep', rules: [{ id: 'x', properties: { 'security-severity': '9.1', tags: ['CWE-89'] } }] } },
        results: [
          {
            ruleId: 'x',
            message: { text: 'bad\n::set-output name=a::b | <img src=x> [a](b)' },
            locations: [{ physicalLocation: { artifactLocation: { uri: 'src/a.ts' }, region: { startLine: line } } }],
          },
        ],
      },
    ],
  })
  const report = file('semgrep.sarif', sarif(3))
  const imported = await run(scanCommand, 'import', '--format', 'github', report)
  expect(imported.code).toBe(1)
  expect(imported.out.split('\n').filter((line) => line.startsWith('::'))).toHaveLength(1)
  expect(imported.out).toContain('::error file=src/a.ts,line=3,title=x::bad%0A::set-output')
  const table = (await run(scanCommand, 'import', '--format', 'markdown', report)).out
  expect(table).not.toContain('<img')
  const before = file('before.json', (await run(scanCommand, 'import', '--format', 'json', report)).out)
  const moved = await run(scanCommand, 'import', '--diff', before, file('moved.sarif', sarif(9)))
  expect([moved.code, moved.out]).toEqual([0, expect.stringContaining('1 not listed')])
  const none = await run(scanCommand, 'import', file('none.json', '{"hello":1}'))
  expect([none.code, none.err]).toEqual([2, expect.stringContaining('it is none of SARIF')])
})

it('says what a bill brings, drops and moves', async () => {
  const bill = (name: string, ...purls: readonly string[]) =>
    file(name, {
      bomFormat: 'CycloneDX',
      specVersion: '1.6',
      version: 1,
      components: purls.map((purl) => ({ type: 'library', name: purl, version: purl.split('@')[1], purl })),
    })
  const old = bill('old.cdx.json', 'pkg:npm/a@1.9.0', 'pkg:npm/b@2.0.0', 'pkg:npm/c@1.0.0', 'pkg:npm/d@1.0.0')
  const now = bill('new.cdx.json', 'pkg:npm/a@1.10.0', 'pkg:npm/b@1.0.0', 'pkg:npm/c@1.0.0', 'pkg:npm/e@1.0.0')
  const { code, out } = await run(sbomCommand, 'diff', '--fail-on', 'down', old, now)
  expect(code).toBe(1)
  expect(out.split('\n').slice(0, 4)).toEqual([
    '^ pkg:npm/a  1.9.0 → 1.10.0',
    'v pkg:npm/b  2.0.0 → 1.0.0',
    '- pkg:npm/d  1.0.0',
    '+ pkg:npm/e  1.0.0',
  ])
  expect((await run(sbomCommand, 'diff', '--json', '--fail-on', 'any', old, old)).code).toBe(0)
  expect((await run(sbomCommand, 'diff', old, join(folder, 'nowhere'))).code).toBe(2)
})

it('runs what the examples for pipelines say', async () => {
  const text = readFileSync(new URL('../../docs/ci.md', import.meta.url), 'utf8')
  const blocks = [...text.matchAll(/```yaml\n([\s\S]*?)```/g)].map(([, block]) => block!)
  for (const block of blocks) expect(Object.keys(parse(block) as object).length).toBeGreaterThan(0)
  const place = join(folder, 'project')
  mkdirSync(place)
  writeFileSync(join(place, 'requirements.txt'), 'foo==1.0\n')
  const data = join(folder, 'pipeline')
  await run(feedsCommand, 'update', '--data', data, '--from', osv)
  const before = file('ci-before.json', (await run(scanCommand, 'dir', '--data', data, '--format', 'json', place)).out)
  const known = file('ci-known.json', '{"kanpeki":"secrets-baseline","secrets":[]}')
  const policy = fileURLToPath(new URL('../../content/policies/vulnerabilities.yaml', import.meta.url))
  const here: Readonly<Record<string, string>> = {
    ...{ 'feeds-data': data, '.': place, '../before': place, 'before.json': before },
    ...{ '.kanpeki/secrets.json': known, '.kanpeki/policy.yaml': policy },
  }
  const lines = blocks.flatMap((block) => [...block.matchAll(/npx kanpeki scan ([^>\n]+)/g)].map(([, line]) => line!.trim()))
  for (const line of lines) {
    // The folder of this test is no repository.
    const args = line.split(/\s+/).filter((word) => word !== '--history')
    expect((await run(scanCommand, ...args.map((word) => here[word] ?? word))).code, line).toBeLessThan(2)
  }
  expect([blocks.length, lines.length]).toEqual([2, 8])
})

it('finds secrets in a folder, by policy and baseline, and prints none', async () => {
  const place = join(folder, 'code')
  mkdirSync(place)
  const key = `sk_live_${'q7Zr2Kd9XwTm4B1cYh5N6A8v'}`
  writeFileSync(join(place, 'pay.ts'), `const key = '${key}'\n`)
  const found = await run(scanCommand, 'secrets', '--format', 'sarif', '--write-baseline', join(folder, 'known.json'), place)
  expect(found.code).toBe(1)
  expect(JSON.parse(found.out).runs[0].results[0]).toMatchObject({ ruleId: 'secret-stripe-live' })
  expect(found.out + found.err + readFileSync(join(folder, 'known.json'), 'utf8')).not.toContain(key.slice(0, 16))
  expect((await run(scanCommand, 'secrets', '--baseline', join(folder, 'known.json'), place)).code).toBe(0)
  expect((await run(scanCommand, 'secrets', '--history', place)).code).toBe(2)
  const own = file('own.yaml', "patterns:\n  - { id: pay-const, title: Constant, regex: 'const (k[a-z]+) =', severity: low }\n")
  const mixed = await run(scanCommand, 'secrets', '--patterns', own, '--baseline', join(folder, 'known.json'), place)
  expect([mixed.code, mixed.out]).toEqual([1, expect.stringMatching(/^low\s+secret-pay-const\s+pay.ts:1\s+Constant/)])
  const refused = await run(scanCommand, 'secrets', '--patterns', file('bad.yaml', 'patterns:\n  - id: a\n'), place)
  expect([refused.code, refused.out]).toEqual([2, ''])
  expect(refused.err).toMatch(/bad\.yaml:2: patterns\.0\.title: .*docs\/vulnerabilities\.md/)
})

it('still runs YARA over files, with the word and without', async () => {
  const rules = file('rule.yar', 'rule found { strings: $a = "EICAR-like" condition: $a }')
  const target = file('target.txt', 'an EICAR-like text')
  const args = ['--rules', rules, '--json', target]
  const [plain, named] = [await run(scanCommand, ...args), await run(scanCommand, 'yara', ...args)]
  // Where the engine does not run, both say so.
  expect(named.code).toBe(plain.code)
  expect(named.out).toBe(plain.out)
})
