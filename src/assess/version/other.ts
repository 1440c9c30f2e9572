import type { VersionScheme } from './scheme.ts'
import { compareLists, compareNumbers, compareSuffixes, compareText, isNumber, splitOnce } from './text.ts'

const GENTOO = /^([0-9]+(?:\.[0-9]+)*)([a-z]?)((?:_(?:alpha|beta|pre|rc|p)[0-9]*)*)(?:-r([0-9]+))?$/
const SUFFIXES = ['alpha', 'beta', 'pre', 'rc', '', 'p']

/** A number with a leading zero is a fraction: compared as text with its last zeros taken off (PMS §3.3, algorithm 3.3). */
function compareComponent(a: string, b: string): number {
  if (a.startsWith('0') || b.startsWith('0')) return compareText(a.replace(/0+$/, ''), b.replace(/0+$/, ''))
  return compareNumbers(a, b)
}

/** Gentoo: the Package Manager Specification §3.3. */
export const gentoo: VersionScheme = {
  id: 'gentoo',
  compare(a, b) {
    const left = GENTOO.exec(a)
    const right = GENTOO.exec(b)
    if (left === null || right === null) return left === right ? compareText(a, b) : left === null ? -1 : 1
    const [one, other] = [left[1]!.split('.'), right[1]!.split('.')]
    let order = compareNumbers(one[0]!, other[0]!)
    for (let i = 1; order === 0 && i < Math.min(one.length, other.length); i++) order = compareComponent(one[i]!, other[i]!)
    return (
      order ||
      one.length - other.length ||
      compareText(left[2]!, right[2]!) ||
      compareSuffixes(left[3]!, right[3]!, SUFFIXES) ||
      compareNumbers(left[4] ?? '', right[4] ?? '')
    )
  },
  valid: (version) => GENTOO.test(version),
}

/** OpenSSL: until 1.1.1 letters marked a patch (`1.0.2a` … `1.0.2za`), a longer run of them the later one. */
export const openssl: VersionScheme = {
  id: 'openssl',
  compare(a, b) {
    const [left, right] = [a, b].map((text) => /^([0-9.]*)([a-z]*)(.*)$/s.exec(text.trim().toLowerCase())!) as [
      RegExpExecArray,
      RegExpExecArray,
    ]
    return (
      compareLists(left[1]!.split('.'), right[1]!.split('.'), compareNumbers, '0') ||
      left[2]!.length - right[2]!.length ||
      compareText(left[2]!, right[2]!) ||
      (left[3] === right[3] ? 0 : left[3] === '' ? 1 : right[3] === '' ? -1 : compareText(left[3]!, right[3]!))
    )
  },
}

const compareConanItems = (a: string, b: string): number =>
  isNumber(a) && isNumber(b)
    ? compareNumbers(a, b)
    : isNumber(a) !== isNumber(b) && (a === '' || b === '')
      ? a === ''
        ? -1
        : 1
      : compareText(a, b)

/** Parts between dots; zeros at the end do not count, and what is longer is newer. */
function compareConanLists(a: string, b: string): number {
  const [left, right] = [a, b].map((text) => text.split('.')) as [string[], string[]]
  for (const list of [left, right]) while (list.length > 0 && /^0+$/.test(list.at(-1)!)) list.pop()
  for (let i = 0; i < Math.min(left.length, right.length); i++) {
    const order = compareConanItems(left[i]!, right[i]!)
    if (order !== 0) return order
  }
  return left.length - right.length
}

/** Conan 2: semantic versions of any length, where letters are allowed and build metadata orders. */
export const conan: VersionScheme = {
  id: 'conan',
  compare(a, b) {
    const [left, right] = [a, b].map((text) => {
      const [rest, build] = splitOnce(text.toLowerCase(), '+')
      const [core, pre] = splitOnce(rest, '-')
      return { core, pre, build }
    }) as [ConanParts, ConanParts]
    const order = compareConanLists(left.core, right.core)
    if (order !== 0) return order
    if ((left.pre === undefined) !== (right.pre === undefined)) return left.pre === undefined ? 1 : -1
    return compareConanLists(left.pre ?? '', right.pre ?? '') || compareConanLists(left.build ?? '', right.build ?? '')
  },
}

interface ConanParts {
  readonly core: string
  readonly pre: string | undefined
  readonly build: string | undefined
}

/** Points in time (RFC 3339), for what is named by its day of release. */
export const datetime: VersionScheme = {
  id: 'datetime',
  compare(a, b) {
    const [left, right] = [Date.parse(a), Date.parse(b)]
    if (Number.isNaN(left) || Number.isNaN(right))
      return Number.isNaN(left) && Number.isNaN(right) ? compareText(a, b) : Number.isNaN(left) ? -1 : 1
    return left - right
  },
  valid: (version) => !Number.isNaN(Date.parse(version)),
}

/** Bytes of UTF-8, without any normal form. */
export const lexicographic: VersionScheme = {
  id: 'lexicographic',
  compare: (a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)),
}

/** Runs of digits by value and runs of letters by text, whatever separates them: for what names no better scheme. */
export const generic: VersionScheme = {
  id: 'generic',
  compare(a, b) {
    const left: string[] = a.toLowerCase().match(/[0-9]+|[a-z]+/g) ?? []
    const right: string[] = b.toLowerCase().match(/[0-9]+|[a-z]+/g) ?? []
    for (let i = 0; i < Math.min(left.length, right.length); i++) {
      const [one, other] = [left[i]!, right[i]!]
      if (isNumber(one) !== isNumber(other)) return isNumber(one) ? 1 : -1
      const order = isNumber(one) ? compareNumbers(one, other) : compareText(one, other)
      if (order !== 0) return order
    }
    return left.length - right.length
  },
}
