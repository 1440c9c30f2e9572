import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Detection } from '../../../kernel/detection.ts'
import { SELFTEST_SCOPE, type StoredEvent } from '../../../kernel/event.ts'
import type { JsonObject } from '../../../kernel/json.ts'
import { BehaviourEngine, type BehaviourState } from './engine.ts'
import { LEARNING_DAYS } from './limits.ts'
import { poolText, restorePool } from './pool.ts'
import { profileText, restoreProfile } from './profile.ts'
import { surpriseOfCount, surpriseOfT } from './surprise.ts'
import { distance, impossible } from './travel.ts'

const DAY = 86_400_000
const HOUR = 3_600_000
/** A Monday. */
const START = Date.UTC(2026, 2, 2)

let serial = 0
function event(at: number, doc: JsonObject, scope = 'default'): StoredEvent {
  serial++
  const place = { scope, source: 's', parser: 'p', writer: 'w', sequence: serial, index: 0 }
  return { ...place, id: `e${serial}`, observed: at, received: at, doc }
}

const TOKYO = {
  ip: '198.51.100.7',
  as: { number: 2516 },
  geo: { city_name: 'Tokyo', country_iso_code: 'JP', location: { lat: 35.7, lon: 139.7 } },
}
const BERLIN = {
  ip: '203.0.113.9',
  as: { number: 3320 },
  geo: { city_name: 'Berlin', country_iso_code: 'DE', location: { lat: 52.5, lon: 13.4 } },
}

function signIn(user: string, source: JsonObject = TOKYO, host = 'ws-1'): JsonObject {
  return {
    event: { category: ['authentication'], type: ['start'], outcome: 'success' },
    user: { name: user },
    host: { name: host },
    source,
  }
}

function failure(user: string): JsonObject {
  return { event: { category: ['authentication'], outcome: 'failure' }, user: { name: user } }
}

function started(user: string, program: string, host = 'ws-1'): JsonObject {
  return {
    event: { category: ['process'], type: ['start'] },
    user: { name: user },
    host: { name: host },
    process: { name: program },
  }
}

/** What happens on each of some days from 09:00 on. */
function usual(days: number, of: (day: number) => readonly JsonObject[]): StoredEvent[] {
  return Array.from({ length: days }, (_, day) =>
    of(day).map((doc, n) => event(START + day * DAY + 9 * HOUR + n * 60_000, doc)),
  ).flat()
}

function about(detections: readonly Detection[], name: string): readonly string[] {
  return detections
    .filter(({ group }) => Object.values(group).includes(name))
    .flatMap(({ conditions }) => conditions?.map(({ text }) => text) ?? [])
}

describe('surprise', () => {
  it.each([
    ['t = 2.228, 10 degrees', surpriseOfT(2.228139, 10), -Math.log10(0.025)],
    ['t = 12.706, 1 degree', surpriseOfT(12.7062, 1), -Math.log10(0.025)],
    ['t = 0', surpriseOfT(0, 5), 0],
    ['below the mean', surpriseOfT(-3, 5), 0],
    ['at least 1 of a mean of 1', surpriseOfCount(1, 1), -Math.log10(1 - Math.exp(-1))],
    ['at least 5 of a mean of 2', surpriseOfCount(5, 2), -Math.log10(0.052653)],
    ['none', surpriseOfCount(0, 2), 0],
  ])('%s', (_, surprise, expected) => expect(surprise).toBeCloseTo(expected, 3))
})

