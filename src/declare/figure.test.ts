import { describe, expect, it } from 'vitest'
import { durationMs } from './duration.ts'
import { figureText, spanText, targetText } from './figure.ts'

describe('figures', () => {
  const cases = [
    [figureText(91.111, 'percent'), '91.11 %', '91.11 %'],
    [figureText(100, 'percent'), '100 %', '100 %'],
    [figureText(1284, 'count'), '1,284', '1,284'],
    [figureText(38, 'days'), '38 d', '38日'],
    [figureText(108, 'seconds'), '1 min 48 s', '1分48秒'],
    [figureText(0, 'seconds'), '0 s', '0秒'],
    [figureText(0.44, 'seconds'), '440 ms', '440ミリ秒'],
    [figureText(0.0025, 'seconds'), '2.5 ms', '2.5ミリ秒'],
    [figureText(0.999, 'seconds'), '1 s', '1秒'],
    [figureText(4.44, 'seconds'), '4.4 s', '4.4秒'],
    [figureText(9.96, 'seconds'), '10 s', '10秒'],
    [figureText(3600, 'seconds'), '1 h', '1時間'],
    [figureText(72 * 3600, 'seconds'), '72 h', '72時間'],
    [figureText(81 * 3600 + 14 * 60 + 9, 'seconds'), '81 h 14 min', '81時間14分'],
    [figureText(7 * 86_400 + 3 * 3600, 'seconds'), '7 d 3 h', '7日3時間'],
    [figureText(7 * 86_400 + 30, 'seconds'), '7 d', '7日'],
    [figureText(59.9999, 'seconds'), '1 min', '1分'],
    [spanText(-5000), '−5 s', '−5秒'],
    [targetText('<=', 300, 'seconds'), '≤ 5 min', '≤ 5分'],
    [targetText('>=', 90, 'percent'), '≥ 90 %', '≥ 90 %'],
    [targetText('=', 0, 'count'), '= 0', '= 0'],
  ] as const
  it.each(cases)('%j', (text, en, ja) => {
    expect(text).toEqual({ en, ja })
  })
})

describe('durationMs', () => {
  it.each([
    ['P7D', 604_800_000],
    ['P2W', 1_209_600_000],
    ['PT15M', 900_000],
    ['P1DT12H30M5S', 131_405_000],
    ['PT0S', 0],
  ])('%s', (text, ms) => {
    expect(durationMs(text)).toBe(ms)
  })
  it.each(['P1M', 'P1Y', 'P', 'PT', '7d', 'P-1D', 'P1.5D', ''])('refuses %s', (text) => {
    expect(() => durationMs(text)).toThrow(expect.objectContaining({ code: 'bad_duration' }))
  })
})
