import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { BadgeState } from '../kernel/measure.ts'
import { criteriaOf } from './criteria.ts'
import { type Evaluation, evaluate, type Memory, type Readings, type Standing } from './evaluate.ts'
import type { Taken } from './judge.ts'
import { say } from './messages.ts'
import { type Card, card as cardSchema, type Trigger } from './schema.ts'

const DAY = 86_400_000
const HOUR = 3_600_000
const T0 = Date.UTC(2026, 10, 1)

function makeCard(change: Partial<{ withdrawal: Trigger[]; signatures: number; until: string; version: string }> = {}): Card {
  return cardSchema.parse({
    id: 'payments-api',
    version: change.version ?? '2026.11.01',
    name: { en: 'Payments API', ja: '決済API' },
    owner: 'tanaka',
    approvers: ['@admin'],
    signatures: change.signatures ?? 1,
    scope: { description: { en: 'Charges', ja: '課金' } },
    threats: { in: [{ en: 'Outsiders', ja: '外部' }] },
    objectives: [
      {
        id: 'delay',
        title: { en: 'Alert delay', ja: 'アラート遅延' },
        measure: 'detect.alert-delay',
        comparator: '<=',
        target: 300,
        margin: 60,
        window: 'P7D',
        maxEvidenceAge: 'PT1H',
      },
      {
        id: 'coverage',
        title: { en: 'Coverage', ja: '網羅率' },
        measure: 'detect.attack-coverage',
        comparator: '>=',
        target: 90,
        window: 'P7D',
        maxEvidenceAge: 'PT6H',
      },
    ],
    forbidden: [
      {
        id: 'log-cleared',
        title: { en: 'Log cleared', ja: 'ログ消去' },
        query: 'event.code:1102',
        window: 'P30D',
        maxEvidenceAge: 'PT1H',
      },
    ],
    period: 'P1D',
    validity: { from: '2026-11-01', until: change.until ?? '2027-01-01' },
    nextReview: '2026-12-01',
    withdrawal: change.withdrawal ?? [
      { on: 'unmet', periods: 2 },
      { on: 'below', objective: 'coverage', value: 50 },
      { on: 'stale-evidence', grace: 'PT2H' },
    ],
  })
}

const units = new Map([
  ['detect.alert-delay', { unit: 'seconds' as const }],
  ['detect.attack-coverage', { unit: 'percent' as const }],
])

function taken(value: number | null, at: number, asOf = at): Taken {
  return { value, good: 0, bad: 0, unknown: 0, detail: {}, measuredAt: at, asOf, missing: null }
}

interface Values {
  delay: number | null
  coverage: number | null
  'log-cleared': number | null
}
const GOOD: Values = { delay: 108, coverage: 95, 'log-cleared': 0 }

function readings(at: number, values: Partial<Values> = {}): Readings {
  return new Map(Object.entries({ ...GOOD, ...values }).map(([id, value]) => [id, taken(value, at)]))
}

const standing = (change: Partial<Standing> = {}): Standing => ({
  hash: 'h1',
  inForceSince: T0,
  missingSince: null,
  signatures: [{ signer: 'sato', at: T0 }],
  ...change,
})

/** Runs a card through time as the service does: first what the old readings are worth now, then the new ones. */
function machine(card = makeCard()) {
  const criteria = criteriaOf(card, units)
  let memory: Memory | null = null
  let last: Readings = new Map()
  return {
    at(now: number, next: Readings = last, stands: Standing = standing()): Evaluation {
      memory = evaluate(card, criteria, stands, last, memory, now).memory
      last = next
      const evaluation = evaluate(card, criteria, stands, last, memory, now)
      memory = evaluation.memory
      return evaluation
    },
    look: (now: number, stands: Standing = standing()) => evaluate(card, criteria, stands, last, memory, now),
  }
}

const codes = (evaluation: Evaluation) => evaluation.reasons.map((fact) => fact.code)