describe('a volume', () => {
  const counts = [3, 7, 7, 4, 6, 3, 7, 5, 3, 6, 7, 3, 7, 4]
  const past = () => usual(14, (day) => Array.from({ length: counts[day]! }, () => failure('ann')))

  it('is told in figures: usually 3–7 a day, today 64', () => {
    const engine = new BehaviourEngine()
    expect(engine.run(past(), true)).toEqual([])
    const today = Array.from({ length: 64 }, (_, n) => event(START + 14 * DAY + 9 * HOUR + n * 1000, failure('ann')))
    const detections = engine.run(today, true)
    expect(about(detections, 'ann').at(-1)).toMatch(/^failed sign-ins a day: usually 3–7 a day, today \d+$/)
    const { fields, rule } = detections.at(-1)!
    expect(rule).toMatchObject({ id: 'kanpeki-behaviour-user', engine: 'behaviour' })
    const [signal] = fields['behaviour.signals'] as readonly JsonObject[]
    expect(signal).toMatchObject({ feature: 'user-failures', type: 'volume', low: 3, high: 7, unit: 'count', days: counts })
    expect(signal!['now']).toBeGreaterThanOrEqual(45)
  })

  it('as on other days is nothing', () => {
    const engine = new BehaviourEngine()
    engine.run(past(), true)
    expect(
      engine.run(
        Array.from({ length: 8 }, (_, n) => event(START + 14 * DAY + 9 * HOUR + n, failure('ann'))),
        true,
      ),
    ).toEqual([])
  })

  it('of one without a past is nothing', () => {
    const engine = new BehaviourEngine()
    expect(
      engine.run(
        Array.from({ length: 500 }, (_, n) => event(START + n, failure('new'))),
        true,
      ),
    ).toEqual([])
  })
})

describe('new values', () => {
  const office = () =>
    Array.from({ length: 20 }, (_, n) =>
      usual(14, () => [signIn(`p${n}`), started(`p${n}`, 'office'), started(`p${n}`, 'mail')]),
    ).flat()

  it('say nothing while an entity is learned, and something after that', () => {
    const strange = (user: string, day: number): StoredEvent[] =>
      ['a', 'b', 'c', 'd'].map((name, n) => event(START + day * DAY + 10 * HOUR + n, started(user, `tool-${name}`)))
    const young = new BehaviourEngine()
    young.run(
      usual(LEARNING_DAYS - 1, () => [started('ann', 'office')]),
      true,
    )
    expect(young.run(strange('ann', LEARNING_DAYS - 1), true)).toEqual([])
    const engine = new BehaviourEngine()
    engine.run(
      office().sort((a, b) => a.observed - b.observed),
      true,
    )
    const texts = about(engine.run(strange('p3', 14), true), 'p3')
    expect(
      texts.some((text) => /^program: tool-\w for the first time \(\d new ones today\); nobody else has it$/.test(text)),
    ).toBe(true)
  })

  it('that everybody gets at once are a change of the house', () => {
    const engine = new BehaviourEngine()
    engine.run(
      office().sort((a, b) => a.observed - b.observed),
      true,
    )
    const rollOut = Array.from({ length: 20 }, (_, n) => event(START + 14 * DAY + 10 * HOUR + n, started(`p${n}`, 'suite-2027')))
    expect(engine.run(rollOut, true)).toEqual([])
  })
})

describe('travel', () => {
  it.each([
    [TOKYO.geo.location, BERLIN.geo.location, 8932],
    [{ lat: 0, lon: 0 }, { lat: 0, lon: 180 }, 20_015],
    [{ lat: 10, lon: 20 }, { lat: 10, lon: 20 }, 0],
  ])('%j to %j is %i km', (a, b, km) => expect(Math.abs(distance(a, b) - km)).toBeLessThan(25))

  const at = (minutes: number, lat: number, lon: number) => ({ at: minutes * 60_000, lat, lon, name: 'x', network: 'n' })
  it('is possible by plane, and next door', () => {
    expect(impossible(at(0, 35.7, 139.7), at(14 * 60, 52.5, 13.4))).toBeUndefined()
    expect(impossible(at(0, 35.7, 139.7), at(1, 36, 139))).toBeUndefined()
    expect(impossible(at(10, 35.7, 139.7), at(0, 52.5, 13.4))).toBeUndefined()
    expect(impossible(at(0, 35.7, 139.7), at(120, 52.5, 13.4))).toMatchObject({ minutes: 120 })
  })

  it('that nobody can do is an alert of its own; by a VPN that the user often comes from it is none', () => {
    const engine = new BehaviourEngine()
    engine.run(
      usual(10, () => [signIn('ann')]),
      true,
    )
    const [found] = engine.run(
      [event(START + 10 * DAY + 9 * HOUR, signIn('ann')), event(START + 10 * DAY + 10 * HOUR, signIn('ann', BERLIN))],
      true,
    )
    expect(found?.rule).toMatchObject({ id: 'kanpeki-behaviour-travel', techniques: ['T1078'] })
    expect(about([found!], 'ann')[0]).toMatch(/^travel: Tokyo, JP → Berlin, DE, 89\d\d km in 60 min/)

    const vpn = new BehaviourEngine()
    const both = usual(10, () => [signIn('ann'), signIn('ann', BERLIN)])
    vpn.run(both, false)
    expect(
      vpn.run(
        [event(START + 10 * DAY + 9 * HOUR, signIn('ann')), event(START + 10 * DAY + 10 * HOUR, signIn('ann', BERLIN))],
        true,
      ),
    ).toEqual([])
  })
})

