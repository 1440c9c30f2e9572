import { readFileSync } from 'node:fs'
import { load } from 'js-yaml'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import type { StoredEvent } from '../../kernel/event.ts'
import type { JsonObject } from '../../kernel/json.ts'
import { readCorpus } from '../correlation-corpus/run-case.ts'
import { loadRuleTexts } from '../engines/sigma/load/load.ts'
import { evaluate } from '../engines/sigma/match/evaluate.ts'
import { compileSigma } from '../engines/sigma/match/program.ts'
import { classifier } from '../engines/sigma/shapes/registry.ts'
import { ruleSetOf } from '../rule-set.ts'

const event = z.record(z.string(), z.unknown()).transform((doc) => doc as JsonObject)
const cases = z
  .array(
    z.strictObject({
      id: z.string(),
      detection: z.record(z.string(), z.unknown()).optional(),
      rules: z.string().optional(),
      placeholders: z.record(z.string(), z.array(z.string())).default({}),
      yes: z.array(event).default([]),
      no: z.array(event).default([]),
      hits: z.array(z.strictObject({ event, ids: z.array(z.string()) })).default([]),
      refused: z.array(z.string()).default([]),
    }),
  )
  .parse(load(readFileSync(new URL('./cases.yml', import.meta.url), 'utf8')))

const classify = classifier({ product: 'test' })

describe('the Sigma specification by examples', () => {
  it.each(cases)('$id', ({ detection, rules, placeholders, yes, no, hits, refused }) => {
    const text =
      rules ?? JSON.stringify({ title: 'Test', id: 'test', logsource: { product: 'test' }, detection: detection ?? {} })
    const loaded = loadRuleTexts([{ file: 'test.yml', text }], { placeholders })
    const ruleSet = ruleSetOf(loaded)
    expect(ruleSet.refused.map(({ code }) => code).sort()).toEqual([...refused].sort())
    const program = compileSigma(loaded.rules, { assume: { product: 'test' } })
    for (const [docs, expected] of [
      [yes, true],
      [no, false],
    ] as const) {
      for (const doc of docs) {
        expect([doc, program.match(doc).length > 0]).toEqual([doc, expected])
        const [rule] = loaded.rules
        const plain = evaluate(rule!.expression, { doc, eventClass: classify(doc), category: undefined })
        expect(plain, 'the plain evaluation').toBe(expected)
      }
    }
    for (const { event: doc, ids } of hits) {
      const detections = ruleSet.run([stored(doc)], true)
      expect([doc, detections.map(({ rule }) => rule.id)]).toEqual([doc, ids])
    }
    expect(yes.length + no.length + hits.length + refused.length).toBeGreaterThan(0)
  })
})

describe.each(['docs/sigma.md', 'docs/sigma.ja.md'])('%s', (file) => {
  const text = readFileSync(new URL(`../../../${file}`, import.meta.url), 'utf8')
  // The last cell of each row of a table: the case that proves it.
  const named = [...text.matchAll(/^\|.*\| `([^`]+)` *\|$/gm)].map(([, name]) => name!)
  const corpus = readCorpus(new URL('../correlation-corpus/', import.meta.url)).map(({ file: part, name }) => `${part}: ${name}`)

  it('names in each row a case that runs', () => {
    const known = new Set([...cases.map(({ id }) => id), ...corpus])
    expect(named.filter((name) => !known.has(name))).toEqual([])
    const rows = [...text.matchAll(/^\| (?!-)/gm)].length - [...text.matchAll(/^\| ?-+/gm)].length
    expect(named).toHaveLength(rows)
    expect(named.length).toBeGreaterThan(130)
  })

  it('has a row for each case of the specification', () => {
    expect(cases.map(({ id }) => id).filter((id) => !named.includes(id))).toEqual([])
  })

  it('names every modifier and every type of correlation', () => {
    const words =
      'all any base64 base64offset cased cidr contains endswith startswith exists expand fieldref gt gte lt lte neq re i m s utf16 utf16le utf16be wide windash minute hour day week month year event_count value_count temporal temporal_ordered value_sum value_avg value_percentile value_median'
    expect(words.split(' ').filter((word) => !text.includes(`\`${word}\``))).toEqual([])
  })
})

let sequence = 0

function stored(doc: JsonObject): StoredEvent {
  sequence += 1
  const time = Date.UTC(2026, 0, 1) + sequence * 86_400_000
  return {
    id: `e${sequence}`,
    scope: 'default',
    source: 's',
    parser: 'p',
    writer: 'w',
    sequence,
    index: 0,
    observed: time,
    received: time,
    doc,
  }
}
