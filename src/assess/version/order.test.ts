import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { sharedData } from '../../kernel/testing/shared-data.ts'
import type { VersionScheme } from './scheme.ts'
import { schemeOfEcosystem, schemeOfType } from './schemes.ts'

const ECOSYSTEM_OF_FILE: Readonly<Record<string, string>> = { redhat: 'Red Hat', semver: 'npm' }

const data = sharedData('vuln/versions')
const vers = sharedData('vuln/vers/tests')
const sign = (order: number): string => (order < 0 ? '<' : order > 0 ? '>' : '=')

describe.skipIf(data === undefined)('order of versions', () => {
  it('agrees with every comparison of the public lists, both ways round', () => {
    let cases = 0
    const wrong: string[] = []
    for (const file of readdirSync(data!)) {
      const name = file.replace(/-versions.*$/, '')
      const scheme = schemeOfEcosystem(ECOSYSTEM_OF_FILE[name] ?? name)
      expect(scheme, file).toBeDefined()
      for (const line of readFileSync(join(data!, file), 'utf8').split('\n')) {
        if (line === '' || /^(?:#|\/\/)/.test(line)) continue
        const [a, expected, b] = line.split(' ') as [string, string, string]
        cases++
        const found = sign(scheme!.compare(a, b))
        if (found !== expected) wrong.push(`${file}: ${line} (found ${found})`)
        if (sign(-scheme!.compare(b, a)) !== found) wrong.push(`${file}: ${line} (not the same the other way round)`)
      }
    }
    console.log(`${cases} comparisons of versions, ${wrong.length} wrong`)
    expect(cases).toBeGreaterThan(35_000)
    expect(wrong).toEqual([])
  })
})

interface Comparison {
  readonly test_type: string
  readonly input: { readonly input_scheme: string; readonly versions: readonly string[] }
  readonly expected_output: readonly string[] | boolean
}

describe.skipIf(vers === undefined)('order of versions, by the VERS tests', () => {
  it('sorts and equates as they do', () => {
    let cases = 0
    const wrong: string[] = []
    for (const file of readdirSync(vers!)) {
      for (const test of (JSON.parse(readFileSync(join(vers!, file), 'utf8')) as { tests: Comparison[] }).tests) {
        if (test.test_type !== 'comparison' && test.test_type !== 'equality') continue
        cases++
        const { input_scheme: id, versions } = test.input
        const scheme = schemeOfType(id)
        const found =
          test.test_type === 'equality'
            ? scheme?.compare(versions[0]!, versions[1]!) === 0
            : versions.toSorted((a, b) => scheme?.compare(a, b) ?? 0).map((version) => scheme?.normalise?.(version) ?? version)
        if (JSON.stringify(found) !== JSON.stringify(test.expected_output)) wrong.push(`${file}: ${id} ${versions.join(' ? ')}`)
      }
    }
    console.log(`${cases} VERS comparisons, ${wrong.length} wrong`)
    expect(cases).toBeGreaterThan(1_800)
    expect(wrong).toEqual([])
  })
})

describe('every scheme', () => {
  const versions = fc.oneof(
    fc.stringMatching(/^[0-9]{1,3}(\.[0-9a-z]{1,3}){0,3}([-_~^+.](alpha|beta|rc|r|p|pre|dev)?[0-9]{0,2}){0,2}$/),
    fc.string({ maxLength: 12 }),
  )
  const types = [
    'apk',
    'alpm',
    'composer',
    'conan',
    'cran',
    'datetime',
    'deb',
    'gem',
    'generic',
    'gentoo',
    'hackage',
    'lexicographic',
  ]
  it.each([...types, 'maven', 'nuget', 'openssl', 'pub', 'pypi', 'rpm', 'semver'])(
    '%s never throws, and is the same both ways round',
    (type) => {
      const scheme = schemeOfType(type) as VersionScheme
      fc.assert(
        fc.property(versions, versions, (a, b) => {
          expect(sign(scheme.compare(a, b))).toBe(sign(-scheme.compare(b, a)))
          expect(scheme.compare(a, a)).toBe(0)
        }),
        { numRuns: 300 },
      )
    },
  )
})
