import { expect, it } from 'vitest'
import { formatFigure, formatTarget } from './figure.ts'
import { findFolded } from './fold.ts'
import { inLang } from './lang.ts'
import { formatBytes, formatCount, formatPercent, formatRate } from './number.ts'

it.each([
  [292_440, 'seconds', '81 h 14 min', '81時間14分'],
  [99.98, 'percent', '99.98 %', '99.98 %'],
  [38, 'days', '38 d', '38日'],
  [1284, 'count', '1,284', '1,284'],
] as const)('figure %d %s', (value, unit, en, ja) => {
  expect(formatFigure(value, unit, 'en')).toBe(en)
  expect(formatFigure(value, unit, 'ja')).toBe(ja)
})

it('writes targets with their sign', () => {
  expect(formatTarget('<=', 259_200, 'seconds', 'en')).toBe('≤ 72 h')
  expect(formatTarget('>=', 90, 'percent', 'ja')).toBe('≥ 90 %')
  expect(formatTarget('=', 0, 'count', 'en')).toBe('= 0')
})

it('never rounds up to all', () => {
  expect(formatPercent(99.9999, 'en')).toBe('99.99 %')
  expect(formatPercent(100, 'en')).toBe('100 %')
})

it('groups digits, scales bytes, and keeps rates short', () => {
  expect(formatCount(1_487_302, 'ja')).toBe('1,487,302')
  expect([formatBytes(6144, 'en'), formatBytes(1_500_000, 'en'), formatBytes(12, 'ja')]).toEqual(['6 KB', '1.4 MB', '12 B'])
  expect([formatRate(1.83, 'en'), formatRate(128.4, 'en')]).toEqual(['1.8', '128'])
})

it.each([
  ['Withdraw seal by hand', 'SEAL', 'seal'],
  ['ｌｏｇ４ｊはどこ？', 'log4j', 'ｌｏｇ４ｊ'],
  ['トリアージ', 'とりあ', 'トリア'],
  ['ﾃｽﾄ攻撃を送る', 'テスト', 'ﾃｽﾄ'],
  ['ガード', 'がー', 'ガー'],
])('finds in %s what reads like %s', (text, wanted, marked) => {
  const hit = findFolded(text, wanted)
  expect(hit === undefined ? undefined : text.slice(...hit)).toBe(marked)
})

it('finds nothing where there is nothing', () => {
  expect(findFolded('Triage', 'zzz')).toBeUndefined()
  expect(findFolded('Triage', '  ')).toBeUndefined()
})

it('falls back to the language that was written', () => {
  expect(inLang({ en: 'Card', ja: '' }, 'ja')).toBe('Card')
  expect(inLang({ en: 'Card', ja: '宣言' }, 'ja')).toBe('宣言')
})
