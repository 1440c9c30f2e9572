import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Criterion } from './criteria.ts'
import { outlookOf, type Present, type Recorded } from './outlook.ts'
import { trendOf } from './trend.ts'

const HOUR = 3_600_000
const DAY = 24 * HOUR
const NOW = Date.UTC(2026, 10, 22)

function criterion(change: Partial<Criterion> = {}): Criterion {
  return {
    ...{ id: 'mttr', kind: 'objective', title: { en: 'MTTR', ja: 'MTTR' }, measure: 'm', unit: 'seconds', params: {} },
    ...{ comparator: '<=', target: 300, margin: 0, windowMs: 7 * DAY, maxAgeMs: 12 * HOUR },
    ...change,
  }
}
const present = (change: Partial<Present>): Present => ({
  ...{ value: 100, good: 0, bad: 0, unknown: 0, state: 'met', notMetSince: null },
  ...change,
})
/** A figure every six hours up to now. */
const every6h = (values: readonly (number | null)[], state: Recorded['state'] = 'met'): Recorded[] =>
  values.map((value, index) => ({
    at: NOW - (values.length - 1 - index) * 6 * HOUR,
    value,
    state: value === null ? 'unproven' : state,
  }))

describe('a forecast', () => {
  it('says when a figure that grows steadily leaves its target', () => {
    const values = Array.from({ length: 12 }, (_, index) => 100 + index * 10)
    const { forecast } = outlookOf(criterion(), present({ value: 210 }), every6h(values), DAY, NOW)
    // Ten more every six hours: ninety to go are nine such steps.
    expect(forecast).toEqual({ kind: 'lost', at: NOW + 54 * HOUR })
  })

  it('says when one that is missed comes back', () => {
    const values = Array.from({ length: 12 }, (_, index) => 500 - index * 10)
    const { forecast } = outlookOf(criterion(), present({ value: 390, state: 'unmet' }), every6h(values, 'unmet'), DAY, NOW)
    expect(forecast).toEqual({ kind: 'regained', at: NOW + 54 * HOUR })
  })

  it('is not turned by a few wild values', () => {
    const values = Array.from({ length: 24 }, (_, index) => (index % 7 === 3 ? 9_000 : 100 + index * 5))
    const { forecast } = outlookOf(criterion(), present({ value: 215 }), every6h(values), DAY, NOW)
    expect(forecast?.kind).toBe('lost')
    expect(Math.abs((forecast?.at ?? 0) - (NOW + 17 * 6 * HOUR))).toBeLessThan(12 * HOUR)
  })

  const rising = Array.from({ length: 12 }, (_, index) => 100 + index * 10)
  it.each<[what: string, values: readonly (number | null)[], now: Partial<Present>, asked: Partial<Criterion>]>([
    ['few figures', [100, 150, 200], { value: 200 }, {}],
    ['figures that stand still', Array.from({ length: 20 }, () => 200), { value: 200 }, {}],
    ['noise', [210, 190, 205, 195, 208, 192, 206, 194, 207, 193], { value: 193 }, {}],
    ['figures that lead away from the limit', rising.toReversed(), { value: 100 }, {}],
    ['a limit too far off', Array.from({ length: 12 }, (_, index) => 100 + index * 0.5), { value: 105 }, {}],
    ['missing evidence', [...rising, null], { value: null, state: 'unproven' }, {}],
    ['a promise of exactly so many', rising, { value: 210 }, { comparator: '=', target: 300 }],
  ])('is silent over %s', (_, values, now, asked) => {
    expect(outlookOf(criterion(asked), present(now), every6h(values), DAY, NOW).forecast).toBeNull()
  })

  it('of a straight line is that line, and of chance hardly ever anything', () => {
    let lines = 0
    fc.assert(
      fc.property(
        fc.double({ min: -5, max: 5, noNaN: true }).filter((slope) => Math.abs(slope) > 0.01),
        fc.integer({ min: 6, max: 150 }),
        (slope, count) => {
          const points = Array.from({ length: count }, (_, index) => ({ at: index * HOUR, value: 50 + slope * index }))
          const trend = trendOf(points, count * HOUR)
          expect(trend?.slope).toBeCloseTo(slope / HOUR, 12)
          expect(trend?.level).toBeCloseTo(50 + slope * count, 6)
          lines += 1
        },
      ),
    )
    expect(lines).toBe(100)
    // A generator of its own: the test says the same every time.
    let seed = 7
    const chance = (): number => {
      seed = (seed * 16_807) % 2_147_483_647
      return seed / 2_147_483_647
    }
    const heard = Array.from({ length: 400 }, () =>
      trendOf(
        Array.from({ length: 30 }, (_, index) => ({ at: index * HOUR, value: chance() })),
        30 * HOUR,
      ),
    ).filter((trend) => trend !== undefined)
    // One in twenty is what the test of significance allows.
    expect(heard.length).toBeLessThan(400 * 0.08)
  })
})

