import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, afterEach, expect, it, vi } from 'vitest'
import { loadFeeds } from '../assess/feeds/load.ts'
import { feedsCommand } from './feeds.ts'

const folder = mkdtempSync(join(tmpdir(), 'kanpeki-feeds-'))
afterAll(() => rmSync(folder, { recursive: true }))
afterEach(() => vi.restoreAllMocks())

function put(path: string, document: object): void {
  const file = join(folder, path)
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, JSON.stringify(document))
}

/** A document of a vendor, by which its package is fixed in a version. */
const csaf = (vendor: string, fixed: string, { version = '1', category = 'csaf_vex' } = {}) => ({
  document: {
    category,
    csaf_version: '2.0',
    publisher: { name: vendor, namespace: `https://${vendor}.example` },
    tracking: { id: 'CVE-2026-1', status: 'final', version, current_release_date: '2026-01-02T00:00:00Z' },
  },
  product_tree: {
    full_product_names: [{ product_id: 'p', name: 'p', product_identification_helper: { purl: `pkg:npm/${vendor}@${fixed}` } }],
  },
  vulnerabilities: [{ cve: 'CVE-2026-1', product_status: { fixed: ['p'] } }],
})

async function take(data: string, ...from: readonly string[]) {
  let said = ''
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
    said += String(text)
    return true
  })
  const code = await feedsCommand([
    'update',
    '--data',
    join(folder, data),
    ...from.flatMap((path) => ['--from', join(folder, path)]),
  ])
  vi.restoreAllMocks()
  return { code, said }
}

const fixes = async (data: string) =>
  [...(await loadFeeds([join(folder, data, 'feeds')])).advisories.packages()].map(({ name, fixed }) => `${name} ${fixed}`).sort()

it('keeps documents of vendors apart that bear the same name', async () => {
  put('mirror/csaf/one/cve-2026-1.json', csaf('one', '1.1'))
  put('mirror/csaf/two/2026/cve-2026-1.json', csaf('two', '2.2'))
  expect(await take('apart', 'mirror')).toMatchObject({ code: 0 })
  expect(await fixes('apart')).toEqual(['one 1.1', 'two 2.2'])
  put('alone.json', csaf('three', '3.3'))
  expect(await take('apart', 'alone.json')).toMatchObject({ code: 0 })
  expect(await fixes('apart')).toEqual(['one 1.1', 'three 3.3', 'two 2.2'])
})

it('takes no older state of a document over a newer one, and says so', async () => {
  put('newer/v.json', csaf('v', '2.0', { version: '10' }))
  put('older/v.json', csaf('v', '1.0', { version: '9' }))
  expect(await take('states', 'newer')).toMatchObject({ code: 0 })
  const { code, said } = await take('states', 'older')
  expect(code).toBe(1)
  expect(said).toContain('is an older state of the document')
  expect(await fixes('states')).toEqual(['v 2.0'])
})

it('lets a document that was withdrawn take the place of what it said', async () => {
  put('said/v.json', csaf('v', '2.0'))
  put('withdrawn/v.json', csaf('v', '2.0', { version: '2', category: 'csaf_withdrawn' }))
  expect(await take('gone', 'said')).toMatchObject({ code: 0 })
  expect(await fixes('gone')).toEqual(['v 2.0'])
  expect(await take('gone', 'withdrawn')).toMatchObject({ code: 0 })
  expect(await fixes('gone')).toEqual([])
})

it('tells of a folder of CSAF in one line, and what could not be read with its reason', async () => {
  put('told/feeds/csaf/one/a.json', csaf('one', '1.1'))
  put('told/feeds/csaf/one/b.json', { ...csaf('one', '1.2'), vulnerabilities: [] })
  mkdirSync(join(folder, 'told/feeds/osv'))
  writeFileSync(join(folder, 'told/feeds/osv/half.json'), '{"id":')
  let [out, said] = ['', '']
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    out += String(text)
    return true
  })
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
    said += String(text)
    return true
  })
  const code = await feedsCommand(['status', '--data', join(folder, 'told')])
  vi.restoreAllMocks()
  expect(code).toBe(1)
  expect(out.match(/^csaf .*$/gm)).toEqual([expect.stringMatching(/csaf\/one \(2 documents\)$/)])
  expect(said).toMatch(/half\.json: .*JSON/)
})
