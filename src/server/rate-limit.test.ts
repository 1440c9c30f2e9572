import fc from 'fast-check'
import { expect, it } from 'vitest'
import { readConfig } from '../platform/config.ts'
import type { Caller } from '../platform/http/route.ts'
import { codeOf } from '../platform/testing/code-of.ts'
import { createRateLimit, tokenBuckets } from './rate-limit.ts'

it('never lets more through than a minute at once and the trickle since, and always that much', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 600 }),
      fc.array(fc.integer({ min: 0, max: 5_000 }), { maxLength: 400 }),
      (perMinute, waits) => {
        const take = tokenBuckets(perMinute)
        let now = 0
        let granted = 0
        for (const wait of waits) {
          now += wait
          const asked = take('a', now)
          if (asked === 0) granted += 1
          else expect(asked).toBeLessThanOrEqual(Math.ceil(60_000 / perMinute))
          expect(granted).toBeLessThanOrEqual(perMinute + (now * perMinute) / 60_000 + 1e-6)
        }
        const fair = Math.min(waits.length, perMinute)
        expect(granted).toBeGreaterThanOrEqual(fair)
      },
    ),
  )
})

it('grants again after the wait it named, and keeps a bounded number of buckets', () => {
  const take = tokenBuckets(2, 3)
  expect([take('a', 0), take('a', 0)]).toEqual([0, 0])
  const wait = take('a', 0)
  expect(wait).toBe(30_000)
  expect(take('a', wait)).toBe(0)
  expect(take('a', wait - 20_000)).toBeGreaterThan(0)
  for (const key of ['b', 'c', 'd']) expect(take(key, wait)).toBe(0)
  expect([take('a', wait), take('a', wait)]).toEqual([0, 0])
  const unlimited = tokenBuckets(0)
  for (let i = 0; i < 10_000; i++) expect(unlimited('a', 0)).toBe(0)
})

it('counts IPv6 by /64, wrong credentials for their network, and callers each for themselves', () => {
  const limit = createRateLimit({ strangers: 2, callers: 3 }, { now: () => 0 })
  const from = (remoteAddress: string) => ({ socket: { remoteAddress } }) as never
  const caller = (id: string) => ({ kind: 'token', id, name: id }) as Caller
  expect(codeOf(() => limit.stranger(from('2001:db8::1')))).toBeUndefined()
  expect(codeOf(() => limit.stranger(from('2001:db8::2')))).toBeUndefined()
  expect(codeOf(() => limit.stranger(from('2001:db8:0:0:ffff::3')))).toBe('too_many_requests')
  expect(codeOf(() => limit.stranger(from('2001:db8:0:1::1')))).toBeUndefined()
  expect(codeOf(() => limit.known({ kind: 'anonymous' } as Caller, from('2001:db8::9')))).toBe('too_many_requests')
  for (let i = 0; i < 3; i++) expect(codeOf(() => limit.known(caller('a'), from('2001:db8::1')))).toBeUndefined()
  expect(codeOf(() => limit.known(caller('a'), from('192.0.2.9')))).toBe('too_many_requests')
  expect(codeOf(() => limit.known(caller('b'), from('2001:db8::1')))).toBeUndefined()
})

it('has generous defaults and can be switched off', () => {
  expect(readConfig('/nonexistent', {}, {}).values).toMatchObject({ 'rate-strangers': 1_200, 'rate-callers': 12_000 })
  expect(readConfig('/nonexistent', {}, { KANPEKI_RATE_STRANGERS: '0' }).values['rate-strangers']).toBe(0)
})
