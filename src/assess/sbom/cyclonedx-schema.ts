import { hash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import type { Ajv, ValidateFunction } from 'ajv'
import { canonicalJson, type JsonValue } from '../../kernel/json.ts'

export const CYCLONEDX_VERSIONS = ['1.0', '1.1', '1.2', '1.3', '1.4', '1.5', '1.6', '1.7'] as const
export type CycloneDxVersion = (typeof CYCLONEDX_VERSIONS)[number]

export function isCycloneDxVersion(text: unknown): text is CycloneDxVersion {
  return CYCLONEDX_VERSIONS.some((one) => one === text)
}

const require = createRequire(import.meta.url)

/** The published schemas come with OWASP's own library. */
const folder = join(dirname(require.resolve('@cyclonedx/cyclonedx-library/package.json')), 'res', 'schema')

/** The text of a published schema, e.g. `bom-1.6.SNAPSHOT.xsd`. */
export function publishedSchema(name: string): string {
  return readFileSync(join(folder, name), 'utf8')
}

const compiled = new Map<CycloneDxVersion, ValidateFunction>()

/** The JSON form began with 1.2; compiling takes some 100 ms and is done once a version. */
export function jsonValidator(version: CycloneDxVersion): ValidateFunction | undefined {
  if (version === '1.0' || version === '1.1') return undefined
  let validate = compiled.get(version)
  if (validate === undefined) {
    // Of 1.2 and 1.3 the strict one: the other takes everything for an extension.
    const strict = version === '1.2' || version === '1.3' ? '-strict' : ''
    validate = ajv().compile(JSON.parse(publishedSchema(`bom-${version}${strict}.SNAPSHOT.schema.json`)))
    compiled.set(version, validate)
  }
  return validate
}

function ajv(): Ajv {
  // Loaded with the first bill: a start need not wait for it.
  const { Ajv } = require('ajv') as typeof import('ajv')
  const { default: formats } = require('ajv-formats') as typeof import('ajv-formats')
  const instance = new Ajv({ strict: false, allErrors: false, validateFormats: true })
  formats(instance)
  // The library's own compares each item with each: a bill of a million components would take hours.
  instance.removeKeyword('uniqueItems')
  instance.addKeyword({
    keyword: 'uniqueItems',
    type: 'array',
    schemaType: 'boolean',
    error: { message: 'must NOT have duplicate items' },
    validate: (unique: boolean, items: readonly JsonValue[]) => !unique || allDiffer(items),
  })
  // Beyond the formats of the older draft: they are checked as loosely as the schema's own examples need.
  instance.addFormat('idn-email', /^[^\s@]+@[^\s@]+$/u)
  instance.addFormat('iri-reference', (text: string) => !/[\s<>"{}|\\^`]/.test(text))
  // References name them by file; some give themselves another name.
  for (const name of ['spdx', 'jsf-0.82', 'cryptography-defs'].map((one) => `${one}.SNAPSHOT.schema.json`)) {
    const { $id: _, ...schema } = JSON.parse(publishedSchema(name)) as Record<string, unknown>
    instance.addSchema(schema, `http://cyclonedx.org/schema/${name}`)
  }
  return instance
}

/** Whether no two items are equal as JSON Schema means it: the order of keys does not matter. In time that grows with their length. */
export function allDiffer(items: readonly JsonValue[]): boolean {
  if (items.length < 2) return true
  const seen = new Set<string>()
  for (const item of items) {
    const text = canonicalJson(item)
    const mark = text.length <= SHORT ? text : hash('sha256', text, 'base64')
    if (seen.has(mark)) return false
    seen.add(mark)
  }
  return true
}

/** Shorter texts are no longer than what stands for longer ones. */
const SHORT = 43
