import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { RegexNode } from './ast.ts'
import { emitRegex } from './emit.ts'
import { necessaryPart } from './necessary.ts'
import { parseRegex } from './parse.ts'
import { PatternSet } from './pattern-set.ts'

function nodeOf(pattern: string): RegexNode {
  const parsed = parseRegex({ pattern, insensitive: false, multiline: false, dotAll: true, bytes: true })
  if ('fault' in parsed) throw new Error(parsed.fault.reason)
  return parsed.node
}

function found(set: PatternSet, value: string): number[] | undefined {
  const bits = new Uint32Array((set.size + 31) >> 5)
  if (!set.collect(value, bits)) return undefined
  return Array.from({ length: set.size }, (_, id) => id).filter((id) => ((bits[id >> 5]! >> (id & 31)) & 1) === 1)
}

const pattern = fc.letrec<{ node: string }>((tie) => ({
  node: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.constantFrom('a', 'b', '(?i)c', '.', '[ab]', '[^a]', '\\w', '^', '$', '\\b', '\\B', '(?m:^a)', '(?m:b$)', 'ab'),
    fc.tuple(tie('node'), tie('node')).map(([one, two]) => `${one}${two}`),
    fc.tuple(tie('node'), tie('node')).map(([one, two]) => `(${one}|${two})`),
    fc.tuple(tie('node'), fc.constantFrom('*', '+', '?', '{2}', '{1,3}', '*?', '+?')).map(([one, how]) => `(?:${one})${how}`),
  ),
})).node
const text = fc.string({ unit: fc.constantFrom('a', 'b', 'c', 'B', ' ', '\n', '\xe9'), maxLength: 12 })

describe('a set of patterns', () => {
  test('finds in one pass what V8 finds pattern by pattern', () => {
    let held = 0
    fc.assert(
      fc.property(fc.array(pattern, { minLength: 1, maxLength: 40 }), fc.array(text, { maxLength: 5 }), (written, values) => {
        const nodes = written.map(nodeOf)
        const set = new PatternSet(nodes)
        for (const value of values) {
          const expected = nodes.flatMap((node, id) => (new RegExp(emitRegex(node, 'v8')).test(value) ? [id] : []))
          held += expected.length
          expect(found(set, value)).toEqual(expected)
        }
      }),
      { numRuns: 600 },
    )
    expect(held).toBeGreaterThan(2000)
  })

  test('a necessary part occurs wherever the whole does', () => {
    let held = 0
    let shorter = 0
    const wide = ['select[^;]*from', '<(?:a|b)[^>]*on\\w+=', '(abcd.*|bcde[^a]*)$', 'x.*(abc|bca).*y', '(?:a.*b|aaaa)c']
    const value = fc.string({
      unit: fc.constantFrom('a', 'b', 'c', 'select', 'from', '<a', ' on', '=', ';', 'x', 'y', 'aaaa'),
      maxLength: 40,
    })
    fc.assert(
      fc.property(fc.oneof(fc.constantFrom(...wide), pattern), value, (written, text) => {
        const node = nodeOf(written)
        const part = necessaryPart(node)
        if (part !== node) shorter += 1
        if (!new RegExp(emitRegex(node, 'v8')).test(text)) return
        held += 1
        expect(new RegExp(emitRegex(part, 'v8')).test(text)).toBe(true)
      }),
      { numRuns: 2000 },
    )
    expect(held).toBeGreaterThan(300)
    expect(shorter).toBeGreaterThan(100)
  })

  test('gives up on values that lead to ever new states, and not on others', () => {
    const set = new PatternSet([nodeOf('a.{40}b.{40}d')])
    const random = (seed: number) => {
      let state = seed
      return Array.from({ length: 4000 }, () => {
        state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
        return 'abc'[(state >>> 16) % 3]
      }).join('')
    }
    const answers = Array.from({ length: 40 }, (_, seed) => set.occurs(random(seed + 1)))
    expect(answers).toContain(undefined)
    const plain = new PatternSet(['abc', 'bca+', '[ab]{3}c'].map(nodeOf))
    for (let seed = 1; seed < 40; seed += 1) expect(plain.occurs(random(seed))).toBeTypeOf('boolean')
    expect(plain.states).toBeLessThan(30)
  })
})
