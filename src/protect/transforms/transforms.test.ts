import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { sharedData } from '../../kernel/testing/shared-data.ts'
import { readVectors } from '../testing/vectors.ts'
import { transforms } from './registry.ts'

const data = sharedData('waf/secrules/transformations')

describe('transformations', () => {
  test.skipIf(data === undefined)('do to each vector of the published tests what it says', () => {
    const vectors = readVectors(data!)
    const wrong = vectors.flatMap(({ name, input, output }) => {
      const made = transforms[name.toLowerCase()]?.(input)
      return made === output ? [] : [{ name, input, output, made }]
    })
    console.log(`${vectors.length - wrong.length} of ${vectors.length} vectors of transformations pass`)
    expect(wrong).toEqual([])
    expect(vectors.length).toBeGreaterThanOrEqual(376)
  })

  test('give the same string back where nothing changes, and stay bytes', () => {
    let unchanged = 0
    const bytes = fc.string({
      unit: fc.oneof(
        fc.constantFrom(
          '%',
          'u',
          '\\',
          '&',
          '#',
          'x',
          ';',
          '/',
          '*',
          '-',
          '.',
          '0',
          '4',
          '1',
          'f',
          ' ',
          '\0',
          '\xa0',
          '\xc3',
          'A',
        ),
        fc.integer({ min: 0, max: 255 }).map((byte) => String.fromCharCode(byte)),
      ),
      maxLength: 40,
    })
    fc.assert(
      fc.property(fc.constantFrom(...Object.keys(transforms)), bytes, (name, value) => {
        const made = transforms[name]!(value)
        expect(/^[\0-\xff]*$/.test(made)).toBe(true)
        if (made === value) unchanged += 1
      }),
      { numRuns: 4000 },
    )
    expect(unchanged).toBeGreaterThan(300)
  })

  test('runs of white space become one space, whatever they begin with', () => {
    const blanks = fc.string({ unit: fc.constantFrom(' ', '\t', '\n', '\v', '\f', '\r', '\xa0', 'a', '\0'), maxLength: 8 })
    fc.assert(
      fc.property(blanks, (value) => {
        expect(transforms['compresswhitespace']!(value)).toBe(value.replace(/[\t-\r \xa0]+/g, ' '))
        expect(transforms['removewhitespace']!(value)).toBe(value.replace(/[\t-\r \xa0]/g, ''))
      }),
      { numRuns: 1000 },
    )
    expect(transforms['compresswhitespace']!('union \tselect')).toBe('union select')
  })
})
