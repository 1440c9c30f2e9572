import { fileURLToPath } from 'node:url'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { loadMaskingRules } from '../../collect/masking/load.ts'
import { createMasker } from '../../collect/masking/mask.ts'
import { maskingRule } from '../../collect/masking/schema.ts'
import { quickTest } from './quick-test.ts'

const ours = loadMaskingRules([fileURLToPath(new URL('../../../content/masking', import.meta.url))])
const others = [
  String.raw`(?i)\bsession(?:id)?=[0-9a-f]{8,}\b`,
  String.raw`^\d{3}-\d{4}$`,
  String.raw`[\p{L}]+様`,
  'a|b+c?',
  '(?s)begin.*?end',
].map((pattern, at) => maskingRule.parse({ id: `r${at}`, title: 'r', fields: ['*'], pattern, replace: '#' }))
const rules = [...ours, ...others].map((rule) => ({ ...rule, enabled: true }))
const KEY = Buffer.alloc(32, 7)

const PIECES = [
  'password',
  ' = ',
  '=',
  ':',
  '"',
  'Bearer ',
  'abcdefgh12',
  'a@b.example',
  '4111 1111 1111 1111',
  '4111111111111111',
  'SessionId=',
  '0a1b2c3d4e',
  '123-4567',
  '佐藤様',
  'begin',
  'end',
  '\n',
  ' ',
  'authorization: basic ',
  'QWxhZGRpbg==',
  'ſecret=',
  'toKen=xyz',
  '&',
  'ａ＠ｂ',
]
const texts = fc
  .array(fc.oneof(fc.constantFrom(...PIECES), fc.string({ maxLength: 6 }), fc.string({ unit: 'binary', maxLength: 4 })), {
    maxLength: 9,
  })
  .map((parts) => parts.join(''))

it('masks the same with the quick test as without', () => {
  const tests = rules.map(({ pattern }) => quickTest(pattern!))
  // One of these has a class that only RE2 knows.
  expect(tests.filter((test) => test === undefined)).toHaveLength(1)
  let masked = 0
  fc.assert(
    fc.property(texts, (text) => {
      for (const rule of rules) {
        const [slow, quick] = [undefined, quickTest].map((quick) => {
          const doc = { message: text, [text]: 1 }
          const tally = new Map<string, number>()
          createMasker([rule], KEY, quick)!(doc, tally)
          masked += tally.size
          return { doc, tally }
        })
        expect(quick).toEqual(slow)
      }
    }),
    { numRuns: 1_500 },
  )
  expect(masked).toBeGreaterThan(1_000)
})
