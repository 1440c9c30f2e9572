import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Ajv } from 'ajv'
import formats from 'ajv-formats'
import { afterAll, afterEach, expect, it, vi } from 'vitest'
import { readSbom } from '../assess/sbom/read.ts'
import { sharedData } from '../kernel/testing/shared-data.ts'
import { feedsCommand } from './feeds.ts'
import { scanCommand } from './scan.ts'

const folder = mkdtempSync(join(tmpdir(), 'kanpeki-scan-'))
afterAll(() => rmSync(folder, { recursive: true }))
afterEach(() => vi.restoreAllMocks())

const ADVISORY = {
  id: 'PYSEC-2026-1',
  modified: '2026-01-01T00:00:00Z',
  aliases: ['CVE-2026-0001'],
  summary: 'Reads what it should not',
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

it('scans lock files, and says where there is nothing to judge by', async () => {
  file('requirements.txt', 'foo==1.0\nbar>=2\n')
  const { code, out } = await run(scanCommand, 'dir', '--feeds', osv, '--format', 'json', join(folder, 'requirements.txt'))
  expect(code).toBe(0)
  expect(JSON.parse(out)).toMatchObject({
    judged: 1,
    left: 1,
    findings: [{ id: 'CVE-2026-0001', kev: null }],
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
  const schema = sharedData('schemas/sarif/sarif-schema-2.1.0.json')
  if (schema === undefined) return
  const ajv = new Ajv({ strict: false, validateSchema: false })
  formats.default(ajv)
  // Of draft 4, whose words are the same here but for its own name.
  const { $schema: _, id: _id, ...rules } = JSON.parse(readFileSync(schema, 'utf8'))
  const validate = ajv.compile(rules)
  expect(validate(sarif), JSON.stringify(validate.errors)).toBe(true)
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