describe('hours', () => {
  it('are those of the installation’s zone', () => {
    const night = (zoneMinutes: number): readonly string[] => {
      const engine = new BehaviourEngine({ zoneMinutes })
      engine.run(
        usual(25, () => [signIn('ann')]),
        false,
      )
      const more = Array.from({ length: 9 }, (_, n) => event(START + 25 * DAY + 18 * HOUR + n, started('ann', `x${n}`)))
      return about(engine.run(more, true), 'ann')
    }
    expect(night(0).some((text) => text.startsWith('hour: active at 18:00'))).toBe(true)
    expect(night(540).some((text) => text.startsWith('hour: active at 03:00'))).toBe(true)
  })

  it('that are unusual alert by how much is done then, with the usual programs on the usual host', () => {
    const onTheNext = (hour: number, count: number): readonly string[] => {
      const engine = new BehaviourEngine()
      engine.run(
        usual(25, () => [signIn('ann'), started('ann', 'mail'), started('ann', 'shell')]),
        false,
      )
      const deeds = Array.from({ length: count }, (_, n) =>
        event(START + 25 * DAY + hour * HOUR + n * 1000, started('ann', n % 2 === 0 ? 'mail' : 'shell')),
      )
      return about(engine.run(deeds, true), 'ann')
    }
    expect(onTheNext(9, 30)).toEqual([])
    expect(onTheNext(2, 2)).toEqual([])
    expect(onTheNext(2, 30)).toContainEqual(expect.stringMatching(/^events a day at unusual hours: usually 0 a day, today \d+$/))
  })
})

it('somebody who is forgotten is no value of others either', () => {
  const engine = new BehaviourEngine()
  engine.run(
    usual(10, () => [signIn('Ann'), signIn('bob')]),
    false,
  )
  engine.takeChanges()
  engine.forget('elsewhere', (name) => name === 'ann')
  expect(engine.takeChanges()).toEqual({ changed: [], gone: [] })
  engine.forget(undefined, (name) => name === 'ann')
  const { changed, gone } = engine.takeChanges()
  expect(gone.map(({ name }) => name)).toEqual(['ann'])
  expect(changed.map(({ name }) => name)).toEqual(['ws-1'])
  const texts = [...changed.map(profileText), ...[...engine.pools.values()].map(poolText)].join()
  expect(texts).toContain('bob')
  expect(texts).not.toContain('ann')
})

