import fc from 'fast-check'
import { expect, it } from 'vitest'
import { challengeIn, disguised } from './steps.ts'

const encoded = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url')

it('reads the challenge of what an authenticator signed', () => {
  expect(challengeIn(encoded({ type: 'webauthn.get', challenge: 'abc', origin: 'https://x' }))).toBe('abc')
})

it.each([
  '',
  '!',
  encoded(null),
  encoded([]),
  encoded('x'),
  encoded({}),
  encoded({ challenge: 7 }),
  encoded({ challenge: null }),
])('finds none in %j', (text) => {
  expect(challengeIn(text)).toBe('')
})

it('answers some text to anything whatsoever', () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.json().map((json) => Buffer.from(json).toString('base64url')),
      ),
      (text) => {
        expect(typeof challengeIn(text)).toBe('string')
      },
    ),
    { numRuns: 2_000 },
  )
})

it('tells apart what was typed, and nothing of it', () => {
  fc.assert(
    fc.property(fc.string({ minLength: 4 }), fc.string(), (name, salt) => {
      const said = disguised(name, salt)
      expect(said).toMatch(/^unknown-[0-9a-f]{8}$/)
      expect(disguised(name, salt)).toBe(said)
    }),
  )
})
