import fc from 'fast-check'
import { expect, test } from 'vitest'
import { placeOf, type Selector } from './selector.ts'

const SCOPES: readonly Selector[] = [
  { scope: 'north', labels: { team: 'north' } },
  { scope: 'north-web', labels: { team: 'north', tier: 'web' } },
  { scope: 'b-team', labels: { tier: 'db' } },
  { scope: 'a-team', labels: { env: 'prod' } },
  { scope: 'nobody', labels: {} },
]
const CASES: readonly (readonly [home: string, labels: Record<string, string>, scope: string])[] = [
  ['default', {}, 'default'],
  ['default', { team: 'north' }, 'north'],
  ['default', { team: 'north', tier: 'web' }, 'north-web'],
  ['default', { team: 'North' }, 'default'],
  ['default', { tier: 'db', env: 'prod' }, 'a-team'],
  ['default', { toString: 'x' }, 'default'],
  ['b-team', { team: 'north' }, 'b-team'],
]

test(`an asset belongs where its labels say (${CASES.length} cases)`, () => {
  for (const [home, labels, scope] of CASES) expect(placeOf(home, labels, SCOPES), JSON.stringify(labels)).toBe(scope)
})

test('the order of scopes decides nothing, and nobody gets what does not carry all of their labels', () => {
  const labels = fc.dictionary(fc.constantFrom('a', 'b', 'c', '__proto__'), fc.constantFrom('1', '2'))
  const selectors = fc.uniqueArray(fc.record({ scope: fc.stringMatching(/^[a-z]{1,3}$/), labels }), {
    selector: ({ scope }) => scope,
  })
  fc.assert(
    fc.property(labels, selectors, (carried, scopes) => {
      const place = placeOf('default', carried, scopes)
      expect(placeOf('default', carried, [...scopes].reverse())).toBe(place)
      const asked = scopes.find(({ scope }) => scope === place)?.labels ?? {}
      expect(carried).toMatchObject(asked)
    }),
  )
})
