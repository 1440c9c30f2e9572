import type { VersionScheme } from './scheme.ts'
import { compareNumbers, compareSuffixes, compareText } from './text.ts'

const PATTERN =
  /^(?<numbers>[0-9.]*)(?<letter>[a-z]?)(?<suffixes>(?:_[a-z]+[0-9]*)*)(?:-r(?<release>[0-9]*)(?![a-z]))?(?<rest>.*)$/s

/** Before the release itself stand the first four, after it the last five; a suffix that apk does not know stands before all. */
const SUFFIXES = ['alpha', 'beta', 'pre', 'rc', '', 'cvs', 'svn', 'git', 'hg', 'p']

/** After the first, a number that begins with a zero is compared as a fraction is: by text. */
function compareComponents(a: readonly string[], b: readonly string[]): number {
  for (let i = 0; i < Math.max(a.length, b.length); i++) {
    const [one, other] = [a[i], b[i]]
    if (one === other) continue
    if (one === undefined) return other === '' ? 1 : -1
    if (other === undefined) return one === '' ? -1 : 1
    const byText = i > 0 && (one.startsWith('0') || other.startsWith('0'))
    const order = byText ? compareText(one, other) : compareNumbers(one, other)
    if (order !== 0) return order
  }
  return 0
}

/** What apk cannot read makes a version older than the same without it. */
function compareRest(a: string, b: string): number {
  if (a === '' || b === '') return Number(a === '') - Number(b === '')
  return a.startsWith('-') && b.startsWith('-') ? 0 : compareText(a, b)
}

/** Alpine: the order of apk-tools 2 (`version.c`), which the distribution's advisories are written in. */
export const apk: VersionScheme = {
  id: 'apk',
  compare(a, b) {
    const left = PATTERN.exec(a)!.groups!
    const right = PATTERN.exec(b)!.groups!
    return (
      compareComponents(left['numbers']!.split('.'), right['numbers']!.split('.')) ||
      compareText(left['letter']!, right['letter']!) ||
      compareSuffixes(left['suffixes']!, right['suffixes']!, SUFFIXES) ||
      compareNumbers(left['release'] ?? '', right['release'] ?? '') ||
      compareRest(left['rest']!, right['rest']!)
    )
  },
  valid: (version) => {
    const groups = PATTERN.exec(version)!.groups!
    return /^[0-9]+(?:\.[0-9]+)*$/.test(groups['numbers']!) && groups['rest'] === ''
  },
}
