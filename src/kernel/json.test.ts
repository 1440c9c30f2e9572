import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { canonicalJson, type JsonValue } from './json.ts'

/** RFC 8785 said plainly: every member in order, the language's own text for strings and numbers. */
function plainly(value: JsonValue): string {
  if (value === null || typeof value !== 'object') return JSON.stringify(value)
  if (Array.isArray(value)) return `[${value.map(plainly).join(',')}]`
  const members = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))
  return `{${members.map(([key, member]) => `${JSON.stringify(key)}:${plainly(member!)}`).join(',')}}`
}

describe('canonical JSON', () => {
  test.each<[what: string, value: JsonValue, text: string]>([
    [
      'numbers as ECMAScript writes them',
      [333333333.3333333, 1e30, 4.5, 0.002, 1e-27, -0],
      '[333333333.3333333,1e+30,4.5,0.002,1e-27,0]',
    ],
    ['the rest', { literals: [null, true, false], '': {} }, '{"":{},"literals":[null,true,false]}'],
    [
      'keys by code units',
      { '\u20ac': 1, '\r': 2, '\ufb33': 3, '1': 4, '\ud83d\ude00': 5, '\u0080': 6, ö: 7 },
      '{"\\r":2,"1":4,"\u0080":6,"ö":7,"€":1,"😀":5,"\ufb33":3}',
    ],
    ['keys that look like numbers', { '9': 0, '10': 0, '1': 0 }, '{"1":0,"10":0,"9":0}'],
    ['what must be escaped, and nothing else', '€$\u000f\nA\'B"\\\\"/\u007f', '"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/\u007f"'],
    ['a surrogate alone', '\udead', '"\\udead"'],
  ])('writes %s', (_, value, text) => {
    expect(canonicalJson(value)).toBe(text)
  })

  test('says what it is of any value', () => {
    const json = fc.jsonValue({ stringUnit: 'binary', maxDepth: 5 })
    fc.assert(
      fc.property(json, (value) => {
        expect(canonicalJson(value as JsonValue)).toBe(plainly(value as JsonValue))
      }),
      { numRuns: 500 },
    )
  })

  test('leaves out what is undefined, and refuses what JSON cannot say', () => {
    expect(canonicalJson({ b: undefined, a: 1 } as unknown as JsonValue)).toBe('{"a":1}')
    for (const value of [Number.NaN, Number.POSITIVE_INFINITY]) expect(() => canonicalJson([value])).toThrow(TypeError)
  })
})