describe('bounds', () => {
  it('hold, and what they cost is counted', () => {
    const engine = new BehaviourEngine({ limits: { entities: 50, values: 4, shared: 10 } })
    for (let n = 0; n < 300; n++) engine.run([event(START + n * HOUR, started(`u${n % 120}`, `p${n}`, `h${n % 3}`))], false)
    expect(engine.entities).toBe(50)
    expect(engine.costs.evicted).toBeGreaterThan(50)
    expect(engine.costs.forgotten).toBeGreaterThan(50)
    // Who was never told of is forgotten without a word, and who was, is not.
    expect(engine.takeChanges()).toMatchObject({ changed: { length: 50 }, gone: { length: 0 } })
    const before = engine.costs.evicted
    for (let n = 0; n < 20; n++) engine.run([event(START + (300 + n) * HOUR, started(`v${n}`, 'p', `h${n % 3}`))], false)
    expect(engine.costs.evicted - before).toBe(20)
    expect(engine.takeChanges().gone.length).toBe(20)
    for (const pool of engine.pools.values())
      for (const values of pool.adopted.values()) expect(values.size).toBeLessThanOrEqual(10)
  })

  it('events of days that are over teach values, and no volume', () => {
    const engine = new BehaviourEngine()
    engine.run([event(START + 5 * DAY, failure('ann')), event(START, failure('ann'))], true)
    expect(engine.costs.late).toBe(1)
  })

  it('scopes know nothing of each other, and rehearsals teach nothing', () => {
    const engine = new BehaviourEngine()
    engine.run(
      [event(START, failure('ann'), 'a'), event(START, failure('ann'), 'b'), event(START, failure('ann'), SELFTEST_SCOPE)],
      true,
    )
    expect(engine.entities).toBe(2)
  })

  it('accounts of the system and of machines are nobody', () => {
    const engine = new BehaviourEngine()
    engine.run(
      ['SYSTEM', 'WS-1$', '-', 'NETWORK SERVICE'].map((name) => event(START, failure(name))),
      true,
    )
    expect(engine.entities).toBe(0)
  })
})

/** As a restart does it: through the texts that are stored. */
function restarted(engine: BehaviourEngine, profiles: Map<string, string>, sequence: number): BehaviourEngine {
  const { changed, gone } = engine.takeChanges()
  const key = ({ scope, kind, name }: { scope: string; kind: string; name: string }): string => `${scope} ${kind} ${name}`
  for (const profile of gone) profiles.delete(key(profile))
  for (const profile of changed) profiles.set(key(profile), profileText(profile))
  const state: BehaviourState = {
    profiles: [...profiles.values()].map(restoreProfile).sort((a, b) => a.lastSeen - b.lastSeen),
    pools: [...engine.pools].map(([name, pool]) => [name, restorePool(poolText(pool))] as const),
    costs: { ...engine.costs },
    sequence,
  }
  return new BehaviourEngine({}, state)
}

it('goes on after restarts as if there had been none, also where batches are read back', () => {
  const users = ['ann', 'bob', 'eve']
  const events = users
    .flatMap((user) =>
      usual(16, (day) =>
        Array.from({ length: 3 + ((day * 7) % 5) }, (_, n) => (n % 2 === 0 ? signIn(user) : started(user, `app${n}`))),
      ),
    )
    .concat(
      Array.from({ length: 60 }, (_, n) =>
        event(START + 16 * DAY + 3 * HOUR + n * 1000, n % 3 === 0 ? started('eve', `odd${n}`) : failure('eve')),
      ),
    )
    .sort((a, b) => a.observed - b.observed)
    .map((one, index) => ({ ...one, sequence: index + 1 }))
  const whole = new BehaviourEngine().run(events, true)
  expect(whole.length).toBeGreaterThan(0)
  fc.assert(
    fc.property(fc.uniqueArray(fc.integer({ min: 1, max: events.length - 1 }), { maxLength: 4 }), fc.nat(40), (cuts, back) => {
      let engine = new BehaviourEngine()
      const profiles = new Map<string, string>()
      const detections: Detection[] = []
      let from = 0
      for (const cut of [...cuts.toSorted((a, b) => a - b), events.length]) {
        detections.push(...engine.run(events.slice(from, cut), true))
        engine = restarted(engine, profiles, cut)
        // The last events once more, as after a crash.
        engine.run(events.slice(Math.max(0, cut - back), cut), false)
        from = cut
      }
      expect(detections.map(({ eventIds, group }) => [eventIds, group])).toEqual(
        whole.map(({ eventIds, group }) => [eventIds, group]),
      )
    }),
    { numRuns: 40 },
  )
})
