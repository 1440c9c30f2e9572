import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { sharedData } from '../../kernel/testing/shared-data.ts'
import { fromNative } from './native.ts'
import { inRange, parseCanonicalRange, readRange, writeRange } from './range.ts'

/** What the tests ask of npm that npm itself does not do; node-semver reads this tilde as `>=0.8.0-pre <0.9.0-0`. */
const NOT_AS_NPM = new Set(['>= 0.2.0 <= 0.9.6 || ~0.8.0-pre'])

interface Case {
  readonly test_type: string
  readonly input: unknown
  readonly expected_output: unknown
  readonly expected_failure?: boolean
  readonly expected_message?: string
}

/** What ours gives for a case, in the tests' own shape; an error as its message. */
function answer({ test_type: type, input }: Case): unknown {
  if (type === 'from_native') {
    const { scheme, native_range } = input as { scheme: string; native_range: string }
    return writeRange(fromNative(scheme, native_range))
  }
  if (type === 'containment') {
    const { vers, version } = input as { vers: string; version: string }
    return inRange(version, readRange(vers))
  }
  if (type === 'validate') return writeRange(readRange(input as string))
  const { scheme, constraints } = parseCanonicalRange(input as string)
  return {
    scheme,
    version_constraints: constraints === '*' ? '*' : constraints.map(({ comparator, version }) => [comparator, version]),
  }
}

const tests = sharedData('vuln/vers/tests')

describe.skipIf(tests === undefined)('ranges, by the VERS tests', () => {
  it('reads, sorts, contains and translates as they do', () => {
    let cases = 0
    let left = 0
    const wrong: string[] = []
    for (const file of readdirSync(tests!)) {
      for (const test of (JSON.parse(readFileSync(join(tests!, file), 'utf8')) as { tests: Case[] }).tests) {
        if (test.test_type === 'comparison' || test.test_type === 'equality') continue
        const range = (test.input as { native_range?: string }).native_range
        if (range !== undefined && NOT_AS_NPM.has(range)) {
          left++
          continue
        }
        cases++
        let found: unknown
        try {
          found = answer(test)
        } catch (error) {
          found = (error as Error).message
        }
        const expected = test.expected_failure === true ? test.expected_message : test.expected_output
        if (JSON.stringify(found) !== JSON.stringify(expected))
          wrong.push(`${file}: ${JSON.stringify(test.input)}: ${JSON.stringify(found)}, expected ${JSON.stringify(expected)}`)
      }
    }
    console.log(`${cases} VERS ranges, ${wrong.length} wrong, ${left} left out where npm itself says otherwise`)
    expect(cases + left).toBe(779)
    expect(left).toBeLessThanOrEqual(NOT_AS_NPM.size)
    expect(wrong).toEqual([])
  })
})

describe('ranges', () => {
  const version = fc.tuple(fc.nat(3), fc.nat(3), fc.nat(3)).map((numbers) => numbers.join('.'))
  it('lie between their bounds, and outside what is between two ranges', () => {
    fc.assert(
      fc.property(version, fc.uniqueArray(version, { minLength: 4, maxLength: 4 }), (candidate, bounds) => {
        const range = readRange(`vers:npm/>=${bounds[0]}|<${bounds[1]}`)
        const [low, high] = (range.constraints as readonly { version: string }[]).map(({ version: at }) => at) as [string, string]
        const { compare } = Intl.Collator('en', { numeric: true })
        const text = `vers:npm/>=${low}|<${high}`
        expect(inRange(candidate, readRange(text))).toBe(compare(candidate, low) >= 0 && compare(candidate, high) < 0)
        expect(inRange(candidate, readRange(`vers:npm/!=${low}`))).toBe(candidate !== low)
      }),
    )
  })

  it.each([
    ['npm/1.0.0', 'is no range'],
    ['vers:nothing/1.0', 'no order of versions is known'],
    ['vers:npm/>=', 'has no version'],
    ['vers:npm/|', 'has no constraint'],
    ['vers:npm/1%', 'percent-encoding'],
  ])('%s is refused: %s', (text, reason) => {
    expect(() => readRange(text)).toThrow(reason)
  })
})

it.each(['=>1', '==1', '<=>1', '>=1,<2', '>=1 <2', '^1.2', '~>2', 'a<', '>=1|<<2'])(
  'refuses %s, a slip that no version fits',
  (text) => {
    expect(() => readRange(`vers:generic/${text}`)).toThrow(/is no constraint/)
  },
)

it.each(['1.0~rc1', '1.0^git1', '>=1.2|<2', '!=%3D1'])('takes %s', (text) => {
  expect(readRange(`vers:deb/${text}`).constraints).not.toEqual([])
})
