import { readFileSync } from 'node:fs'
import { Ajv2020 } from 'ajv/dist/2020.js'
import formats from 'ajv-formats'
import { expect, it } from 'vitest'
import { sharedData } from '../../kernel/testing/shared-data.ts'
import { codeOf } from '../../platform/testing/code-of.ts'
import type { Finding } from '../scan/findings.ts'
import { openVex, readOpenVex, statementOn, undecided } from './openvex.ts'
import { silences } from './statement.ts'

const finding = (purl: string): Finding => ({
  id: 'CVE-2026-0001',
  ids: ['GHSA-1'],
  aliases: ['CVE-2026-0001'],
  cves: ['CVE-2026-0001'],
  summary: '',
  installed: { name: 'a', version: '1.0', purl, place: '' },
  rated: null,
  cwes: [],
  fixed: [],
  guessed: false,
  exploit: 'none',
  kev: null,
  epss: null,
})
const document = (...statements: readonly object[]) => ({
  '@context': 'https://openvex.dev/ns/v0.2.0',
  '@id': 'https://example.com/vex',
  author: 'Product security',
  timestamp: '2026-01-01T00:00:00Z',
  version: 1,
  statements,
})
const said = (differs: object = {}) => ({
  vulnerability: { name: 'GHSA-1' },
  products: [{ '@id': 'pkg:npm/a' }],
  status: 'not_affected',
  justification: 'vulnerable_code_not_present',
  ...differs,
})

it.each([
  ['every version of a product', {}, 'pkg:npm/a@1.0', true],
  ['one version', { products: [{ '@id': 'pkg:npm/a@1.0' }] }, 'pkg:npm/a@1.0', true],
  ['another version', { products: [{ '@id': 'pkg:npm/a@2.0' }] }, 'pkg:npm/a@1.0', false],
  [
    'a part of a product',
    { products: [{ '@id': 'pkg:oci/app', subcomponents: [{ identifiers: { purl: 'pkg:npm/a@1.0' } }] }] },
    'pkg:npm/a@1.0',
    true,
  ],
  ['a package of a similar name', {}, 'pkg:npm/ab@1.0', false],
  ['another architecture', { products: [{ '@id': 'pkg:rpm/x/a?arch=arm64' }] }, 'pkg:rpm/x/a@1.0?arch=amd64&distro=x', false],
  ['the architecture', { products: [{ '@id': 'pkg:rpm/x/a?arch=amd64' }] }, 'pkg:rpm/x/a@1.0?arch=amd64&distro=x', true],
  ['another vulnerability', { vulnerability: { name: 'CVE-2026-0002' } }, 'pkg:npm/a@1.0', false],
])('applies a statement on %s', (_, differs, purl, wanted) => {
  const statements = readOpenVex(document(said(differs)), 'vex.json')
  expect(statementOn(finding(purl), statements) !== undefined).toBe(wanted)
})

it('lets the latest word count, and only some words silence', () => {
  const statements = readOpenVex(document(said(), said({ status: 'affected', timestamp: '2026-02-01T00:00:00Z' })), 'vex.json')
  const word = statementOn(finding('pkg:npm/a@1.0'), statements)
  expect(word).toMatchObject({ status: 'affected', by: 'Product security' })
  expect(silences(word!)).toBe(false)
})

it.each([
  ['without a reason', document(said({ justification: undefined }))],
  ['of no product', document(said({ products: [] }))],
  ['of a status that there is not', document(said({ status: 'perhaps' }))],
  ['that is another document', { hello: 1 }],
])('refuses a statement %s', (_, value) => {
  expect(codeOf(() => readOpenVex(value, 'vex.json'))).toBe('vex_invalid')
})

it('writes what its schema takes, and reads it again', () => {
  const written = openVex(undecided([finding('pkg:npm/a@1.0')]), 'Kanpeki', Date.UTC(2026, 0, 1))
  expect(readOpenVex(written, 'own')[0]).toMatchObject({
    status: 'under_investigation',
    purls: ['pkg:npm/a@1.0'],
  })
  const schema = sharedData('schemas/openvex/openvex_json_schema.json')
  if (schema === undefined) return
  const ajv = new Ajv2020({ strict: false })
  formats.default(ajv)
  ajv.addFormat('iri', /^[a-z][a-z0-9+.-]*:\S+$/i)
  const validate = ajv.compile(JSON.parse(readFileSync(schema, 'utf8')))
  expect(validate(written), JSON.stringify(validate.errors)).toBe(true)
})
