import type { QuickTest } from '../../collect/masking/mask.ts'
import { checkRegex } from '../../platform/regex/check.ts'
import { runRegex } from '../../platform/regex/run.ts'
import { fold } from '../../platform/text/fold.ts'

const ASCII = /^[\x20-\x7e]*$/
/** Long s and the Kelvin sign: RE2 takes them for `s` and `k` where case does not matter, rules do not. */
const FOLDS_TO_ASCII = /[\u017f\u212a]/

/**
 * The rules' way of running expressions, lent to masking: literals that a match must hold are looked for first, and V8 runs what
 * cannot hang it. Several times as fast as RE2 in JavaScript, which then reads only the texts with a match.
 */
export const quickTest: QuickTest = (pattern) => {
  if (!ASCII.test(pattern)) return undefined
  const test = { kind: 'regex', pattern, insensitive: false, multiline: false, dotAll: false } as const
  if (checkRegex(test) !== undefined) return undefined
  const run = runRegex(test)
  return (text) => FOLDS_TO_ASCII.test(text) || run(text, () => fold(text))
}