describe('a badge', () => {
  it('is earned by signatures and by every objective met, and by nothing less', () => {
    const cases: readonly (readonly [string, Readings, Partial<Standing>, BadgeState])[] = [
      ['all met and signed', readings(T0 + HOUR), {}, 'held'],
      ['close to a limit', readings(T0 + HOUR, { delay: 250 }), {}, 'at-risk'],
      ['not signed', readings(T0 + HOUR), { signatures: [] }, 'draft'],
      ['one missed', readings(T0 + HOUR, { delay: 301 }), {}, 'draft'],
      ['one unknown', readings(T0 + HOUR, { coverage: null }), {}, 'draft'],
      ['one never measured', new Map([...readings(T0 + HOUR)].slice(1)), {}, 'draft'],
      ['one not a number', readings(T0 + HOUR, { delay: Number.NaN }), {}, 'draft'],
      ['one infinite', readings(T0 + HOUR, { coverage: Number.POSITIVE_INFINITY }), {}, 'draft'],
      ['one from the future', new Map([...readings(T0 + HOUR), ['delay', taken(1, T0 + 2 * HOUR)]]), {}, 'draft'],
      [
        'old items behind a new reading',
        new Map([...readings(T0 + HOUR), ['delay', taken(1, T0 + HOUR, T0 - HOUR)]]),
        {},
        'draft',
      ],
      ['a forbidden failure', readings(T0 + HOUR, { 'log-cleared': 1 }), {}, 'draft'],
      ['the file gone', readings(T0 + HOUR), { missingSince: T0 }, 'draft'],
    ]
    for (const [name, given, change, state] of cases) {
      const evaluation = machine().at(T0 + HOUR, given, standing(change))
      expect(evaluation.state, name).toBe(state)
      if (state === 'draft')
        expect(
          evaluation.steps.some((step) => !step.done),
          name,
        ).toBe(true)
    }
    expect(cases).toHaveLength(12)
  })

  it('asks for as many different people as the card says', () => {
    const twice = {
      signatures: [
        { signer: 'sato', at: T0 },
        { signer: 'sato', at: T0 + 1 },
      ],
    }
    const two = { signatures: [...twice.signatures, { signer: 'mori', at: T0 }] }
    expect(machine(makeCard({ signatures: 2 })).at(T0 + HOUR, readings(T0 + HOUR), standing(twice)).state).toBe('draft')
    expect(machine(makeCard({ signatures: 2 })).at(T0 + HOUR, readings(T0 + HOUR), standing(two)).state).toBe('held')
  })

  it('is at risk by a miss, withdrawn when the miss has lasted, and earned back step by step', () => {
    const run = machine()
    expect(run.at(T0 + HOUR, readings(T0 + HOUR)).state).toBe('held')
    const missed = T0 + 2 * HOUR
    let evaluation = run.at(missed, readings(missed, { delay: 400 }))
    expect([evaluation.state, codes(evaluation)]).toEqual(['at-risk', ['unmet']])
    const trigger = evaluation.triggers.find((one) => one.id === 'unmet')
    expect(trigger).toMatchObject({ fired: false, firesAt: missed + 2 * DAY })
    for (let now = missed; now < missed + 2 * DAY; now += HOUR) {
      evaluation = run.at(now, readings(now, { delay: 400 }))
      expect(evaluation.state).toBe('at-risk')
    }
    const fell = missed + 2 * DAY
    evaluation = run.at(fell, readings(fell, { delay: 400 }))
    expect([evaluation.state, evaluation.since, codes(evaluation)]).toEqual(['withdrawn', fell, ['unmet-for']])
    expect(say(evaluation.reasons[0]!)).toEqual({
      en: 'Alert delay has missed its target for 48 h: it stands at 6 min 40 s; this card promises ≤ 5 min.',
      ja: 'アラート遅延は48時間のあいだ目標を満たしていません。現在は6分40秒で、この宣言の約束は≤ 5分です。',
    })
    const healed = fell + HOUR
    for (let now = healed; now <= healed + DAY; now += HOUR) {
      evaluation = run.at(now, readings(now))
      expect([evaluation.state, codes(evaluation)]).toEqual(['withdrawn', ['unmet-for']])
    }
    expect(evaluation.steps.map((step) => [step.fact.code, step.done])).toEqual([
      ['step-met-for', true],
      ['step-sign-again', false],
    ])
    const now = healed + DAY + 60_000
    const again = standing({
      signatures: [
        { signer: 'sato', at: T0 },
        { signer: 'sato', at: now - 1000 },
      ],
    })
    expect(run.at(now, readings(now), again).state).toBe('held')
  })

  it('falls at once by a forbidden event or a figure below its floor', () => {
    for (const [values, code] of [
      [{ 'log-cleared': 2 }, 'forbidden'],
      [{ coverage: 49 }, 'below'],
    ] as const) {
      const run = machine()
      run.at(T0 + HOUR, readings(T0 + HOUR))
      const evaluation = run.at(T0 + 2 * HOUR, readings(T0 + 2 * HOUR, values))
      expect([evaluation.state, codes(evaluation)]).toEqual(['withdrawn', [code]])
    }
  })

  it('withdraws when nobody evaluates any more, at the time the evidence ran out', () => {
    const run = machine()
    run.at(T0 + HOUR, readings(T0 + HOUR))
    expect(run.look(T0 + 2 * HOUR).state).toBe('held')
    expect(run.look(T0 + 2 * HOUR + 1).state).toBe('at-risk')
    const late = run.look(T0 + 9 * HOUR)
    expect([late.state, late.since, codes(late)]).toEqual(['withdrawn', T0 + 4 * HOUR, ['stale']])
    const back = run.at(T0 + 9 * HOUR, readings(T0 + 9 * HOUR))
    expect([back.state, back.since]).toEqual(['withdrawn', T0 + 4 * HOUR])
  })

  it('falls by a change that nobody signed, and not by one that was signed first', () => {
    const changed = (signatures: Standing['signatures']) => standing({ hash: 'h2', inForceSince: T0 + 2 * HOUR, signatures })
    const run = machine()
    run.at(T0 + HOUR, readings(T0 + HOUR))
    const unsigned = run.look(T0 + 2 * HOUR, changed([]))
    expect([unsigned.state, codes(unsigned)]).toEqual(['withdrawn', ['unverified-change']])
    expect(run.at(T0 + 2 * HOUR, readings(T0 + 2 * HOUR), changed([{ signer: 'mori', at: T0 + 1 }])).state).toBe('held')
    expect(run.look(T0 + 2 * HOUR + 1, standing({ missingSince: T0 + 2 * HOUR })).reasons[0]?.code).toBe('declaration-missing')
  })

  it('expires', () => {
    const run = machine(makeCard({ until: '2026-11-02' }))
    run.at(T0 + 23 * HOUR, readings(T0 + 23 * HOUR))
    const evaluation = run.look(T0 + 24 * HOUR)
    expect([evaluation.state, evaluation.since, codes(evaluation)]).toEqual(['expired', T0 + DAY, ['expired']])
  })

  it('is at risk once nobody answers for a residual risk any more', () => {
    const description = { en: 'Library X', ja: 'ライブラリX' }
    const risky = { ...makeCard(), residualRisks: [{ description, approver: 'ciso', until: '2026-11-02' }] }
    const run = machine(risky)
    expect(run.at(T0 + 23 * HOUR, readings(T0 + 23 * HOUR)).state).toBe('held')
    const lapsed = run.at(T0 + 24 * HOUR, readings(T0 + 24 * HOUR))
    expect([lapsed.state, lapsed.since, codes(lapsed)]).toEqual(['at-risk', T0 + DAY, ['risk-lapsed']])
    expect(machine(risky).at(T0 + 24 * HOUR, readings(T0 + 24 * HOUR)).state).toBe('draft')
  })

  it('has triggers that no card can leave out', () => {
    const bare = machine(makeCard({ withdrawal: [{ on: 'expiry' }] }))
    const ids = bare.at(T0 + HOUR, readings(T0 + HOUR)).triggers.map((trigger) => trigger.id)
    expect(ids).toEqual(['forbidden:log-cleared', 'expiry', 'unmet', 'stale-evidence', 'unverified-change'])
    for (const trigger of bare.look(T0 + HOUR).triggers) expect(say(trigger.text).ja).not.toBe('')
  })
})

