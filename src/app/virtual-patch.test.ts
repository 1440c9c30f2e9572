import { expect, it } from 'vitest'
import type { FindingsTable } from '../assess/inventory/tables.ts'
import { virtualPatch } from '../assess/work/virtual-patch.ts'
import { rulesOf, transact } from '../protect/seclang/testing/transact.ts'

const patchOf = (id: string, place: string, kind: 'package' | 'web', names: readonly string[]): string | null =>
  virtualPatch({ row: { id, package: place, kind } as FindingsTable, names })

it.each([
  [
    'a lookup of Log4Shell',
    patchOf('CVE-2021-44228', 'pkg:maven/a/b', 'package', ['CVE-2021-44228']),
    '/a?q=%24%7Bjndi%3Aldap%3A%2F%2Fx%7D',
    '/a?q=%24%7Bprice%7D',
  ],
  [
    'one that hides',
    patchOf('GHSA-1', 'pkg:maven/a/b', 'package', ['GHSA-1', 'CVE-2021-44228']),
    '/a?q=%24%7B%24%7Blower%3Aj%7Dndi%7D',
    '/a?q=jndi',
  ],
  [
    'the class loader',
    patchOf('CVE-2022-22965', 'pkg:maven/a/b', 'package', ['CVE-2022-22965']),
    '/a?class.module.classLoader.x=1',
    '/a?classic=1',
  ],
  [
    'SQL in its parameter',
    patchOf('zap-40018', 'https://shop.example/find id', 'web', ['zap-40018', 'CWE-89']),
    "/find?id=1'%20or%20'1'%3D'1",
    '/find?id=7',
  ],
  [
    'a folder above',
    patchOf('burp-1', 'https://shop.example/get file', 'web', ['CWE-22']),
    '/get?file=../../etc/passwd',
    '/get?file=a..b.txt',
  ],
] as const)('offers a rule that sees %s, lets it pass, and leaves the rest alone', (_, patch, attack, harmless) => {
  const rules = rulesOf(`SecRuleEngine On\n${patch}`)
  expect(rules.refused).toEqual([])
  const seen = transact(rules, { target: attack })
  expect([seen.rules.length > 0, seen.stopped]).toEqual([true, undefined])
  expect(transact(rules, { target: harmless }).rules).toEqual([])
})

it('offers none where no face is known, and takes no words of others into a rule', () => {
  expect(patchOf('CVE-2024-0001', 'pkg:npm/a', 'package', ['CVE-2024-0001'])).toBeNull()
  expect(patchOf('x', 'https://shop.example/a"b id', 'web', ['CWE-89'])).toBeNull()
  expect(patchOf('x', 'https://shop.example/a id"', 'web', ['CWE-89'])).toBeNull()
})
