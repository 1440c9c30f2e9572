import fc from 'fast-check'
import { RE2JS } from 're2js'
import { describe, expect, test } from 'vitest'
import { fold } from '../text/fold.ts'
import { backtrackingCost } from './analyse.ts'
import { hasLook } from './check.ts'
import { emitRegex } from './emit.ts'
import { allRequiredLiterals, requiredLiterals } from './literals.ts'
import { parseRegex } from './parse.ts'
import { longestForV8, runRegex } from './run.ts'

const source = (pattern: string) => ({ kind: 'regex' as const, pattern, insensitive: false, multiline: false, dotAll: false })

function nodeOf(pattern: string) {
  const parsed = parseRegex(source(pattern))
  if ('fault' in parsed) throw new Error(parsed.fault.reason)
  return parsed.node
}

/** Patterns of a small alphabet, and texts that they often match. */
const pattern = fc.letrec<{ node: string }>((tie) => ({
  node: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.constantFrom('a', 'b', 'c', '.', '[ab]', '[^a]', '\\w', '^', '$', '\\b', 'ab'),
    fc.tuple(tie('node'), tie('node')).map(([one, two]) => `${one}${two}`),
    fc.tuple(tie('node'), tie('node')).map(([one, two]) => `(?:${one}|${two})`),
    fc.tuple(tie('node'), fc.constantFrom('*', '+', '?', '{2}', '{1,3}', '*?', '+?')).map(([one, how]) => `(?:${one})${how}`),
  ),
})).node
const text = fc.string({ unit: fc.constantFrom('a', 'b', 'c', 'B', ' '), maxLength: 10 })

describe('the same pattern', () => {
  test('means in V8 what it meant before it was parsed', () => {
    let held = 0
    fc.assert(
      fc.property(pattern, text, (written, value) => {
        const expected = new RegExp(written).test(value)
        expect(new RegExp(emitRegex(nodeOf(written), 'v8')).test(value)).toBe(expected)
        if (expected) held += 1
      }),
      { numRuns: 3000 },
    )
    expect(held).toBeGreaterThan(500)
  })

  test('means on re2js what it means in V8', () => {
    fc.assert(
      fc.property(pattern, text, (written, value) => {
        const node = nodeOf(written)
        expect(RE2JS.compile(emitRegex(node, 're2')).test(value)).toBe(new RegExp(emitRegex(node, 'v8')).test(value))
      }),
      { numRuns: 1500 },
    )
  })

  test('matches nothing without one of its required literals', () => {
    let asked = 0
    fc.assert(
      fc.property(pattern, text, (written, value) => {
        const node = nodeOf(written)
        const sets = [requiredLiterals(node) ?? [], ...allRequiredLiterals(node)].filter((literals) => literals.length > 0)
        if (sets.length === 0 || !new RegExp(written).test(value)) return
        asked += 1
        for (const literals of sets) expect(literals.some((literal) => fold(value).includes(literal))).toBe(true)
      }),
      { numRuns: 4000 },
    )
    expect(asked).toBeGreaterThan(5)
  })
})

test.each([
  [`${'a'.repeat(1200)}\n${'b'.repeat(999)}`, true],
  [`${'a'.repeat(999)}\n`.repeat(50), false],
  ['😀'.repeat(500), true],
])('a long run of characters is found in a long text (%#)', (value, expected) => {
  expect(runRegex(source('.{1000,}'))(value, () => value)).toBe(expected)
  expect(/.{1000,}/.test(value)).toBe(expected)
})

describe('required literals', () => {
  test.each([
    ['foo.*barbaz', ['barbaz']],
    ['(?i)FooBar', ['foobar']],
    ['(?:abc|defg)\\d', ['abc', 'defg']],
    ['a{3}b', ['aaab']],
    ['(abc)?x', undefined],
    ['[ab]c', undefined],
    ['\\w+`\\w', ['`']],
    ['\\\\cmd\\.exe', ['\\cmd.exe']],
    ['(?:foo)+bar', ['foo']],
    ['x(?=ab)cd', ['xcd']],
  ])('%s', (written, literals) => expect(requiredLiterals(nodeOf(written))).toEqual(literals))
})