// ── Whatever happens ──

const anything = fc.record({
  hours: fc.oneof(fc.integer({ min: 0, max: 3 }), fc.integer({ min: 0, max: 400 })),
  measured: fc.boolean(),
  delay: fc.constantFrom<number | null>(108, 108, 108, 250, 301, null, Number.NaN),
  coverage: fc.constantFrom<number | null>(95, 95, 95, 60, 40, null),
  cleared: fc.constantFrom<number | null>(0, 0, 0, 0, 1, null),
  lag: fc.constantFrom(0, 0, 0, HOUR, 12 * HOUR),
  signs: fc.constantFrom('', '', 'sato', 'mori'),
  changes: fc.constantFrom(false, false, false, false, true),
  vanishes: fc.constantFrom(false, false, false, false, false, true),
})
/** Mixed in, so that badges are earned often enough for the properties to bite. */
const calm: typeof anything = fc.record({
  hours: fc.integer({ min: 0, max: 8 }),
  measured: fc.constant(true),
  delay: fc.constant(108),
  coverage: fc.constant(95),
  cleared: fc.constant(0),
  lag: fc.constant(0),
  signs: fc.constantFrom('sato', 'mori'),
  changes: fc.constant(false),
  vanishes: fc.constant(false),
})
const tick = fc.oneof({ weight: 4, arbitrary: calm }, { weight: 1, arbitrary: anything })
const withdrawals: readonly Trigger[][] = [
  [
    { on: 'unmet', periods: 0 },
    { on: 'stale-evidence', grace: 'PT0S' },
  ],
  [
    { on: 'unmet', periods: 2 },
    { on: 'stale-evidence', grace: 'PT6H' },
  ],
  [{ on: 'expiry' }],
  [{ on: 'below', objective: 'coverage', value: 90 }],
]

