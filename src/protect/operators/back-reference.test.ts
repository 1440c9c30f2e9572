import { describe, expect, test } from 'vitest'
import { pcrePattern } from './back-reference.ts'

const TAUTOLOGY = String.raw`(?i:\b([\d\w]+)\b\s*?(?:=|like)\s*?\b\1\b)`

describe('patterns of PCRE', () => {
  test('with back-references find what comes twice', () => {
    const pattern = pcrePattern(TAUTOLOGY)
    expect(pattern.exec('x or 12 = 12 --')?.groups[0]).toBe('12 = 12')
    expect(pattern.exec('a LIKE A')?.groups[1]).toBe('a')
    expect(pattern.exec('x or 12 = 13')).toBeUndefined()
  })

  test('find it anywhere in a long value, and say where', () => {
    const value = `${'and so on, '.repeat(5000)}1=1${' and so on'.repeat(5000)}`
    expect(pcrePattern(TAUTOLOGY).exec(value)).toMatchObject({ index: 55_000 })
  })

  test('with possessive quantifiers are read as if they were greedy', () => {
    expect(pcrePattern(String.raw`^a\s*+;b++[+*]++$`).exec('a  ;bb+*')).toBeDefined()
    expect(pcrePattern('^a{2,3}+b').exec('aaab')).toBeDefined()
  })

  test.each([String.raw`(a)\2`, String.raw`((a)\1)\2`])('%s is refused', (pattern) => {
    expect(() => pcrePattern(pattern)).toThrow(/refers back/)
  })
})
