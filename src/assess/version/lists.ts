import type { VersionScheme } from './scheme.ts'
import { compareNumbers, compareText, isNumber } from './text.ts'

function compareNumberLists(a: readonly string[], b: readonly string[]): number {
  for (let i = 0; i < Math.min(a.length, b.length); i++) {
    const [one, other] = [a[i]!, b[i]!]
    const order = isNumber(one) && isNumber(other) ? compareNumbers(one, other) : compareText(one, other)
    if (order !== 0) return order
  }
  return a.length - b.length
}

/** CRAN: numbers between dots and dashes; more numbers are newer (R's `package_version`). */
export const cran: VersionScheme = {
  id: 'cran',
  compare: (a, b) => compareNumberLists(a.split(/[.-]/), b.split(/[.-]/)),
}

/** Haskell's Package Versioning Policy: numbers between dots; more numbers are newer. */
export const hackage: VersionScheme = {
  id: 'hackage',
  compare: (a, b) => compareNumberLists(a.split('.'), b.split('.')),
}

/** PHP's words from old to new; a part is the first of them that it begins with, case and all (`patch1` is `p`). */
const WORDS: readonly (readonly [string, number])[] = [
  ['dev', 0],
  ['alpha', 1],
  ['a', 1],
  ['beta', 2],
  ['b', 2],
  ['RC', 3],
  ['rc', 3],
  ['#', 4],
  ['pl', 5],
  ['p', 5],
]

/** A word that PHP does not know is older than all others, and equal to every other such word. */
const rank = (part: string): number => (isNumber(part) ? 4 : (WORDS.find(([word]) => part.startsWith(word))?.[1] ?? -1))

/** The parts as PHP's `version_compare` cuts them: at `-`, `_`, `+`, `.` and wherever digits meet letters. */
const phpParts = (version: string): string[] =>
  version
    .replace(/^[vV](?=[0-9])/, '')
    .replace(/[-_+]/g, '.')
    .replace(/([0-9])([^0-9.])/g, '$1.$2')
    .replace(/([^0-9.])([0-9])/g, '$1.$2')
    .split('.')
    .filter((part) => part !== '')

/** Packagist: Composer orders by PHP's `version_compare`; branches (`dev-…`) are older than every release. */
export const packagist: VersionScheme = {
  id: 'composer',
  compare(a, b) {
    const left = phpParts(a)
    const right = phpParts(b)
    for (let i = 0; i < Math.max(left.length, right.length); i++) {
      const [one, other] = [left[i], right[i]]
      let order: number
      if (one === undefined) order = isNumber(other!) ? -1 : rank('#') - rank(other!)
      else if (other === undefined) order = isNumber(one) ? 1 : rank(one) - rank('#')
      else order = isNumber(one) && isNumber(other) ? compareNumbers(one, other) : rank(one) - rank(other)
      if (order !== 0) return order
    }
    return 0
  },
}

/** RubyGems: a word is older than a number and than the end; zeros at the end of a run do not count (`Gem::Version`). */
export const gem: VersionScheme = {
  id: 'gem',
  compare(a, b) {
    const left = gemParts(a)
    const right = gemParts(b)
    for (let i = 0; i < Math.max(left.length, right.length); i++) {
      const one = left[i] ?? '0'
      const other = right[i] ?? '0'
      if (isNumber(one) !== isNumber(other)) return isNumber(one) ? 1 : -1
      const order = isNumber(one) ? compareNumbers(one, other) : compareText(one, other)
      if (order !== 0) return order
    }
    return 0
  },
}

function gemParts(version: string): string[] {
  const all =
    version
      .trim()
      .replaceAll('-', '.pre.')
      .match(/[0-9]+|[a-zA-Z]+/g) ?? []
  const word = all.findIndex((part) => !isNumber(part))
  const numbers = word < 0 ? all : all.slice(0, word)
  const rest = word < 0 ? [] : all.slice(word)
  for (const run of [numbers, rest]) while (run.length > 0 && /^0+$/.test(run.at(-1)!)) run.pop()
  return [...numbers, ...rest]
}
