import type { IncomingMessage } from 'node:http'
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
