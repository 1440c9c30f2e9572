import { scryptSync } from 'node:crypto'
import { expect, it } from 'vitest'
import { hashPassword, isOutdated, verifyPassword } from './password.ts'

it('takes the right password, in any of its Unicode forms, and no other', async () => {
  const stored = await hashPassword('パスワード-ｶﾅ-2026')
  expect(stored).toMatch(/^\$argon2id\$v=19\$m=65536,t=3,p=4\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$/)
  expect(await verifyPassword('パスワード-カナ-2026', stored)).toBe(true)
  expect(await verifyPassword('パスワード-カナ-2027', stored)).toBe(false)
  expect(await hashPassword('パスワード-ｶﾅ-2026')).not.toBe(stored)
  expect(isOutdated(stored)).toBe(false)
})

it('reads a PHC string that another implementation wrote, and knows that its cost is not ours', async () => {
  // argon2 reference implementation: echo -n password | argon2 somesalt -id -t 2 -m 16 -p 1 -l 32
  const stored = '$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc'
  expect(await verifyPassword('password', stored)).toBe(true)
  expect(await verifyPassword('Password', stored)).toBe(false)
  expect(isOutdated(stored)).toBe(true)
})

it('still reads the scrypt of version 0.1, and asks to hash it anew', async () => {
  const salt = Buffer.alloc(16, 7)
  const key = scryptSync('correct horse battery staple', salt, 32, { N: 2 ** 17, r: 8, p: 1, maxmem: 2 ** 28 })
  const stored = `scrypt$131072$8$1$${salt.toString('base64url')}$${key.toString('base64url')}`
  expect(await verifyPassword('correct horse battery staple', stored)).toBe(true)
  expect(await verifyPassword('correct horse battery stable', stored)).toBe(false)
  expect(isOutdated(stored)).toBe(true)
})

it.each([
  '',
  'plain',
  'bcrypt$1$2$3$a$b',
  'scrypt$131072$8$1$$',
  'scrypt$9999999999$8$1$AAAA$AAAA',
  '$argon2id$v=19$m=9999999,t=3,p=4$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA',
  '$argon2id$v=19$m=8,t=1,p=64$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA',
  '$argon2i$v=19$m=65536,t=3,p=4$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA',
])('never takes a hash that it cannot read: %j', async (stored) => {
  expect(await verifyPassword('x', stored)).toBe(false)
})

it('works on a few at a time, and turns the rest away before memory runs out', async () => {
  const tries = Array.from({ length: 40 }, () =>
    hashPassword('x').then(
      () => 'done',
      (error: { code: string }) => error.code,
    ),
  )
  const outcomes = await Promise.all(tries)
  expect(outcomes.filter((one) => one === 'done')).toHaveLength(34)
  expect(outcomes.filter((one) => one === 'too_many_requests')).toHaveLength(6)
}, 60_000)
