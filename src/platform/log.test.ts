import { expect, it } from 'vitest'
import { createLog, redact } from './log.ts'

it.each([
  ['token kpk_admin_AbCdEf0123456789 used', 'token kpk_… used'],
  ['Authorization: Bearer abcdefgh12345', 'Authorization: Bearer …'],
  ['postgres://kanpeki:hunter2@db/state', 'postgres://kanpeki:…@db/state'],
  ['GET /setup?token=abc&x=1', 'GET /setup?token=…&x=1'],
  ['sealed kpseal1:0123456789ab:AAAA-_x again', 'sealed kpseal1:… again'],
  ['cookie kanpeki_session=abc; __Host-kanpeki_session=def', 'cookie kanpeki_session=…; __Host-kanpeki_session=…'],
  ['id eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln done', 'id eyJ… done'],
  ['PRIVATE+KEY+kanpeki.local+0123abcd+AbCd', 'PRIVATE+KEY+…'],
  ['-----BEGIN EC PRIVATE KEY-----\nabc\n-----END EC PRIVATE KEY----- after', '… after'],
  ['-----BEGIN PRIVATE KEY-----\ncut off', '…'],
  ['otpauth://totp/Kanpeki:yui?secret=ABC&issuer=Kanpeki', 'otpauth://totp/Kanpeki:yui?…'],
  ['https://idp.example/cb?state=abc&code=def#id_token=ghi', 'https://idp.example/cb?state=…&code=…#id_token=…'],
  ['https://x/?access_token=a&client_secret=b&api_key=c&page=2', 'https://x/?access_token=…&client_secret=…&api_key=…&page=2'],
  ['clickhouse://:hunter2@host and http://u:p@ss@host/', 'clickhouse://:…@host and http://u:…@host/'],
  ['nothing to hide', 'nothing to hide'],
  ['http://127.0.0.1:7300/a@b and 12:30@noon', 'http://127.0.0.1:7300/a@b and 12:30@noon'],
  ['the code=7 of a child, key=value', 'the code=7 of a child, key=value'],
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

it('hides whatever lies under a secret name, survives odd values, and keeps figures', () => {
  const lines: string[] = []
  const log = createLog({ write: (line) => lines.push(line), pretty: false, now: () => 0 })
  const ring: Record<string, unknown> = {}
  ring['self'] = ring
  log.warn('seen', {
    tokens: ['a', 'b'],
    recoveryCodes: { first: 'x' },
    clientSecret: 'y',
    password: new Error('hunter2'),
    otp: 123n,
    tokensMade: 3,
    ring,
    error: new Error('Bearer abcdefgh12345'),
    bytes: Buffer.from('hunter2'),
    at: new Date(0),
    never: new Date(Number.NaN),
    big: 10n,
    url: new URL('http://u:p@x/?token=abc'),
  })
  const line = JSON.parse(lines[0]!) as Record<string, unknown>
  expect(line).toMatchObject({ tokens: '…', recoveryCodes: '…', clientSecret: '…', password: '…', otp: '…', tokensMade: 3 })
  expect(line).toMatchObject({ error: 'Bearer …', bytes: '7 bytes', at: '1970-01-01T00:00:00.000Z', never: null, big: '10' })
  expect(line['url']).toBe('http://u:…@x/?token=…')
  expect(lines[0]).not.toContain('hunter2')
})

it.each([false, true])('writes one line an entry, without orders to a terminal (pretty: %s)', (pretty) => {
  const lines: string[] = []
  const log = createLog({ write: (line) => lines.push(line), pretty, now: () => 0 })
  const hostile = 'a\r\n12:00:00 all is well\u001b[2J\u009b31m\u202egnp\u2028\u{e0041}x'
  log.warn(hostile, { path: hostile, [hostile]: hostile, list: [hostile] })
  expect(lines).toHaveLength(1)
  expect(lines[0]!.slice(0, -1)).not.toMatch(/[\p{Cc}\p{Cf}\u2028]/u)
  if (!pretty)
    expect(JSON.parse(lines[0]!)).toMatchObject({ message: hostile, path: hostile, [hostile]: hostile, list: [hostile] })
  expect(lines[0]).toContain('all is well')
})

it('takes no long time over hostile text', () => {
  for (const piece of [
    '-----BEGIN PRIVATE KEY-----',
    'eyJaaaaaaaa.',
    'a://',
    'kpk_a_',
    '?token',
    'bearer ',
    'otpauth://',
    '://:',
  ])
    expect(redact(piece.repeat(3_000)).length).toBeGreaterThan(0)
})
