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