describe('a budget', () => {
  const share = criterion({ unit: 'percent', comparator: '>=', target: 90, windowMs: DAY })

  it('counts the items that may be bad, unknown ones among them', () => {
    const { budget, burn } = outlookOf(share, present({ value: 96, good: 96, bad: 3, unknown: 1 }), [], DAY, NOW)
    expect(budget).toEqual({ kind: 'items', total: 10, used: 4, left: 0.6 })
    expect(burn).toEqual({ recent: 0.4, window: 0.4 })
  })

  it('burns faster lately than over the whole window', () => {
    const recorded: Recorded[] = [{ at: NOW - 6 * HOUR, value: 98, state: 'met' }]
    const { burn } = outlookOf(share, present({ value: 96, good: 96, bad: 4, unknown: 0 }), recorded, DAY, NOW)
    expect(burn?.window).toBeCloseTo(0.4)
    // Twice the bad ones within a quarter of the window: 0.2 + 0.2 × 4.
    expect(burn?.recent).toBeCloseTo(1)
  })

  it.each<[what: string, asked: Partial<Criterion>, now: Partial<Present>, budget: object | null]>([
    [
      'none may happen',
      { unit: 'count', comparator: '=', target: 0 },
      { value: 0 },
      { kind: 'items', total: 0, used: 0, left: 1 },
    ],
    ['one happened', { unit: 'count', comparator: '=', target: 0 }, { value: 1, state: 'unmet' }, { kind: 'items', left: 0 }],
    ['so many may', { unit: 'count', comparator: '<=', target: 4 }, { value: 1 }, { kind: 'items', total: 4, left: 0.75 }],
    ['a share that counts something else', { ...share, comparator: '>=' }, { value: 50, good: 9, bad: 1 }, { kind: 'time' }],
    ['all must be good', { ...share, target: 100 }, { value: 100, good: 7 }, { kind: 'items', total: 0, left: 1 }],
    ['met: all the time is left', {}, {}, { kind: 'time', total: 2 * DAY, used: 0, left: 1 }],
    [
      'missed for half of the time there is',
      {},
      { value: 400, state: 'unmet', notMetSince: NOW - DAY },
      { kind: 'time', total: 2 * DAY, used: DAY, left: 0.5 },
    ],
  ])('%s', (_, asked, now, budget) => {
    expect(outlookOf(criterion(asked), present(now), [], 2 * DAY, NOW).budget).toMatchObject(budget ?? {})
  })

  it('of time burns while the objective is missed', () => {
    const recorded = [...every6h(Array.from({ length: 20 }, () => 100)), { at: NOW - HOUR, value: 400, state: 'unmet' as const }]
    const sorted = recorded.toSorted((a, b) => a.at - b.at)
    const missed = present({ value: 400, state: 'unmet', notMetSince: NOW - HOUR })
    const { burn } = outlookOf(criterion({ windowMs: 12 * HOUR }), missed, sorted, 12 * HOUR, NOW)
    expect(burn?.recent).toBeCloseTo(1)
    expect(burn?.window).toBeCloseTo(1 / 12)
  })
})

describe('the shares of the window', () => {
  it('count what is too old as not proven, and begin with the records', () => {
    const recorded: Recorded[] = [
      { at: NOW - 40 * HOUR, value: 1, state: 'met' },
      { at: NOW - 10 * HOUR, value: 9, state: 'unmet' },
    ]
    const { shares } = outlookOf(criterion(), present({}), recorded, DAY, NOW)
    expect(shares?.since).toBe(NOW - 40 * HOUR)
    expect([shares?.met, shares?.unmet, shares?.unproven]).toEqual([12 / 40, 10 / 40, 18 / 40])
    expect(outlookOf(criterion(), present({}), [], DAY, NOW).shares).toBeNull()
  })

  it('add up to one, whatever was recorded and in force until when', () => {
    const state = fc.constantFrom('met' as const, 'unmet' as const, 'unproven' as const)
    const one = fc.record({ at: fc.integer({ min: 0, max: 20 * 24 }), value: fc.option(fc.integer()), state })
    let ran = 0
    fc.assert(
      fc.property(fc.array(one, { minLength: 1, maxLength: 40 }), fc.integer({ min: 1, max: 15 }), (some, days) => {
        const recorded = some.map(({ at, ...rest }) => ({ at: NOW - at * HOUR, ...rest })).toSorted((a, b) => a.at - b.at)
        const { shares } = outlookOf(criterion({ windowMs: days * DAY }), present({}), recorded, DAY, NOW)
        if (shares === null) return
        ran += 1
        expect(shares.met + shares.unmet + shares.unproven).toBeCloseTo(1, 9)
        for (const share of [shares.met, shares.unmet, shares.unproven]) expect(share).toBeGreaterThanOrEqual(0)
      }),
    )
    expect(ran).toBeGreaterThan(50)
  })
})
