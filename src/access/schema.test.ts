import { expect, it } from 'vitest'
import { passwordSchema } from './schema.ts'

it.each([
  ['nothing', '', false],
  ['11 characters', 'a'.repeat(11), false],
  ['12 characters', 'a'.repeat(12), true],
  ['12 spaces', ' '.repeat(12), true],
  ['Japanese', '静かな港の七つの灯りを数えた', true],
  ['64 characters', 'a'.repeat(64), true],
  ['256 characters', 'a'.repeat(256), true],
  ['257 characters', 'a'.repeat(257), false],
])('a password of %s', (_what, password, taken) => {
  expect(passwordSchema.safeParse(password).success).toBe(taken)
})

it('is kept as it was typed', () => {
  expect(passwordSchema.parse('  Ａ b\tc  d  e ')).toBe('  Ａ b\tc  d  e ')
})
