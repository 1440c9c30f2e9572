import fc from 'fast-check'
import { expect, it } from 'vitest'
import type { Measure } from '../kernel/measure.ts'
import { CARD_PARTS, cardYaml } from './card-yaml.ts'
import { type LoadedCard, readCard } from './load.ts'

const SCHEMA = 'https://soc.example.com/api/v1/schemas/card.json'
const measures = new Map<string, Pick<Measure, 'unit'>>([
  ['detect.alert-delay', { unit: 'seconds' }],
  ['external.percent', { unit: 'percent' }],
])

/** Words that YAML reads as something else, if nobody takes care. */
const word = fc.oneof(
  fc.constantFrom(
    'no',
    '1e3',
    '0x1f',
    '2026-11-22',
    '~',
    '# not a comment',
    'a: b',
    '- c',
    '目標',
    "it's",
    '"',
    '> x',
    '| y',
    'null',
  ),
  fc.string({ minLength: 1, maxLength: 60 }).filter((text) => text.trim() !== ''),
  fc.string({ unit: 'grapheme', minLength: 1, maxLength: 40 }),
)
const both = fc.record({ en: word, ja: word })
const span = fc.constantFrom('P7D', 'PT15M', 'P1DT12H', 'P2W', 'PT90S')
const id = fc.constantFrom('a', 'b-1', 'x2')
const objective = fc.record({
  id,
  title: both,
  measure: fc.constantFrom('detect.alert-delay', 'external.percent'),
  params: fc.dictionary(word, fc.jsonValue({ maxDepth: 2 })),
  comparator: fc.constantFrom('<=', '>=', '=', '<'),
  target: fc.oneof(fc.integer({ min: 0, max: 100 }), fc.double({ min: 0, max: 100, noNaN: true })),
  window: span,
  margin: fc.double({ min: 0, max: 1e6, noNaN: true }),
  maxEvidenceAge: span,
})
const trigger = fc.oneof(
  fc.record({ on: fc.constant('unmet'), periods: fc.nat(9) }),
  fc.record({
    on: fc.constant('below'),
    objective: fc.constant('only'),
    value: fc.double({ noNaN: true, noDefaultInfinity: true }),
  }),
  fc.record({ on: fc.constant('coverage'), value: fc.integer({ min: 1, max: 100 }) }),
  fc.record({ on: fc.constant('stale-evidence'), grace: span }),
  fc.constantFrom({ on: 'expiry' }, { on: 'unverified-change' }),
)
const card = fc.record({
  id: fc.constant('any-card'),
  version: fc.constantFrom('2026.11.22', '2026.01.01.2'),
  name: both,
  owner: word,
  approvers: fc.constantFrom(['@admin'], ['@cards', 'no', '1e3']),
  signatures: fc.integer({ min: 1, max: 3 }),
  scope: fc.record({ id: word, description: both, assets: fc.array(word), labels: fc.dictionary(word, word) }),
  threats: fc.record({ in: fc.array(both, { minLength: 1, maxLength: 3 }), out: fc.array(both, { maxLength: 2 }) }),
  objectives: fc.uniqueArray(objective, { selector: (one) => one.id, maxLength: 3 }),
  forbidden: fc.tuple(
    fc.record({
      id: fc.constant('only'),
      title: both,
      query: fc.constant('event.code:1102'),
      window: span,
      maxEvidenceAge: span,
    }),
  ),
  evidence: fc.array(both, { maxLength: 3 }),
  residualRisks: fc.array(fc.record({ description: both, approver: word, until: fc.constantFrom('2027-03-31', undefined) }), {
    maxLength: 2,
  }),
  period: span,
  validity: fc.constant({ from: '2026-11-01', until: '2027-05-01' }),
  nextReview: fc.constant('2026-12-01'),
  withdrawal: fc.array(trigger, { minLength: 1, maxLength: 4 }),
})

it('the whole template means the same after it was kept and written out again', () => {
  let ran = 0
  fc.assert(
    fc.property(card, (written) => {
      // JSON is YAML: what comes in may have any form.
      const first = read(JSON.stringify(written))
      const text = cardYaml(first.card, SCHEMA)
      expect(text.split('\n', 1)).toEqual([`# yaml-language-server: $schema=${SCHEMA}`])
      const again = read(text)
      expect(again.card).toEqual(first.card)
      expect(again.hash).toBe(first.hash)
      ran += 1
    }),
    { numRuns: 120 },
  )
  expect(ran).toBe(120)
})

it('writes every part that the form has', () => {
  expect(CARD_PARTS.written.toSorted()).toEqual(CARD_PARTS.form.toSorted())
})

function read(text: string): LoadedCard {
  const result = readCard(text, 'any.yml', measures)
  if ('problems' in result) throw new Error(`${JSON.stringify(result.problems)} in ${text}`)
  return result
}
