import { expect, it } from 'vitest'
import { parse } from 'yaml'
import type { CardView } from '../../../src/declare/schema.ts'
import { sparkShape } from '../../components/figures/sparkline.tsx'
import { glyphOf } from '../../components/objective-glyph.ts'
import { passed, splitAtFigures, wallOrder } from './card-state.ts'
import { finds, objectiveLines } from './catalogue-text.ts'
import { bodyOf, draftOf } from './series-draft.ts'

it('tells met, at risk, missed and missing apart', () => {
  expect(glyphOf({ state: 'met', atRisk: false })).toBe('met')
  expect(glyphOf({ state: 'met', atRisk: true })).toBe('risk')
  expect(glyphOf({ state: 'unmet', atRisk: true })).toBe('miss')
  expect(glyphOf({ state: 'unproven', atRisk: false })).toBe('gone')
})

it('hatches missing readings instead of joining across them', () => {
  const shape = sparkShape([1, 2, null, null, 3], 2, 112, 18)
  expect(shape.line.match(/M/g)).toHaveLength(2)
  expect(shape.gaps).toHaveLength(1)
  const trailing = sparkShape([1, 2, null], undefined, 112, 18)
  expect(trailing.gaps[0]).toMatchObject({ width: expect.any(Number) })
  expect((trailing.gaps[0]?.x ?? 0) + (trailing.gaps[0]?.width ?? 0)).toBe(112)
  expect(sparkShape([null, null], 5, 112, 18).last).toBeUndefined()
})

it('sets the figures of a sentence in bold, in both languages', () => {
  expect(
    splitAtFigures('It took 81 h 14 min; 72 h are allowed.', ['81 h 14 min', '72 h']).filter((part) => part.bold),
  ).toHaveLength(2)
  expect(splitAtFigures('修正に81時間14分かかりました。', ['81時間14分']).map((part) => part.text)).toEqual([
    '修正に',
    '81時間14分',
    'かかりました。',
  ])
  expect(splitAtFigures('2026 had 0 of them', ['0'])).toEqual([{ text: '2026 had 0 of them', bold: false }])
})

it('leads the wall with what was withdrawn and closes it with drafts', () => {
  const card = (id: string, state: string): CardView => ({ id, badge: { state } }) as unknown as CardView
  const order = wallOrder([card('d', 'draft'), card('h', 'held'), card('w', 'withdrawn'), card('r', 'at-risk')])
  expect(order.map(({ id }) => id)).toEqual(['w', 'r', 'h', 'd'])
})

it('measures how much of the validity has passed', () => {
  const validity = { from: '2026-01-01T00:00:00.000Z', until: '2026-01-11T00:00:00.000Z', daysLeft: 5 }
  expect(passed(validity, Date.parse('2026-01-06T00:00:00.000Z'))).toBe(0.5)
  expect(passed(validity, Date.parse('2027-01-01T00:00:00.000Z'))).toBe(1)
})

it('finds measures by words in either language, however they are typed', () => {
  const texts = ['external.seconds', 'Recovery time (RTO)', '目標復旧時間']
  for (const words of ['', 'rto', 'ＲＴＯ', '復旧', 'time external']) expect(finds(words, texts), words).toBe(true)
  for (const words of ['rpo', 'time lost']) expect(finds(words, texts), words).toBe(false)
})

it('writes the usual promise as lines of a card', () => {
  const usual = {
    comparator: '<=',
    target: 900,
    window: 'P14D',
    maxEvidenceAge: 'PT1H',
    params: { severity: [1], statistic: 'mean' },
  } as const
  const lines = objectiveLines(
    'detect.alert-delay',
    { en: 'Say "when"', ja: '時' },
    { ...usual, params: { ...usual.params, severity: [1] } },
  )
  expect(parse(`objectives:\n${lines}`)).toEqual({
    objectives: [{ id: 'alert-delay', title: { en: 'Say "when"', ja: '時' }, measure: 'detect.alert-delay', ...usual }],
  })
})

it('says of a series what the form said, whichever way it comes', () => {
  const draft = {
    ...draftOf(undefined),
    id: 'rto',
    unit: 'seconds' as const,
    en: 'RTO',
    ja: '復旧',
    what: 'm',
    url: 'https://x.example/',
  }
  const pulls = (['push', 'http', 'prometheus', 'sql', 'otlp'] as const).map(
    (way) => (bodyOf({ ...draft, way, attributes: 'a=b=c\nnothing\n d = e ' }) as { pull: unknown }).pull,
  )
  expect(pulls).toEqual([
    null,
    { kind: 'http', url: draft.url, pointer: 'm', every: 3600 },
    { kind: 'prometheus', url: draft.url, query: 'm', every: 3600 },
    { kind: 'sql', url: draft.url, query: 'm', every: 3600 },
    { kind: 'otlp', metric: 'm', attributes: { a: 'b=c', d: 'e' }, every: 3600 },
  ])
})
