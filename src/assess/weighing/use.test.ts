import { expect, it } from 'vitest'
import type { FindingsTable } from '../inventory/tables.ts'
import { AGENT_HOLDS_MS, agentUse, LOOK_HOLDS_MS, type UsedPart, useHoldsUntil, WATCHED_MS, withUse } from './use.ts'

const NOW = Date.UTC(2026, 10, 22)
const part = (type: string, name: string, version: string | null = '1', at = NOW - 1000): UsedPart => ({
  ...{ type, name, version, at },
  file: `/lib/${name}`,
  process: 'nginx (7)',
})
const agent = (parts: readonly UsedPart[], watched = WATCHED_MS, looked = NOW - 1000) =>
  agentUse({ scope: 'default', asset: 'a', folded: 'a', since: looked - watched, looked, parts: JSON.stringify(parts) })
const row = (purl: string | null, listed: 0 | 1 | null = null, version = '1') =>
  ({ kind: 'package', purl, version, in_use: listed }) as FindingsTable
const DEB = 'pkg:deb/debian/openssl@1?arch=amd64'

it('says that something runs only where it was seen lately, and that it does not only where it would have been seen', () => {
  const seen = agent([part('deb', 'openssl'), part('pypi', 'Foo_Bar'), part('npm', '@a/b'), part('maven', 'log4j-core', null)])
  const cases: readonly (readonly [string, FindingsTable, ReturnType<typeof agent> | undefined, number | null, 0 | 1 | null])[] =
    [
      ['seen', row(DEB), seen, null, 1],
      ['another version', row('pkg:deb/debian/openssl@2', null, '2'), seen, null, 0],
      ['its name as the ecosystem folds it', row('pkg:pypi/foo.bar@1'), seen, null, 1],
      ['with its namespace', row('pkg:npm/%40a/b@1'), seen, null, 1],
      ['whatever version', row('pkg:maven/org.apache/log4j-core@2.14'), seen, null, 1],
      ['a library that nothing maps', row('pkg:deb/debian/bash@1'), seen, null, 0],
      ['what an interpreter reads and closes', row('pkg:npm/left-pad@1'), seen, null, null],
      ['what is linked in', row('pkg:golang/x/y@1'), seen, null, null],
      ['no package URL', row(null), seen, null, null],
      ['watched too short', row('pkg:deb/debian/bash@1'), agent([part('deb', 'openssl')], WATCHED_MS - 1), null, null],
      ['the agent fell silent', row(DEB), agent([part('deb', 'openssl')], WATCHED_MS, NOW - AGENT_HOLDS_MS), null, null],
      ['the agent fell silent, not seen', row('pkg:deb/debian/bash@1'), agent([], WATCHED_MS, NOW - AGENT_HOLDS_MS), null, null],
      ['seen long ago', row(DEB), agent([part('deb', 'openssl', '1', NOW - AGENT_HOLDS_MS)]), null, 0],
      ['a list says so', row(DEB, 1), undefined, NOW - 1, 1],
      ['a list says not', row(DEB, 0), undefined, NOW - 1, 0],
      ['the list is old', row(DEB, 0), undefined, NOW - LOOK_HOLDS_MS, null],
      ['nobody ever looked', row(DEB, null), undefined, null, null],
      ['a list says not, the agent saw it', row(DEB, 0), seen, NOW - 1, 1],
      ['a list says so, the agent did not see it', row('pkg:deb/debian/bash@1', 1), seen, NOW - 1, 1],
    ]
  for (const [name, finding, looked, listedAt, expected] of cases)
    expect(withUse(finding, looked, listedAt, NOW).in_use, name).toBe(expected)
  expect(withUse(row(DEB), seen, null, NOW).seen).toMatchObject({ process: 'nginx (7)', file: '/lib/openssl', at: NOW - 1000 })
  expect(withUse(row('pkg:deb/debian/bash@1'), seen, null, NOW).seen).toBeUndefined()
  console.info(`${cases.length} ways to know, or not to know, whether something runs`)
})

it('knows until when an answer holds', () => {
  expect(useHoldsUntil(undefined, [null], NOW)).toBeNull()
  expect(useHoldsUntil(agent([]), [NOW], NOW)).toBe(NOW - 1000 + AGENT_HOLDS_MS)
  expect(useHoldsUntil(undefined, [NOW, NOW - LOOK_HOLDS_MS], NOW)).toBe(NOW + LOOK_HOLDS_MS)
})
