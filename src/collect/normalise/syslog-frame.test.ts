import { expect, it } from 'vitest'
import { readSyslog } from './syslog-frame.ts'

const context = { received: Date.parse('2026-11-23T22:00:00Z'), zoneMinutes: 540 }

it('keeps every value of a parameter that comes more than once, and every element', () => {
  const frame = readSyslog(
    '<34>1 2026-10-11T22:14:15Z h a - - [origin ip="192.0.2.1" x="y" ip="192.0.2.129" ip="2001:db8::1"][item n="1"][item n="2"] m',
    context,
  )
  expect(frame?.structured).toEqual({
    origin: { ip: ['192.0.2.1', '192.0.2.129', '2001:db8::1'], x: 'y' },
    item: [{ n: '1' }, { n: '2' }],
  })
  expect(frame?.message).toBe('m')
})

it.each([
  ['<34>Oct 11 22:14:15.123 host su: x', '2026-10-11T13:14:15.123Z', 'host'],
  ['Oct 11 22:14:15,123456 host su[12]: x', '2026-10-11T13:14:15.123Z', 'host'],
  ['<34>Oct 1 22:14:15 host su: x', '2026-10-01T13:14:15.000Z', 'host'],
  ['Oct 1 22:14:15 host su: x', '2026-10-01T13:14:15.000Z', 'host'],
  ['<34>Dec 31 23:14:15.5 host su: x', '2025-12-31T14:14:15.500Z', 'host'],
  ['<34>Oct 11 22:14:15 2024 host su: x', '2024-10-11T13:14:15.000Z', 'host'],
  ['<34>Feb 29 2024 22:14:15 host su: x', '2024-02-29T13:14:15.000Z', 'host'],
  ['<34>Dec 31 2027 23:59:59 host su: x', '2027-12-31T14:59:59.000Z', 'host'],
  ['<34>Oct 11 22:14:15 +02:00 host su: x', '2026-10-11T20:14:15.000Z', 'host'],
  ['<34>Oct 11 22:14:15.25-0330 host su: x', '2026-10-12T01:44:15.250Z', 'host'],
  ['<34>2026-10-11 22:14:15 host su: x', '2026-10-11T13:14:15.000Z', 'host'],
  ['<34>2026-10-11 22:14:15.5+01:00 host su: x', '2026-10-11T21:14:15.500Z', 'host'],
])('reads the time that devices write in %s', (text, time, host) => {
  const frame = readSyslog(text, context)
  expect(new Date(frame!.observed!).toISOString()).toBe(time)
  expect(frame).toMatchObject({ host, app: 'su', message: 'x' })
})

it('takes no year that the date is not in, and no hour that is none', () => {
  expect(readSyslog('<34>Feb 29 2026 22:14:15 host su: x', context)?.observed).toBeUndefined()
  expect(readSyslog('<34>Oct 1 24:14:15 host su: x', context)?.observed).toBeUndefined()
  expect(readSyslog('2026-10-11 22:14:15 host su: x', context)).toBeUndefined()
})
