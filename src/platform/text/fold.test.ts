import fc from 'fast-check'
import { expect, test } from 'vitest'
import { FOLDED_UNITS, fold, foldsByUnit, unitsFoldingTo } from './fold.ts'

test('the table of units agrees with folding each unit alone', () => {
  const wrong: number[] = []
  for (let unit = 0; unit < 0x10000; unit += 1) {
    const folded = fold(String.fromCharCode(unit))
    if (folded.length !== 1 || folded.charCodeAt(0) !== FOLDED_UNITS[unit]) wrong.push(unit)
  }
  expect(wrong).toEqual([])
})

test('no unit beyond ASCII folds into ASCII', () => {
  const strangers = Array.from(FOLDED_UNITS.subarray(128)).filter((folded) => folded < 128)
  expect(strangers).toEqual([])
})

test('every unit is found among those that fold to its fold', () => {
  const missing: number[] = []
  for (let unit = 0; unit < 0x10000; unit += 1) if (!unitsFoldingTo(FOLDED_UNITS[unit]!).includes(unit)) missing.push(unit)
  expect(missing).toEqual([])
})

test('folding keeps the length, and is done once', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      const folded = fold(text)
      expect(folded.length).toBe(text.length)
      expect(fold(folded)).toBe(folded)
    }),
  )
})

test('texts without cased letters beyond the basic plane fold unit by unit', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      fc.pre(foldsByUnit(text))
      const units = Array.from({ length: text.length }, (_, at) => String.fromCharCode(FOLDED_UNITS[text.charCodeAt(at)]!)).join(
        '',
      )
      expect(fold(text)).toBe(units)
    }),
  )
  expect(['😀', 'a', '日本'].map(foldsByUnit)).toEqual([true, true, true])
  expect(['𐐀', '\ud83d', '𞤀x'].map(foldsByUnit)).toEqual([false, false, false])
})
