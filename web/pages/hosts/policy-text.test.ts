import { expect, it } from 'vitest'
import { INTEGRITY_CHECKS, type IntegrityRule } from '../../../src/hosts/schema.ts'
import { rulesOf, textOf } from './policy-text.ts'

const ALL = [...INTEGRITY_CHECKS]

it('reads rules as lines, and writes them so that they are read again', () => {
  const cases: readonly [string, IntegrityRule[]][] = [
    ['/srv/app', [{ path: '/srv/app', check: ALL }]],
    ['/srv/app content,owner frozen', [{ path: '/srv/app', check: ['content', 'owner'], frozen: true }]],
    [
      '/etc frozen\n\n/var/www  acl xattr',
      [
        { path: '/etc', check: ALL, frozen: true },
        { path: '/var/www', check: ['acl', 'xattr'] },
      ],
    ],
    ['"/srv/my app" metadata', [{ path: '/srv/my app', check: ['metadata'] }]],
  ]
  for (const [text, rules] of cases) {
    expect(rulesOf(text)).toEqual(rules)
    expect(rulesOf(rules.map(textOf).join('\n'))).toEqual(rules)
  }
  for (const wrong of ['srv/app', '/srv/app contents', '/', 'content /srv']) expect(rulesOf(wrong)).toBeUndefined()
})

it('says settings in one line', () => {
  expect(textOf({ watch: ['/etc', '/srv'], frozen: true, integrity: [{ path: '/srv', check: ['owner'] }] })).toBe(
    'watch: /etc, /srv; frozen: true; integrity: /srv owner',
  )
})
