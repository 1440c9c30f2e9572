import { necessaryPart } from '../../platform/regex/necessary.ts'
import { luhn } from '../../platform/text/luhn.ts'
import { bytePattern } from './byte-pattern.ts'
import type { Operator, Test } from './operator.ts'
import { allMatches } from './rx.ts'

/** Finds a match of the pattern whose digits are a number of its kind. */
function verification(id: string, isGenuine: (digits: readonly number[]) => boolean): Operator {
  return {
    id,
    compile: (argument) => {
      const pattern = bytePattern(argument)
      const test: Test = (value) => {
        for (const { groups } of allMatches(pattern, value)) {
          const matched = groups[0]!
          const digits = Array.from(matched.matchAll(/[0-9]/g), ([digit]) => Number(digit))
          if (isGenuine(digits)) return { matched, groups: groups.slice(0, 10) }
        }
        return undefined
      }
      return Object.assign(test, { occurs: necessaryPart(pattern.node) })
    },
  }
}

/** Luhn's check (ISO/IEC 7812-1). */
export const verifyCC = verification('verifyCC', (digits) => digits.length > 0 && luhn(digits.join('')).holds)

/** Number of the United States' Social Security, as areas were given out until 2011; runs of one digit or of counting digits are none. */
export const verifySSN = verification('verifySSN', (digits) => {
  if (digits.length !== 9) return false
  const part = (from: number, to: number) => Number(digits.slice(from, to).join(''))
  const steps = digits.slice(1).map((digit, at) => digit - digits[at]!)
  if (steps.every((step) => step === 0) || steps.every((step) => step === 1)) return false
  const area = part(0, 3)
  return area > 0 && area < 740 && area !== 666 && part(3, 5) > 0 && part(5, 9) > 0
})

/** Brazil's Cadastro de Pessoas Físicas: two check digits modulo 11. */
export const verifyCPF = verification('verifyCPF', (digits) => {
  if (digits.length !== 11 || digits.every((digit) => digit === digits[0])) return false
  return [9, 10].every((length) => {
    const sum = digits.slice(0, length).reduce((total, digit, at) => total + digit * (length + 1 - at), 0)
    const rest = (sum * 10) % 11
    return (rest === 10 ? 0 : rest) === digits[length]
  })
})

const SVNR_WEIGHTS = [3, 7, 9, 0, 5, 8, 4, 2, 1, 6]

/** Austria's Sozialversicherungsnummer: the fourth digit checks the others modulo 11. */
export const verifySVNR = verification('verifySVNR', (digits) => {
  if (digits.length !== 10) return false
  const sum = digits.reduce((total, digit, at) => total + digit * SVNR_WEIGHTS[at]!, 0)
  return sum % 11 === digits[3]
})
