import { readFileSync } from 'node:fs'
import { mkdir, mkdtemp, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Ajv2020 } from 'ajv/dist/2020.js'
import ajvFormats from 'ajv-formats'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import type { Measure } from '../kernel/measure.ts'
import type { Measures } from './criteria.ts'
import { loadCards, readCard } from './load.ts'

const examples = fileURLToPath(new URL('../../content/declarations/', import.meta.url))
const published = fileURLToPath(new URL('../../docs/schemas/card.json', import.meta.url))

const measures: Measures = new Map<string, Pick<Measure, 'unit' | 'check'>>([
  ['detect.attack-coverage', { unit: 'percent', check: ({ set }) => (set === 'most' ? 'set is unknown' : undefined) }],
  ['detect.alert-delay', { unit: 'seconds' }],
  ['detect.time-to-acknowledge', { unit: 'seconds' }],
  ['detect.time-to-verdict', { unit: 'seconds' }],
  ['detect.p1-precision', { unit: 'percent' }],
  ['collect.source-completeness', { unit: 'percent' }],
])

const text = readFileSync(join(examples, 'customer-data-path.yml'), 'utf8')

describe('the example cards', () => {
  it('load, in both languages, and fit the published schema', async () => {
    const { cards, problems } = await loadCards([examples], measures)
    expect(problems).toEqual([])
    expect(cards.map(({ card }) => card.id)).toEqual(['customer-data-path', 'detection-and-evidence', 'on-call'])
    const ajv = new Ajv2020({ strict: false })
    ajvFormats.default(ajv)
    const validate = ajv.compile(JSON.parse(readFileSync(published, 'utf8')) as object)
    for (const one of cards) {
      expect(validate(parse(one.text)), JSON.stringify(validate.errors)).toBe(true)
    }
    expect(validate({ ...parse(text), signatures: 0 })).toBe(false)
  })
})

describe('a faulty card', () => {
  const lineOf = (part: string) => text.slice(0, text.indexOf(part)).split('\n').length
  const cases: readonly (readonly [name: string, from: string, to: string, code: string, at: string | null, words: RegExp])[] = [
    [
      'an unknown measure',
      'detect.p1-precision',
      'detect.p9-precision',
      'unknown_measure',
      'measure: detect.p1-precision',
      /p9-precision/,
    ],
    ['wrong parameters', 'set: core', 'set: most', 'bad_params', 'params: { set: core }', /set is unknown/],
    ['a stray key', 'owner: service-owner', 'ovner: service-owner', 'card_form', null, /expected string|nrecognized/],
    ['a month', 'window: P30D', 'window: P1M', 'card_form', 'window: P30D', /ISO 8601/],
    ['a window of nothing', 'window: P90D', 'window: P0D', 'bad_duration', 'window: P90D', /nothing/],
    [
      'an unknown comparator',
      'comparator: "<="\n    target: 7200',
      'comparator: "=<"\n    target: 7200',
      'card_form',
      null,
      /Invalid option/,
    ],
    ['an impossible target', 'target: 80', 'target: 180', 'bad_target', 'target: 80', /180/],
    ['a query that cannot be read', 'svc-* OR backup-*)', 'svc-* OR', 'bad_query', 'query: "event', /./],
    ['two of one id', 'id: p1-precision', 'id: alert-delay', 'repeated_id', 'id: alert-delay', /twice/],
    [
      'a trigger without its objective',
      'objective: attack-coverage',
      'objective: coverage',
      'unknown_objective',
      null,
      /coverage/,
    ],
    ['a validity that ends first', 'until: 2027-05-01', 'until: 2026-05-01', 'bad_validity', null, /before it begins/],
    ['too few approvers', 'approvers: ["@admin", "@cards"]', 'approvers: [sato]', 'bad_signatures', 'signatures: 2', /only 1/],
    ['an approver group that is none', '"@cards"', '"@everyone"', 'bad_approver', null, /@everyone/],
    ['a day that is none', 'nextReview: 2026-12-01', 'nextReview: 2026-13-01', 'card_form', 'nextReview', /ISO date/],
    ['broken YAML', 'threats:\n', 'threats: [\n', 'card_yaml', null, /./],
    ['a repeated key', 'owner: service-owner', 'owner: a\nowner: b', 'card_yaml', null, /unique/],
  ]
  it.each(cases)('with %s is refused by line', (_name, from, to, code, at, words) => {
    expect(text).toContain(from)
    const result = readCard(text.replace(from, to), 'cards/x.yml', measures)
    const problems = 'problems' in result ? result.problems : []
    const found = problems.find((problem) => problem.code === code)
    expect(found, JSON.stringify(problems)).toBeDefined()
    expect(found?.file).toBe('cards/x.yml')
    expect(found?.message).toMatch(words)
    expect(found?.remedy).not.toBe('')
    expect(found?.line).toBeGreaterThan(0)
    if (at !== null) {
      const lines = text.split('\n').flatMap((line, index) => (line.includes(at) ? [index + 1] : []))
      expect([...lines, lineOf(from)]).toContain(found?.line)
    }
  })

  it('names the measures there are', () => {
    const result = readCard(text.replace('detect.alert-delay', 'nope'), 'x.yml', measures)
    expect('problems' in result && result.problems[0]?.remedy).toContain('collect.source-completeness')
  })

  it('does not disturb the others', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'kanpeki-cards-'))
    await writeFile(join(folder, 'a.yml'), text)
    await writeFile(join(folder, 'b.yml'), text)
    await writeFile(join(folder, 'c.yaml'), text.replace('id: customer-data-path', 'id: another'))
    await writeFile(join(folder, 'd.yml'), 'a: [')
    await writeFile(join(folder, 'notes.md'), 'not a card')
    await mkdir(join(folder, 'e.yml'))
    const { cards, problems } = await loadCards([folder, join(folder, 'absent')], measures)
    expect(cards.map(({ card }) => card.id)).toEqual(['customer-data-path', 'another'])
    expect(problems.map(({ code }) => code)).toEqual(['card_repeated', 'card_yaml', 'card_unreadable'])
  })

  it('refuses alias bombs', () => {
    const bomb = `a: &a [x,x,x,x,x,x,x,x,x]\n${'bcdefghij'
      .split('')
      .map((name, index) => `${name}: &${name} [${Array(9).fill(`*${'abcdefghi'[index]}`).join(',')}]`)
      .join('\n')}`
    const result = readCard(bomb, 'x.yml', measures)
    expect('problems' in result && result.problems[0]?.code).toBe('card_yaml')
  })

  it('never throws, whatever is in the file', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.json(),
          fc.tuple(fc.nat(text.length), fc.string()).map(([at, insert]) => text.slice(0, at) + insert + text.slice(at)),
        ),
        (anything) => {
          const result = readCard(anything, 'x.yml', measures)
          if ('problems' in result) expect(result.problems.length).toBeGreaterThan(0)
        },
      ),
      { numRuns: 150 },
    )
  })
})

describe('the hash that signatures stand on', () => {
  it('is of the meaning, not of the writing', () => {
    const hash = (yaml: string) => {
      const result = readCard(yaml, 'x.yml', measures)
      return 'problems' in result ? undefined : result.hash
    }
    const base = hash(text)
    expect(base).toMatch(/^[0-9a-f]{64}$/)
    expect(hash(`# another comment\n${text}`)).toBe(base)
    expect(hash(text.replace('owner: service-owner\n', '').concat('owner: "service-owner"\n'))).toBe(base)
    expect(hash(text.replace('target: 90', 'target: 89'))).not.toBe(base)
  })
})
