import fc from 'fast-check'
import { expect, it } from 'vitest'
import { localPath } from './local-path.ts'

const OURS = 'https://siem.example.com'

it.each([
  ['/', '/'],
  ['/triage?state=open#a', '/triage?state=open#a'],
  ['/timeline?query=a%20b', '/timeline?query=a%20b'],
  ['/rules/../cards', '/cards'],
])('keeps %s', (to, path) => {
  expect(localPath(to)).toBe(path)
})

const HOSTILE = [
  undefined,
  '',
  'triage',
  '//evil.example',
  '///evil.example',
  '/\\evil.example',
  '\\\\evil.example',
  '/\t/evil.example',
  '/\n/evil.example',
  '\t//evil.example',
  ' //evil.example',
  '/.//evil.example',
  '/..//evil.example',
  '/a/..//evil.example',
  '/%2e//evil.example',
  '/%2e%2e//evil.example',
  'https://evil.example',
  'https:evil.example',
  'javascript:alert(1)',
  'data:text/html,x',
  '/\u0000/evil.example',
  '/\u2028/evil.example',
  '/／evil.example',
  '/api/v1/session',
  '/API/v1/session',
  '/%2e/api/v1/session',
]
it.each(HOSTILE.map((to) => [JSON.stringify(to), to] as const))('does not go to %s', (_name, to) => {
  expect(localPath(to)).toBe('/')
})

it('never leaves our origin, whatever is asked', () => {
  const pieces = fc.constantFrom(
    '/',
    '\\',
    '.',
    '..',
    '%2f',
    '%5c',
    '%2e',
    'evil.example',
    '@',
    ':',
    '?',
    '#',
    '\t',
    '\n',
    ' ',
    'a',
    'https:',
  )
  fc.assert(
    fc.property(fc.array(pieces, { maxLength: 8 }), (parts) => {
      const path = localPath(parts.join(''))
      expect(path).toMatch(/^\/(?![/\\])/)
      expect(new URL(path, OURS).origin).toBe(OURS)
    }),
    { numRuns: 3_000 },
  )
})
