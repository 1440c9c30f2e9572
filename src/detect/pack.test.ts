import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { afterAll, describe, expect, it } from 'vitest'
import type { JsonObject } from '../kernel/json.ts'
import { sharedData } from '../kernel/testing/shared-data.ts'
import { loadRuleFiles } from './engines/sigma/load/read-files.ts'
import { ruleInfo } from './rule-info.ts'
import { ruleSetOf } from './rule-set.ts'
import { packedTests } from './rule-test.ts'

const folder = fileURLToPath(new URL('../../content/detections/', import.meta.url))
const loaded = loadRuleFiles([folder])
const ruleSet = ruleSetOf(loaded)
const tests = packedTests(loaded)

interface Packed {
  readonly file: string
  readonly doc: JsonObject
}
const documents: readonly Packed[] = [
  ...loaded.rules.map(({ info, document }) => ({ file: info.file, doc: document })),
  ...loaded.correlations.map(({ file, doc }) => ({ file, doc })),
].map(({ file, doc }) => ({ file: file.slice(file.indexOf('detections/') + 'detections/'.length), doc }))
const infoOf = ({ file, doc }: Packed) => ruleInfo(doc, { file, version: '' })

const LEAST_RULES = 300

describe('our own pack', () => {
  it('loads whole, with enough rules that speak for themselves', () => {
    expect(ruleSet.refused).toEqual([])
    expect(ruleSet.rules.length).toBeGreaterThanOrEqual(LEAST_RULES)
  })
  it('gives each rule an id of its own, and names only once', () => {
    const ids = documents.map(({ doc }) => doc['id'])
    expect(new Set(ids).size).toBe(ids.length)
    for (const id of ids) expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
    const names = documents.map(({ doc }) => doc['name']).filter((name) => name !== undefined)
    expect(new Set(names).size).toBe(names.length)
  })
  it.each(documents.map((packed) => [packed.file, packed] as const))(
    '%s says what a reader needs, in both languages',
    (file, packed) => {
      const { doc } = packed
      const info = infoOf(packed)
      expect(file).toMatch(/^[a-z-]+\/[a-z0-9-]+\.yml$/)
      expect(info.techniques.length).toBeGreaterThan(0)
      expect(info.tactics.length).toBeGreaterThan(0)
      expect(info.description.length).toBeGreaterThan(40)
      expect(info.ja?.title).toMatch(/[\p{sc=Hiragana}\p{sc=Katakana}\p{sc=Han}]/u)
      expect(info.ja?.description).toMatch(/\p{sc=Hiragana}.*。$/u)
      expect(doc['author']).toBe('Kanpeki')
      expect(doc['falsepositives']).not.toHaveLength(0)
      expect(doc['references']).toEqual(
        expect.arrayContaining(info.techniques.map((id) => `https://attack.mitre.org/techniques/${id.replace('.', '/')}/`)),
      )
    },
  )
  it('names techniques that ATT&CK has', (context) => {
    const path = sharedData('attack/techniques.json')
    if (path === undefined) return context.skip('../shared/data/attack is absent')
    const { techniques } = JSON.parse(readFileSync(path, 'utf8')) as {
      readonly techniques: readonly { readonly id: string; readonly tactics: readonly string[] }[]
    }
    const known = new Map(techniques.map(({ id, tactics }) => [id, tactics]))
    for (const packed of documents) {
      const info = infoOf(packed)
      for (const id of info.techniques) expect([...known.keys()], packed.file).toContain(id)
      for (const tactic of info.tactics)
        expect(
          info.techniques.some((id) => known.get(id)?.includes(tactic)),
          `${packed.file}: no technique of ${tactic}`,
        ).toBe(true)
    }
  })
})

describe('the tests inside the rules', () => {
  let ran = 0
  it.each(documents.map(({ file, doc }) => [file, doc] as const))('%s', (_file, doc) => {
    const own = tests.filter(({ rule }) => rule === doc['id'])
    expect(own.filter(({ test }) => test.match).length).toBeGreaterThan(0)
    expect(own.filter(({ test }) => !test.match).length).toBeGreaterThan(0)
    for (const { test, fires } of own) {
      expect(fires(), test.name).toBe(test.match)
      ran++
    }
  })
  it('were all run', () => {
    expect(ran).toBe(tests.length)
  })
  afterAll(() => {
    const silent = documents.length - ruleSet.rules.length
    console.info(`own pack: ${ruleSet.rules.length} rules and ${silent} silent parts, ${ran} tests inside them ran`)
  })
})