function simulate(
  ticks: readonly (typeof tick extends fc.Arbitrary<infer T> ? T : never)[],
  card: Card,
  check: (now: Evaluation, before: Evaluation | null, stands: Standing, readings: Readings, time: number) => void,
): number {
  const criteria = criteriaOf(card, units)
  let memory: Memory | null = null
  let last: Readings = new Map()
  let before: Evaluation | null = null
  let time = T0
  let version = 1
  let changedAt = T0
  let signatures: { signer: string; at: number }[] = []
  let missingSince: number | null = null
  let heldTimes = 0
  for (const one of ticks) {
    time += one.hours * HOUR
    if (one.changes) {
      version += 1
      changedAt = time
      signatures = []
    }
    missingSince = one.vanishes ? (missingSince ?? time) : null
    if (one.signs !== '') signatures = [...signatures, { signer: one.signs, at: time }]
    const stands: Standing = { hash: `h${version}`, inForceSince: changedAt, missingSince, signatures }
    const rounds = one.measured ? 2 : 1
    for (let round = 0; round < rounds; round += 1) {
      if (round === 1) {
        last = new Map([
          ['delay', taken(one.delay, time, time - one.lag)],
          ['coverage', taken(one.coverage, time, time - one.lag)],
          ['log-cleared', taken(one.cleared, time, time - one.lag)],
        ])
      }
      const now: Evaluation = evaluate(card, criteria, stands, last, memory, time)
      check(now, before, stands, last, time)
      if (now.state === 'held') heldTimes += 1
      memory = now.memory
      before = now
    }
  }
  return heldTimes
}

