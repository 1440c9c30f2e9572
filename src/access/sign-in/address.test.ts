import type { IncomingMessage } from 'node:http'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { addressOf, networkOf } from './address.ts'

it.each([
  ['192.0.2.7', '192.0.2.7'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2'],
  ['2001:db8:1:2::', '2001:db8:1:2'],
  ['2001:0db8:0001:0002:ffff::1', '2001:db8:1:2'],
  ['2001:db8::1', '2001:db8:0:0'],
  ['fe80::1%eth0', 'fe80:0:0:0'],
  ['::1', '0:0:0:0'],
  ['', ''],
])('takes %j for the network %j', (address, network) => {
  expect(networkOf(address)).toBe(network)
})

it('writes IPv4 inside IPv6 as IPv4', () => {
  expect(addressOf({ socket: { remoteAddress: '::ffff:192.0.2.1' } } as IncomingMessage)).toBe('192.0.2.1')
})

it('puts two addresses into one network exactly if their first 64 bits are the same, however they are written', () => {
  const hextet = fc.integer({ min: 0, max: 0xffff })
  const groups = fc.array(hextet, { minLength: 8, maxLength: 8 })
  fc.assert(
    fc.property(groups, groups, (one, other) => {
      const long = (list: number[]): string => list.map((part) => part.toString(16).padStart(4, '0')).join(':')
      const short = (list: number[]): string => new URL(`http://[${long(list)}]/`).hostname.slice(1, -1)
      expect(networkOf(short(one))).toBe(networkOf(long(one)))
      const mixed = [...one.slice(0, 4), ...other.slice(4)]
      expect(networkOf(short(mixed))).toBe(networkOf(long(one)))
      const same = one.slice(0, 4).join() === other.slice(0, 4).join()
      expect(networkOf(long(one)) === networkOf(short(other))).toBe(same)
    }),
    { numRuns: 1_000 },
  )
})
