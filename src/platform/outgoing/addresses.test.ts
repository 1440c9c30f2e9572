import { isIP } from 'node:net'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { codeOf } from '../testing/code-of.ts'
import { allowance, isPublicAddress } from './addresses.ts'

it.each([
  '1.1.1.1',
  '8.8.8.8',
  '9.255.255.255',
  '11.0.0.0',
  '100.63.255.255',
  '100.128.0.0',
  '172.15.255.255',
  '172.32.0.0',
  '192.0.1.0',
  '223.255.255.255',
  '2606:4700:4700::1111',
  '2a00:1450:4001::8a',
  '64:ff9b::8.8.8.8',
  '64:ff9b::808:808',
])('%s is public', (address) => expect(isPublicAddress(address)).toBe(true))

it.each([
  '0.0.0.0',
  '0.1.2.3',
  '10.0.0.1',
  '100.64.0.1',
  '100.100.100.200',
  '127.0.0.1',
  '127.255.255.254',
  '168.63.129.16',
  '169.254.169.254',
  '169.254.170.2',
  '172.16.0.1',
  '172.31.255.255',
  '192.0.0.192',
  '192.0.2.1',
  '192.88.99.1',
  '192.168.1.1',
  '198.18.0.1',
  '198.51.100.1',
  '203.0.113.1',
  '224.0.0.1',
  '239.255.255.255',
  '240.0.0.1',
  '255.255.255.255',
  '::',
  '::1',
  '::7f00:1',
  '::ffff:127.0.0.1',
  '::ffff:7f00:1',
  '::ffff:8.8.8.8',
  '::ffff:0:8.8.8.8',
  '64:ff9b::127.0.0.1',
  '64:ff9b::a9fe:a9fe',
  '64:ff9b::',
  '64:ff9b::1',
  '64:ff9b:1::1',
  '100::1',
  '2001::1',
  '2001:db8::1',
  '2002:7f00:1::',
  '2002:808:808::1',
  '3fff::1',
  '5f00::1',
  'fc00::1',
  'fd00:ec2::254',
  'fe80::1',
  'fe80::1%eth0',
  '2606:4700::1111%eth0',
  'fec0::1',
  'ff02::1',
  'not an address',
  '127.1',
  '',
])('%s is not public', (address) => expect(isPublicAddress(address)).toBe(false))

it('agrees with itself on NAT64: the embedded address decides', () => {
  let both = 0
  fc.assert(
    fc.property(fc.ipV4(), (address) => {
      both += isPublicAddress(address) ? 1 : 0
      const hex = address.split('.').map((part) => Number(part).toString(16).padStart(2, '0'))
      for (const form of [`64:ff9b::${address}`, `64:ff9b::${hex[0]}${hex[1]}:${hex[2]}${hex[3]}`])
        expect(isPublicAddress(form)).toBe(isPublicAddress(address))
      expect(isPublicAddress(`::ffff:${address}`)).toBe(false)
      expect(isPublicAddress(`::${address}`)).toBe(false)
      expect(isPublicAddress(`2002:${hex[0]}${hex[1]}:${hex[2]}${hex[3]}::1`)).toBe(false)
    }),
    { numRuns: 2000 },
  )
  expect(both).toBeGreaterThan(0)
})

it('is true of global unicast only, whatever the address', () => {
  fc.assert(
    fc.property(fc.oneof(fc.ipV6(), fc.ipV4(), fc.string()), (address) => {
      if (isPublicAddress(address)) expect(isIP(address)).not.toBe(0)
    }),
  )
})

const allowed = allowance([
  'idp.example.internal',
  'Büro.example.',
  '10.1.2.3',
  '10.2.0.0/16',
  '[::1]',
  'fd00:1::/64',
  '169.254.0.0/16',
  '0.0.0.0/0',
])

it.each([
  ['idp.example.internal', '192.168.0.1', true],
  ['IDP.example.internal.', '192.168.0.1', true],
  ['xn--bro-hoa.example', '192.168.0.1', true],
  ['any', '10.1.2.3', true],
  ['any', '10.2.200.1', true],
  ['::1', '0:0:0:0:0:0:0:1', true],
  ['any', 'fd00:1::5', true],
  ['any', 'fd00:2::5', false],
  ['any', 'fe80::1%eth0', false],
  ['any', '169.254.169.254', false],
  ['idp.example.internal', '169.254.169.254', false],
  ['idp.example.internal', 'fd00:ec2::254', false],
] as const)('%s at %s is allowed: %s', (host, address, yes) => expect(allowed.allows(host, address)).toBe(yes))

it('allows a cloud metadata service only by its very address', () => {
  expect(allowance(['169.254.169.254']).allows('169.254.169.254', '169.254.169.254')).toBe(true)
  expect(allowance(['::/0', '0.0.0.0/0']).allows('any', '100.100.100.200')).toBe(false)
})

it.each([
  '',
  'http://idp',
  'idp:443',
  '10.0.0.0/33',
  '10.0.0/8',
  '10.0.0.0/8/8',
  'a b',
  '1.2.3',
  'fe80::1%eth0',
  '*.example.com',
  '-x-',
])('refuses the entry %j', (entry) => expect(codeOf(() => allowance([entry]))).toBe('config'))
