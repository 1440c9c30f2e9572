import { describe, expect, it } from 'vitest'
import { BADGE_STATES } from '../kernel/measure.ts'
import { badgeSvg } from './badge-svg.ts'
import type { BadgeJson } from './schema.ts'

const NOW = Date.UTC(2026, 10, 22)

function badge(change: Partial<BadgeJson> = {}): BadgeJson {
  return {
    id: 'payments-api',
    state: 'held',
    since: '2026-09-15T00:00:00.000Z',
    reason: null,
    objectives: [{ id: 'delay', state: 'met', value: 108, target: 300, unit: 'seconds', comparator: '<=' }],
    ledger: { size: 1, root: 'A' },
    name: { en: 'Payments API', ja: '決済API' },
    version: '2026.11.01',
    validUntil: '2026-12-30T00:00:00.000Z',
    evaluatedAt: null,
    ...change,
  }
}

const words = {
  draft: ['Not earned', '未取得'],
  held: ['Held, 68 d', '有効 68日'],
  'at-risk': ['At risk', '要注意'],
  withdrawn: ['Withdrawn', '撤回'],
  expired: ['Expired', '失効'],
} as const

describe('badgeSvg', () => {
  it.each(BADGE_STATES)('says %s by its seal and by a word, in both languages', (state) => {
    const en = badgeSvg(badge({ state }), 'en', NOW)
    const ja = badgeSvg(badge({ state }), 'ja', NOW)
    expect(en).toContain(words[state][0])
    expect(ja).toContain(words[state][1])
    expect(ja).toContain('lang="ja"')
    expect(en.includes('class="seal"')).toBe(state === 'held')
    expect(en.includes('class="cancel"')).toBe(state === 'withdrawn' || state === 'expired')
    expect(en.includes('stroke-dasharray')).toBe(state === 'draft')
  })

  it('is named and described for those who cannot see it', () => {
    const svg = badgeSvg(badge({ state: 'withdrawn', reason: 'Log cleared: 1 event.' }), 'en', NOW)
    expect(svg).toContain('role="img" aria-labelledby="t d"')
    expect(svg).toContain('<title id="t">Payments API: Withdrawn</title>')
    expect(svg).toContain('Log cleared: 1 event.')
    expect(svg).toContain('delay: met (≤ 5 min)')
  })

  it('loads nothing and lets no card write markup', () => {
    const hostile = `<script>alert(1)</script>"&'\u0000\u0008 ${'長い名前'.repeat(20)}`
    const svg = badgeSvg(badge({ name: { en: hostile, ja: hostile }, reason: hostile }), 'en', NOW)
    expect(svg).not.toMatch(/<script|href|url\(|@import|http:(?!\/\/www\.w3\.org)/)
    expect([...svg].filter((letter) => letter < ' ' && letter !== '\n')).toEqual([])
    expect(svg).toContain('textLength="216"')
    expect(svg.match(/&lt;script&gt;/g)?.length).toBeGreaterThan(0)
  })
})
