import { expect, it } from 'vitest'
import { hashPassword, verifyPassword } from './password.ts'

it('takes the right password, in any of its Unicode forms, and no other', async () => {
  const stored = await hashPassword('パスワード-ｶﾅ-2026')
  expect(stored).toMatch(/^scrypt\$131072\$8\$1\$/)
  expect(await verifyPassword('パスワード-カナ-2026', stored)).toBe(true)
  expect(await verifyPassword('パスワード-カナ-2027', stored)).toBe(false)
  expect(await hashPassword('パスワード-ｶﾅ-2026')).not.toBe(stored)
})

it.each(['', 'plain', 'bcrypt$1$2$3$a$b'])('never takes a hash that it cannot read: %j', async (stored) => {
  expect(await verifyPassword('x', stored)).toBe(false)
})
