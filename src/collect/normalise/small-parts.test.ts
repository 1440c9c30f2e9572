import { describe, expect, it } from 'vitest'
import { endpoint, ipOf } from './address.ts'
import { integer, related } from './draft.ts'
import { fileOf } from './path.ts'
import { urlOf } from './url.ts'

describe('ipOf', () => {
  it.each([
    ['10.0.0.1', '10.0.0.1'],
    ['::1', '::1'],
    ['[2001:db8::7]', '2001:db8::7'],
    ['::ffff:10.0.0.1', '10.0.0.1'],
    ['fe80::1%eth0', 'fe80::1'],
    ['LOCAL', undefined],
    ['deadbeef', undefined],
    ['10.0.0.256', undefined],
    ['10.0.0.1 ', undefined],
    ['-', undefined],
  ])('%s is %s', (text, expected) => {
    expect(ipOf(text)).toBe(expected)
  })

  it('leaves a name as the address of an endpoint, and no port as none', () => {
    expect(endpoint('client.example', 0)).toEqual({ address: 'client.example' })
    expect(endpoint('-', undefined)).toBeUndefined()
  })
})

describe('integer', () => {
  it.each([
    ['0', 0],
    ['4242', 4242],
    ['0x1ae4', 6884],
    ['0X1AE4', 6884],
    ['9007199254740991', Number.MAX_SAFE_INTEGER],
    ['9007199254740993', undefined],
    ['0x', undefined],
    ['', undefined],
    ['-1', undefined],
    ['1e3', undefined],
    ['12 ', undefined],
  ])('%j is %s', (text, expected) => {
    expect(integer(text)).toBe(expected)
  })
})

describe('urlOf', () => {
  it.each([
    ['/', { path: '/' }],
    ['/a/b.TAR?x=1#y', { path: '/a/b.TAR', query: 'x=1', fragment: 'y', extension: 'tar' }],
    ['/v1.2/items', { path: '/v1.2/items' }],
    ['/?', { path: '/' }],
    ['//evil.example/x', { path: '//evil.example/x' }],
    ['*', {}],
    ['mail.example:25', { domain: 'mail.example', port: 25 }],
    ['https://u:p@h.example:8443/x?y', { scheme: 'https', domain: 'h.example', port: 8443, path: '/x', query: 'y' }],
    ['http://[2001:db8::7]/', { scheme: 'http', domain: '[2001:db8::7]', path: '/' }],
    ['\\x16\\x03', {}],
  ])('%s', (target, expected) => {
    expect(urlOf(target)).toEqual({ original: target, ...expected })
  })
})

describe('fileOf', () => {
  it.each([
    ['C:\\Temp\\x.EXE', { directory: 'C:\\Temp', name: 'x.EXE', extension: 'exe' }],
    ['/etc/passwd', { directory: '/etc', name: 'passwd' }],
    ['/home/ann/.bashrc', { directory: '/home/ann', name: '.bashrc' }],
    ['plain', { name: 'plain' }],
    ['C:\\Temp\\', { directory: 'C:\\Temp' }],
  ])('%s', (path, expected) => {
    expect(fileOf(path)).toEqual({ path, ...expected })
  })
})

describe('related', () => {
  it('lists what is known once, or nothing at all', () => {
    expect(related('a', undefined, '-', 'b', 'a', '', 'b')).toEqual(['a', 'b'])
    expect(related(undefined, '-', '')).toBeUndefined()
  })
})
