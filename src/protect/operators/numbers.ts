import type { Operator } from './operator.ts'

const LARGEST = Number.MAX_SAFE_INTEGER

/**
 * The digits at the beginning, white space of C and a sign before them; 0 where there are none. As `strtol` stops at the largest
 * number it holds, so does this: sums of what requests say stay numbers that can be written in digits.
 */
export function leadingInteger(text: string): number {
  const digits = /^[\t-\r ]*([+-]?[0-9]+)/.exec(text)?.[1]
  return digits === undefined ? 0 : Math.max(-LARGEST, Math.min(LARGEST, Number(digits)))
}

function comparison(id: string, holds: (value: number, argument: number) => boolean): Operator {
  return {
    id,
    compile: (argument) => {
      const against = leadingInteger(argument)
      return (value) => (holds(leadingInteger(value), against) ? { matched: value } : undefined)
    },
  }
}

export const eq = comparison('eq', (value, argument) => value === argument)
export const ge = comparison('ge', (value, argument) => value >= argument)
export const gt = comparison('gt', (value, argument) => value > argument)
export const le = comparison('le', (value, argument) => value <= argument)
export const lt = comparison('lt', (value, argument) => value < argument)
