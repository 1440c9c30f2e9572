import { expect, it } from 'vitest'
import { checkTree, isAllowed, type Policy, policyFaults } from './dependency-policy.ts'
import { dependenciesOf, type LockedPackage, type Lockfile, resolveFrom } from './lockfile.ts'

const SHA = `sha512-${'A'.repeat(86)}==`
const policy: Policy = { licences: ['MIT', 'ISC'], exceptions: {} }
const good: LockedPackage = { version: '1.0.0', license: 'MIT', integrity: SHA }

function lockOf(packages: Record<string, LockedPackage>): Lockfile {
  return { lockfileVersion: 3, packages: { '': {}, ...packages } }
}

function faultsOf(one: LockedPackage, manifest: Record<string, unknown> = {}, given: Policy = policy): readonly string[] {
  const shipped = new Map([['node_modules/a', 'installed' as const]])
  return policyFaults(lockOf({ 'node_modules/a': one }), { name: 'x', version: '1.0.0', ...manifest }, shipped, given)
}

it('finds no fault in this tree', () => {
  const { faults, shipped, locked } = checkTree()
  expect(faults).toEqual([])
  expect(shipped).toBeGreaterThan(50)
  expect(locked).toBeGreaterThan(shipped)
})

it.each([
  ['a licence that is not known', { ...good, license: 'GPL-3.0' }, {}, /licence GPL-3.0/],
  ['no licence', { version: '1.0.0', integrity: SHA }, {}, /licence \(none\)/],
  ['no integrity', { version: '1.0.0', license: 'MIT' }, {}, /no SHA-512/],
  ['a weak integrity', { ...good, integrity: 'sha1-AAAA' }, {}, /no SHA-512/],
  ['a host', { ...good, resolved: 'https://registry.example/a.tgz' }, {}, /names a host, registry.example/],
  ['a git dependency', { ...good, resolved: 'git+ssh://git@github.com/a/b.git#c' }, {}, /names a host/],
  ['a link', { ...good, link: true }, {}, /is a link/],
  ['a script at install', { ...good, hasInstallScript: true }, {}, /runs a script/],
  ['an allowed script', { ...good, hasInstallScript: true }, { allowScripts: { a: true } }, /lets it run scripts/],
  ['a range', good, { dependencies: { a: '^1.0.0' } }, /not an exact version/],
  ['a range behind an alias', good, { devDependencies: { b: 'npm:@s/a@^1.0.0' } }, /not an exact version/],
  ['a range under another name', good, { devDependencies: { a: 'npm:@b/c@^1.0.0' } }, /not an exact version/],
  ['a tag', good, { devDependencies: { a: 'latest' } }, /not an exact version/],
  ['a URL', good, { dependencies: { a: 'https://example.com/a.tgz' } }, /not an exact version/],
] as const)('names %s', (_, one, manifest, expected) => {
  expect(faultsOf(one, manifest).join('\n')).toMatch(expected)
})

it('lets pass what follows the policy, and exceptions only while they are needed', () => {
  expect(faultsOf(good, { dependencies: { a: '1.0.0' }, devDependencies: { b: 'npm:@s/a@1.0.0' } })).toEqual([])
  expect(faultsOf({ ...good, hasInstallScript: true }, { allowScripts: { a: false } })).toEqual([])
  const excepted = { ...policy, exceptions: { a: { licence: 'MIT', why: 'because' } } }
  expect(faultsOf({ ...good, license: 'X' }, {}, excepted)).toEqual([])
  expect(faultsOf(good, {}, { ...policy, exceptions: { b: { licence: 'MIT', why: 'because' } } })).toEqual([
    'b: has an exception and is not shipped',
  ])
})

it.each([
  ['MIT', true],
  ['(MIT OR GPL-3.0)', true],
  ['MIT AND ISC', true],
  ['MIT AND GPL-3.0', false],
  ['GPL-3.0 OR LGPL-3.0', false],
  ['MIT OR (ISC AND GPL-3.0)', false],
  ['SEE LICENSE IN LICENSE.md', false],
  ['UNLICENSED', false],
] as const)('%s may be shipped: %s', (expression, allowed) => expect(isAllowed(expression, policy.licences)).toBe(allowed))

it('finds packages as Node does: the nearest copy upwards', () => {
  const lock = lockOf({
    'node_modules/a': { dependencies: { b: '1', c: '1' }, peerDependencies: { absent: '1' } },
    'node_modules/b': {},
    'node_modules/c': {},
    'node_modules/a/node_modules/b': { dependencies: { c: '1', '@s/d': '1' } },
    'node_modules/@s/d': { dependencies: { b: '1' } },
  })
  expect(resolveFrom(lock, '', 'b')).toBe('node_modules/b')
  expect(resolveFrom(lock, 'node_modules/a', 'b')).toBe('node_modules/a/node_modules/b')
  expect(resolveFrom(lock, 'node_modules/a/node_modules/b', 'c')).toBe('node_modules/c')
  expect(resolveFrom(lock, 'node_modules/@s/d', 'b')).toBe('node_modules/b')
  expect(dependenciesOf(lock, 'node_modules/a')).toEqual(['node_modules/a/node_modules/b', 'node_modules/c'])
})
