import { describe, expect, it } from 'vitest'
import { clientAddress, trustedProxies } from './client-address.ts'
import type { HeaderLine } from './http1/headers.ts'

const TRUSTED = trustedProxies(['10.0.0.0/8', '::1'])
const xff = (value: string): HeaderLine => ['X-Forwarded-For', value]

describe("the client's address", () => {
  it.each<[string, string, readonly HeaderLine[], string]>([
    ['a stranger is not believed', '203.0.113.9', [xff('1.2.3.4')], '203.0.113.9'],
    ['a trusted proxy is', '10.1.1.1', [xff('1.2.3.4')], '1.2.3.4'],
    ['only what the last stranger did not write', '10.1.1.1', [xff('6.6.6.6, 1.2.3.4')], '1.2.3.4'],
    ['trusted proxies in a row are passed over', '10.1.1.1', [xff('6.6.6.6, 1.2.3.4, 10.2.2.2')], '1.2.3.4'],
    ['lines in a row are one list', '10.1.1.1', [xff('6.6.6.6'), xff('1.2.3.4')], '1.2.3.4'],
    ['what is no address ends the walk', '10.1.1.1', [xff('1.2.3.4, unknown')], '10.1.1.1'],
    ['ports are taken off', '::1', [xff('1.2.3.4:5678')], '1.2.3.4'],
    ['all trusted: the first', '10.1.1.1', [xff('10.3.3.3, 10.2.2.2')], '10.3.3.3'],
    ['Forwarded', '10.1.1.1', [['Forwarded', 'for=6.6.6.6, for="[2001:db8::1]:4711";proto=https']], '2001:db8::1'],
    ['X-Forwarded-For before Forwarded', '10.1.1.1', [['Forwarded', 'for=6.6.6.6'], xff('1.2.3.4')], '1.2.3.4'],
    ['nothing said', '10.1.1.1', [], '10.1.1.1'],
  ])('%s', (_name, peer, headers, expected) => expect(clientAddress(peer, headers, TRUSTED)).toBe(expected))

  it.each(['10.0.0.0/33', 'proxy.example', '1.2.3', '::1/129', '10.0.0.0/', '10.0.0.0/1e1', '10.0.0.0/0x8'])(
    'refuses %s as a proxy',
    (entry) => expect(() => trustedProxies([entry])).toThrow(/no address/),
  )
})
