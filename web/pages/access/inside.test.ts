import fc from 'fast-check'
import { expect, it } from 'vitest'
import { inside } from './inside.ts'

const ORIGIN = 'https://kanpeki.example'

const cases: readonly (readonly [string | undefined, string])[] = [
  [undefined, '/'],
  ['', '/'],
  ['/triage?alert=7#why', '/triage?alert=7#why'],
  ['//evil.example', '/'],
  ['/\\evil.example', '/'],
  ['/\t/evil.example', '/'],
  ['/\n/evil.example', '/'],
  ['https://evil.example/', '/'],
  ['https:evil.example', '/'],
  ['javascript:alert(1)', '/'],
  ['data:text/html,x', '/'],
  ['\\\\evil.example', '/'],
  ['/..//evil.example', '/'],
]

it(`follows no address that leaves the console, of ${cases.length}`, () => {
  for (const [to, expected] of cases) expect(inside(to, ORIGIN), String(to)).toBe(expected)
})

it('answers a path of ours, whatever is given', () => {
  fc.assert(
    fc.property(fc.string(), fc.constantFrom('', '/', '//', '/\\', '/\t/', '/..//', '/.//'), (text, start) => {
      expect(new URL(inside(`${start}${text}`, ORIGIN), ORIGIN).origin).toBe(ORIGIN)
    }),
    { numRuns: 500 },
  )
})
