import { describe, expect, it } from 'vitest'
import { allowedSilence, hear, newHeard } from './heard.ts'
import { clockError, isSkewed, newSkew, takeTimes, zoneLike } from './skew.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const T0 = Date.UTC(2026, 0, 5, 12)

describe('what delays say of a clock', () => {
  /** Delays in milliseconds, an event every ten seconds. */
  const clock = (delays: readonly number[]): ReturnType<typeof newSkew> => {
    const skew = newSkew(T0 / 1000)
    for (const [n, delay] of delays.entries()) takeTimes(skew, T0 + n * 10_000 - delay, T0 + n * 10_000)
    return skew
  }
  const cases: readonly [name: string, delays: readonly number[], error: number | null, skewed: boolean, zone: number | null][] =
    [
      ['right', [800, 1200, 90_000, 700], -700, false, null],
      ['right, with a backlog among what is new', [6 * HOUR, 800, 6 * HOUR], -800, false, null],
      ['ten minutes fast', [-10 * MINUTE + 500, -10 * MINUTE + 300], 10 * MINUTE - 300, true, null],
      ['an hour slow', [HOUR + 500, HOUR + 300], -HOUR - 300, true, -60],
      ['Japanese time taken for UTC', [-9 * HOUR + 400], 9 * HOUR - 400, true, 540],
      ['India', [-5.5 * HOUR + 400], 5.5 * HOUR - 400, true, 330],
      ['a day ahead is no zone', [-24 * HOUR], 24 * HOUR, true, null],
      ['no times of its own', [0, 0], null, false, null],
    ]
  it.each(cases)('%s', (_, delays, error, skewed, zone) => {
    const skew = clock(delays)
    expect([clockError(skew), isSkewed(clockError(skew)), zoneLike(clockError(skew))]).toEqual([error, skewed, zone])
  })

  it('is judged anew in each window, and counts every event beyond belief', () => {
    const skew = clock([...Array.from({ length: 30 }, () => -HOUR), ...Array.from({ length: 90 }, () => 500)])
    expect([skew.ahead, skew.behind]).toEqual([30, 0])
    expect(clockError(skew)).toBe(-500)
    takeTimes(skew, T0 - HOUR, T0 + 60 * MINUTE)
    expect(skew.behind).toBe(1)
  })
})

describe('how long a host may be silent', () => {
  const DAY = 86_400
  /** Seconds from the beginning at which it was heard. */
  const heard = (times: readonly number[]): ReturnType<typeof newHeard> => {
    const one = newHeard(0)
    for (const time of times) hear(one, time)
    return one
  }
  const hours = (...list: readonly number[]): number[] => list.map((hour) => hour * 3600)
  const cases: readonly [name: string, times: readonly number[], allowed: number][] = [
    ['what its source says, for one that always speaks', Array.from({ length: 100 }, (_, n) => n * 60), 3600],
    ['one outage does not make the next one normal', hours(0.2, 0.4, 13, 13.2), 3600],
    ['nor do two', hours(0.2, 14, 14.2, 28, 28.2), 3600],
    ['three nights do', hours(0.5, 14, 14.5, 28, 28.5, 42), Math.ceil(1.5 * 13.5 * 3600)],
    [
      'the period before counts as well',
      [...hours(0.5, 14, 14.5, 28, 28.5, 42), 13.9 * DAY, 14.1 * DAY],
      Math.ceil(1.5 * 13.5 * 3600),
    ],
  ]
  it.each(cases)('%s', (_, times, allowed) => {
    expect(allowedSilence(heard(times), 3600)).toBe(allowed)
  })

  it('minutes are counted once; a time before the last changes nothing', () => {
    const one = heard([10, 20, 59, 60, 61, 200, 100])
    expect([one.minutes, one.last]).toEqual([3, 200])
  })
})