describe('whatever happens', () => {
  const story = fc.array(tick, { minLength: 1, maxLength: 30 })
  const anyCard = fc
    .record({ withdrawal: fc.constantFrom(...withdrawals), signatures: fc.integer({ min: 1, max: 2 }) })
    .map(({ withdrawal, signatures }) => makeCard({ withdrawal, signatures }))

  it('a badge is held only with signatures and with fresh, finite, sufficient evidence of everything', () => {
    let held = 0
    fc.assert(
      fc.property(story, anyCard, (ticks, card) => {
        held += simulate(ticks, card, (now, _before, stands, given, time) => {
          if (now.state !== 'held') return
          expect(new Set(stands.signatures.map(({ signer }) => signer)).size).toBeGreaterThanOrEqual(card.signatures)
          expect(stands.missingSince).toBeNull()
          expect(time).toBeLessThan(Date.parse(card.validity.until))
          const limits = { delay: HOUR, coverage: 6 * HOUR, 'log-cleared': HOUR }
          for (const [id, age] of Object.entries(limits)) {
            const reading = given.get(id)
            expect(Number.isFinite(reading?.value)).toBe(true)
            expect(time - (reading?.asOf ?? 0)).toBeLessThanOrEqual(age)
          }
          expect(given.get('delay')?.value).toBeLessThanOrEqual(300)
          expect(given.get('coverage')?.value).toBeGreaterThanOrEqual(90)
          expect(given.get('log-cleared')?.value).toBe(0)
          expect(now.triggers.filter((trigger) => trigger.fired)).toEqual([])
        })
      }),
      { numRuns: 200 },
    )
    expect(held).toBeGreaterThan(150)
  })

  it('a withdrawal lasts until every step back is done at once', () => {
    let withdrawn = 0
    fc.assert(
      fc.property(story, anyCard, (ticks, card) => {
        simulate(ticks, card, (now, before, stands, _given, time) => {
          if (before?.state !== 'withdrawn' && before?.state !== 'expired') return
          if (before.memory.earnedAt === null) return
          withdrawn += 1
          if (now.state === 'withdrawn' || now.state === 'expired') return
          const at = before.memory.withdrawnAt ?? Number.POSITIVE_INFINITY
          expect(new Set(stands.signatures.filter((one) => one.at > at).map((one) => one.signer)).size).toBeGreaterThanOrEqual(
            card.signatures,
          )
          expect(time - (now.memory.allMetSince ?? Number.POSITIVE_INFINITY)).toBeGreaterThanOrEqual(DAY)
        })
      }),
      { numRuns: 200 },
    )
    expect(withdrawn).toBeGreaterThan(150)
  })

  it('an earned badge only falls while no new reading and no signature comes', () => {
    const rank: Record<BadgeState, number> = { held: 0, 'at-risk': 1, withdrawn: 2, expired: 3, draft: 9 }
    let looks = 0
    fc.assert(
      fc.property(story, anyCard, fc.array(fc.integer({ min: 0, max: 300 }), { maxLength: 8 }), (ticks, card, waits) => {
        simulate(ticks, card, (now, _before, stands, given, time) => {
          if (now.memory.earnedAt === null) return
          const criteria = criteriaOf(card, units)
          let worst = rank[now.state]
          for (const wait of waits.toSorted((a, b) => a - b)) {
            const { state } = evaluate(card, criteria, stands, given, now.memory, time + wait * HOUR)
            expect(rank[state]).toBeGreaterThanOrEqual(worst)
            worst = rank[state]
            looks += 1
          }
        })
      }),
      { numRuns: 200 },
    )
    expect(looks).toBeGreaterThan(100)
  })

  it('every reason, trigger and step can be said in both languages', () => {
    fc.assert(
      fc.property(story, anyCard, (ticks, card) => {
        simulate(ticks, card, (now) => {
          if (now.state !== 'held') expect(now.reasons.length + now.steps.length).toBeGreaterThan(0)
          for (const fact of [...now.reasons, ...now.triggers.map((one) => one.text), ...now.steps.map((one) => one.fact)]) {
            const { en, ja } = say(fact)
            expect(`${en}${ja}`).not.toMatch(/undefined|NaN|\{|\}/)
          }
        })
      }),
      { numRuns: 30 },
    )
  })
})
