import fc from 'fast-check'
import { expect, test } from 'vitest'
import { operators } from '../operators/registry.ts'
import { isHit, Prefilter } from './prefilter.ts'

const ARGUMENTS: readonly (readonly [operator: string, argument: string])[] = [
  ['rx', '(?i)\\bunion\\b.*?\\bselect\\b'],
  ['rx', '<script[^>]*>'],
  ['rx', '[\\n\\r]+(?:location|set-cookie)\\s*:'],
  ['rx', '^(?:\\d{1,3}\\.){3}\\d{1,3}$'],
  ['rx', '(?:^|[^a-z])or\\s+\\d+=\\d+'],
  ['pm', 'etc/passwd ../ boot.ini'],
  ['contains', '${jndi:'],
  ['validatebyterange', '32-126'],
]

test('the prefilter hides nothing that a rule would find, and most of what none would', () => {
  const prefilter = new Prefilter()
  const tests = ARGUMENTS.flatMap(([name, argument]) => {
    const found = operators[name]!.compile(argument, { readData: () => '' })
    const bit = found.occurs === undefined ? undefined : prefilter.add(`${name} ${argument}`, found.occurs)
    return bit === undefined ? [] : [{ found, bit }]
  })
  prefilter.build()
  expect(tests.length).toBeGreaterThan(5)
  const piece = fc.constantFrom(
    'union',
    ' ',
    'SELECT',
    '<script',
    '>',
    '\r\n',
    'location:',
    '10.0.0.1',
    ' or 1=1',
    '../',
    '${jndi:',
    '\xff',
    'a',
  )
  let found = 0
  let spared = 0
  fc.assert(
    fc.property(
      fc.array(piece, { maxLength: 8 }).map((pieces) => pieces.join('')),
      (value) => {
        const hits = prefilter.look(value)
        for (const each of tests) {
          if (each.found(value) !== undefined) {
            found += 1
            expect(isHit(hits, each.bit)).toBe(true)
          } else if (!isHit(hits, each.bit)) spared += 1
        }
      },
    ),
    { numRuns: 1000 },
  )
  expect(found).toBeGreaterThan(100)
  expect(spared).toBeGreaterThan(1000)
})

test('an expression that occurs in ordinary values gets no bit', () => {
  const { occurs } = operators['rx']!.compile('[a-z]', { readData: () => '' })
  expect(new Prefilter().add('rx [a-z]', occurs!)).toBeUndefined()
})
