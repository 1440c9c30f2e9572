import type { Operator } from './operator.ts'

/** C's `atoi`: the digits at the beginning, 0 where there are none. */
export function leadingInteger(text: string): number {
  const number = Number.parseInt(text, 10)
  return Number.isNaN(number) ? 0 : number
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
