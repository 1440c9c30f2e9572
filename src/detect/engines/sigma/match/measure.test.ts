import fc from 'fast-check'
import { expect, test } from 'vitest'
import { loadRuleTexts } from '../load/load.ts'
import { classifier } from '../shapes/registry.ts'
import { randomEvent, randomRuleFile } from '../testing/random.ts'
import { evaluate } from './evaluate.ts'
import { compileSigma } from './program.ts'

test('what is measured is what is evaluated: every match among it, and each answer the plain one', () => {
  const classify = classifier()
  let measured = 0
  let held = 0
  fc.assert(
    fc.property(randomRuleFile, fc.array(randomEvent, { minLength: 1, maxLength: 6 }), (text, docs) => {
      const { rules } = loadRuleTexts([{ file: 'random.yml', text }])
      const program = compileSigma(rules)
      for (const doc of docs) {
        const matched = program.match(doc).map(({ info }) => info.id)
        const answers = new Map<string, boolean>()
        program.measure(doc, ({ id }, run) => answers.set(id, run()))
        for (const id of matched) expect(answers.get(id)).toBe(true)
        for (const [id, answer] of answers) {
          const rule = rules.find(({ info }) => info.id === id)!
          const event = { doc, eventClass: classify(doc), category: rule.logsource.category }
          expect(answer).toBe(evaluate(rule.expression, event))
          measured += 1
          if (answer) held += 1
        }
        expect(program.match(doc).map(({ info }) => info.id)).toEqual(matched)
      }
    }),
    { numRuns: 150 },
  )
  console.log(`${measured} rules measured, ${held} held`)
  expect(held).toBeGreaterThan(20)
})

test('a rule that is withheld is neither matched nor measured, until it is not withheld any more', () => {
  const text = 'title: A\nid: a\nlogsource: {product: test}\ndetection: {sel: {f: 1}, condition: sel}\n'
  const program = compileSigma(loadRuleTexts([{ file: 'a.yml', text }]).rules, { assume: { product: 'test' } })
  const seen = () => {
    const ids: string[] = []
    program.measure({ f: 1 }, ({ id }) => ids.push(id))
    return [program.match({ f: 1 }).length, ids.length]
  }
  expect(seen()).toEqual([1, 1])
  program.withhold(new Set(['a']))
  expect(seen()).toEqual([0, 0])
  program.withhold(new Set())
  expect(seen()).toEqual([1, 1])
})
