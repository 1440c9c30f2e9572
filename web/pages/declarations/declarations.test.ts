import { expect, it } from 'vitest'
import type { CardView } from '../../../src/declare/schema.ts'
import { sparkShape } from '../../components/figures/sparkline.tsx'
import { glyphOf } from '../../components/objective-glyph.ts'
import { passed, splitAtFigures, wallOrder } from './card-state.ts'

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
