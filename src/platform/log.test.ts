import { expect, it } from 'vitest'
import { createLog, redact } from './log.ts'

it.each([
  ['token kpk_admin_AbCdEf0123456789 used', 'token kpk_… used'],
  ['Authorization: Bearer abcdefgh12345', 'Authorization: Bearer …'],
  ['postgres://kanpeki:hunter2@db/state', 'postgres://kanpeki:…@db/state'],
  ['GET /setup?token=abc&x=1', 'GET /setup?token=…&x=1'],
  ['nothing to hide', 'nothing to hide'],
])('hides secrets in %j', (text, expected) => {
  expect(redact(text)).toBe(expected)
})

it('writes JSON lines, leaving out what is below the level and what is secret', () => {
  const lines: string[] = []
  const log = createLog({ write: (line) => lines.push(line), pretty: false, now: () => 0 })
  log.debug('unseen')
  log.warn('seen', { password: 'hunter2', nested: { cookie: 'x', url: 'http://a:b@c' }, count: 3 })
  expect(lines.map((line) => JSON.parse(line))).toEqual([
    {
      time: '1970-01-01T00:00:00.000Z',
      level: 'warn',
      message: 'seen',
      password: '…',
      nested: { cookie: '…', url: 'http://a:…@c' },
      count: 3,
    },
  ])
})
