import type { VersionScheme } from './scheme.ts'
import { compareLists, compareNumbers, compareText, isNumber, splitOnce } from './text.ts'

interface Parts {
  readonly numbers: readonly string[]
  readonly rest: string
  readonly pre: readonly string[]
  readonly build: string
}

/**
 * Splits what may be a semantic version, forgivingly: a leading `v`, any number of numbers, a pre-release after the first
 * `-` (or straight after the numbers), build metadata after `+`.
 */
function split(version: string, ignoreCase: boolean): Parts {
  const text = ignoreCase ? version.toLowerCase() : version
  const [core, build = ''] = splitOnce(text.trim().replace(/^[vV=]+/, ''), '+')
  const numbers = /^[0-9]+(?:\.[0-9]+)*/.exec(core)?.[0] ?? ''
  const rest = core.slice(numbers.length)
  const pre = rest.startsWith('-') ? rest.slice(1) : rest.replace(/^\./, '')
  return { numbers: numbers === '' ? [] : numbers.split('.'), rest, pre: pre === '' ? [] : pre.split('.'), build }
}

/** Identifiers of a pre-release: numbers by value and before words, words by ASCII (SemVer 2.0.0 §11.4). */
function compareIdentifiers(a: string, b: string): number {
  if (isNumber(a) && isNumber(b)) return compareNumbers(a, b)
  if (isNumber(a) !== isNumber(b)) return isNumber(a) ? -1 : 1
  return compareText(a, b)
}

function compareLonger(a: readonly string[], b: readonly string[]): number {
  for (let i = 0; i < Math.min(a.length, b.length); i++) {
    const order = compareIdentifiers(a[i]!, b[i]!)
    if (order !== 0) return order
  }
  return a.length - b.length
}

function comparePre(a: readonly string[], b: readonly string[]): number {
  if (a.length === 0 || b.length === 0) return Number(a.length === 0) - Number(b.length === 0)
  return compareLonger(a, b)
}

const compareParts = (a: Parts, b: Parts): number =>
  compareLists(a.numbers, b.numbers, compareNumbers, '0') || comparePre(a.pre, b.pre)

const STRICT = /^[v=]?(?:0|[1-9][0-9]*)\.(?:0|[1-9][0-9]*)\.(?:0|[1-9][0-9]*)(?:-[0-9A-Za-z.-]+)?(?:\+[0-9A-Za-z.-]+)?$/

/** Semantic Versioning 2.0.0: npm, Go, crates.io, Hex, SwiftPM. Build metadata does not order. */
export const semver: VersionScheme = {
  id: 'semver',
  compare: (a, b) => compareParts(split(a, false), split(b, false)),
  valid: (version) => STRICT.test(version.trim()),
}

/** NuGet: up to four numbers, and case does not count. */
export const nuget: VersionScheme = {
  id: 'nuget',
  compare: (a, b) => compareParts(split(a, true), split(b, true)),
  normalise(version) {
    const [rest, build] = splitOnce(version, '+')
    return build === undefined ? rest.toLowerCase() : `${rest.toLowerCase()}+${build}`
  },
}

/** Dart's pub: semantic versions where build metadata orders too, after everything else. */
export const pub: VersionScheme = {
  id: 'pub',
  compare(a, b) {
    const left = split(a, false)
    const right = split(b, false)
    const order = compareParts(left, right)
    if (order !== 0 || left.build === right.build) return order
    if (left.build === '' || right.build === '') return left.build === '' ? -1 : 1
    return compareLonger(left.build.split('.'), right.build.split('.'))
  },
}