describe('backtracking', () => {
  const exponential = [
    '(a+)+$',
    '(a*)*b',
    '(a|a)*b',
    '(a|ab|b)*c',
    '(?:a|b|ab)+$',
    '(\\w+\\s?)+$',
    '([a-z]+)*x',
    '(.*a){20}',
    '((a?){12}){12}b',
    '(?:(?:a|a){12}){9}b',
    '(x+x+)+y',
    '^(\\d+)*$',
    '(a+b?)+c',
    '(?:(?:ab)*|a(?:ba)*b)*c',
  ]
  test.each(exponential)('%s may take exponentially long', (written) => {
    expect(backtrackingCost(nodeOf(written)).exponential).toBe(true)
  })

  const polynomial: readonly (readonly [string, number])[] = [
    ['abc', 1],
    ['^abc', 0],
    ['a.*b', 2],
    ['^a.*b', 1],
    ['a.*b.*c', 3],
    ['\\s+\\w', 2],
    ['(?:ab)*c', 2],
    ['(?:ab|cd)+x', 2],
    ['(\\s*\\d{1,3}\\s*,){2}', 5],
    ['[0-9]{1,3}\\.[0-9]{1,3}', 1],
    ['(?:\\{\\d\\}){1,}', 2],
    ['(a+b)+c', 2],
  ]
  test.each(polynomial)('%s has degree %i at most', (written, degree) => {
    expect(backtrackingCost(nodeOf(written))).toMatchObject({ exponential: false, degree })
  })

  test('the verdict is never too good: V8 stays within the steps that were promised', () => {
    // Steps cannot be counted in V8, so a small backtracking matcher counts its own on the worst texts of two letters.
    let counted = 0
    fc.assert(
      fc.property(pattern, fc.constantFrom('a', 'b', 'ab', 'aab'), (written, unit) => {
        const node = nodeOf(written)
        const cost = backtrackingCost(node)
        if (cost.exponential || hasLook(node)) return
        const value = `${unit.repeat(12).slice(0, 12)}!`
        const steps = countSteps(written, value)
        counted += 1
        const bound = 400 * cost.factor * (value.length + 2) ** Math.max(1, cost.degree)
        expect(steps).toBeLessThan(bound)
      }),
      { numRuns: 1500 },
    )
    expect(counted).toBeGreaterThan(300)
  })

  test('a hostile text does not hang an evil pattern', () => {
    for (const written of exponential.filter((each) => !each.includes('{12}'))) {
      const run = runRegex(source(`${written}`))
      const value = `${'a'.repeat(20_000)}!`
      expect(typeof run(value, () => value)).toBe('boolean')
    }
  })

  test('long texts leave V8 sooner, the worse the pattern', () => {
    const lengths = ['^abc', 'a.*b', 'a.*b.*c', 'a.*b.*c.*d', '(a+)+$'].map((written) =>
      longestForV8(backtrackingCost(nodeOf(written))),
    )
    expect(lengths).toEqual([...lengths].sort((a, b) => b - a))
    expect(lengths[0]).toBe(Infinity)
    expect(lengths.at(-1)).toBeLessThan(20)
  })
})

/** Counts the steps of a plain backtracking matcher that fails: it tries everything. */
function countSteps(written: string, value: string): number {
  let steps = 0
  const LIMIT = 5_000_000
  type Next = (at: number) => boolean
  const node = nodeOf(written)
  type Node = typeof node
  const run = (each: Node, at: number, next: Next): boolean => {
    steps += 1
    if (steps > LIMIT) return true
    switch (each.kind) {
      case 'set': {
        const unit = value.charCodeAt(at)
        if (at >= value.length) return false
        for (let index = 0; index < each.set.length; index += 2)
          if (unit >= each.set[index]! && unit <= each.set[index + 1]!) return next(at + 1)
        return false
      }
      case 'sequence': {
        const from = (index: number, here: number): boolean => {
          const item = each.items[index]
          return item === undefined ? next(here) : run(item, here, (there) => from(index + 1, there))
        }
        return from(0, at)
      }
      case 'choice':
        return each.items.some((item) => run(item, at, next))
      case 'repeat': {
        const from = (count: number, here: number): boolean => {
          const more = () =>
            count < each.max &&
            run(each.item, here, (there) => (there === here && count >= each.min ? false : from(count + 1, there)))
          return more() || (count >= each.min && next(here))
        }
        return from(0, at)
      }
      default:
        return next(at)
    }
  }
  for (let start = 0; start <= value.length && steps <= LIMIT; start += 1) run(node, start, () => false)
  return steps
}
