import { expect, it } from 'vitest'
import { formatAge, formatClock, formatDays, formatDuration, formatStep } from './duration.ts'

it.each([
  [0, '0 s', '0秒'],
  [0.21, '210 ms', '210ミリ秒'],
  [1.9, '1.9 s', '1.9秒'],
  [52, '52 s', '52秒'],
  [60, '1 min', '1分'],
  [108, '1 min 48 s', '1分48秒'],
  [380, '6 min 20 s', '6分20秒'],
  [4320, '1 h 12 min', '1時間12分'],
  [259_200, '72 h', '72時間'],
  [292_440, '81 h 14 min', '81時間14分'],
  [345_600, '4 d', '4日'],
  [363_600, '4 d 5 h', '4日5時間'],
  [-90, '−1 min 30 s', '−1分30秒'],
])('%d seconds is %s, %s', (seconds, en, ja) => {
  expect(formatDuration(seconds, 'en')).toBe(en)
  expect(formatDuration(seconds, 'ja')).toBe(ja)
})

it.each([
  [41_999, '41 s', '41秒'],
  [240_000, '4 min', '4分'],
  [3 * 3_600_000, '3 h', '3時間'],
  [31 * 3_600_000, '31 h', '31時間'],
  [9 * 86_400_000, '9 d', '9日'],
  [-5, '0 s', '0秒'],
])('%d milliseconds ago is %s, %s', (milliseconds, en, ja) => {
  expect(formatAge(milliseconds, 'en')).toBe(en)
  expect(formatAge(milliseconds, 'ja')).toBe(ja)
})

it('says steps between clocks with their sign', () => {
  expect(formatStep(467, 'en')).toBe('+467 ms')
  expect(formatStep(1738, 'en')).toBe('+1.738 s')
  expect(formatStep(-52, 'ja')).toBe('−52ミリ秒')
  expect(formatStep(380_000, 'en')).toBe('+6 min 20 s')
})

it('runs a clock, also past its deadline', () => {
  expect(formatClock(6_942_000)).toBe('1:55:42')
  expect(formatClock(7_000)).toBe('0:07')
  expect(formatClock(-12_000)).toBe('−0:12')
})

it('counts days', () => {
  expect([formatDays(38, 'en'), formatDays(38, 'ja')]).toEqual(['38 d', '38日'])
})
