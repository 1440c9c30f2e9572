import { expect, it } from 'vitest'
import { isLoopback } from './loopback.ts'
import { certificateNames, urlHost } from './names.ts'

const facts = { hostname: 'Tower', addresses: ['127.0.0.1', '::1', '2001:db8::7', '192.0.2.7'] }

it.each([
  ['127.0.0.1', true],
  ['127.8.9.1', true],
  ['localhost', true],
  ['::1', true],
  ['::ffff:127.0.0.1', true],
  ['0.0.0.0', false],
  ['::', false],
  ['127.0.0.1.example', false],
  ['192.0.2.1', false],
])('knows whether %s is loopback: %s', (host, expected) => expect(isLoopback(host)).toBe(expected))

it.each([
  { host: '0.0.0.0', extra: [], required: ['192.0.2.7'] },
  { host: '::', extra: ['Kanpeki.Example'], required: ['kanpeki.example', '192.0.2.7'] },
  { host: '2001:db8::7', extra: [], required: ['2001:db8::7'] },
  { host: 'tower.example', extra: ['tower.example'], required: ['tower.example'] },
])('requires $required of a certificate for $host', ({ host, extra, required }) => {
  const names = certificateNames(host, extra, facts)
  expect(names.required).toEqual(required)
  expect(names.all).toEqual(expect.arrayContaining([...required, 'localhost', 'tower', '192.0.2.7', '::1']))
  expect(new Set(names.all).size).toBe(names.all.length)
})

it('puts an IPv6 address in brackets in a URL', () => {
  expect([urlHost('::1'), urlHost('192.0.2.7'), urlHost('kanpeki.example')]).toEqual(['[::1]', '192.0.2.7', 'kanpeki.example'])
})
