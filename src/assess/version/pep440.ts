import type { VersionScheme } from './scheme.ts'
import { compareLists, compareNumbers, compareText, isNumber } from './text.ts'

const PATTERN = new RegExp(
  [
    '^\\s*v?(?:(?<epoch>[0-9]+)!)?(?<release>[0-9]+(?:\\.[0-9]+)*)',
    '(?:[-_.]?(?<preL>alpha|beta|preview|pre|rc|a|b|c)[-_.]?(?<preN>[0-9]*))?',
    '(?<post>-(?<postI>[0-9]+)|[-_.]?(?:post|rev|r)[-_.]?(?<postN>[0-9]*))?',
    '(?<dev>[-_.]?dev[-_.]?(?<devN>[0-9]*))?',
    '(?:\\+(?<local>[a-z0-9]+(?:[-_.][a-z0-9]+)*))?\\s*$',
  ].join(''),
  'i',
)

const PRE: Readonly<Record<string, number>> = { alpha: 1, a: 1, beta: 2, b: 2, c: 3, rc: 3, pre: 3, preview: 3 }

interface Pep440 {
  readonly epoch: string
  readonly release: readonly string[]
  /** 0 a bare development release, 1–3 alpha, beta and candidate, 4 none. */
  readonly pre: number
  readonly preNumber: string
  readonly post: string | undefined
  readonly dev: string | undefined
  readonly local: readonly string[]
}

function parse(version: string): Pep440 | undefined {
  const groups = PATTERN.exec(version)?.groups
  if (groups === undefined) return undefined
  const { epoch, release, preL, preN, post, postI, postN, dev, devN, local } = groups
  const kind = preL === undefined ? undefined : PRE[preL.toLowerCase()]
  return {
    epoch: epoch ?? '0',
    release: release!.split('.'),
    pre: kind ?? (post === undefined && dev !== undefined ? 0 : 4),
    preNumber: preN ?? '',
    post: post === undefined ? undefined : (postI ?? postN ?? ''),
    dev: dev === undefined ? undefined : (devN ?? ''),
    local: local === undefined ? [] : local.toLowerCase().split(/[-_.]/),
  }
}

/** Numbers of a local version come after its words; a longer one after its own beginning. */
function compareLocal(a: readonly string[], b: readonly string[]): number {
  for (let i = 0; i < Math.min(a.length, b.length); i++) {
    const [one, other] = [a[i]!, b[i]!]
    if (isNumber(one) !== isNumber(other)) return isNumber(one) ? 1 : -1
    const order = isNumber(one) ? compareNumbers(one, other) : compareText(one, other)
    if (order !== 0) return order
  }
  return a.length - b.length
}

function compareEnds(a: string | undefined, b: string | undefined, absent: -1 | 1): number {
  if (a === undefined || b === undefined) return a === b ? 0 : a === undefined ? absent : -absent
  return compareNumbers(a, b)
}

function compareParsed(a: Pep440, b: Pep440): number {
  return (
    compareNumbers(a.epoch, b.epoch) ||
    compareLists(a.release, b.release, compareNumbers, '0') ||
    a.pre - b.pre ||
    compareNumbers(a.preNumber, b.preNumber) ||
    compareEnds(a.post, b.post, -1) ||
    compareEnds(a.dev, b.dev, 1) ||
    compareLocal(a.local, b.local)
  )
}

/** The words and numbers that setuptools cut a version into before PEP 440; all such versions are older than every valid one. */
const legacyParts = (version: string): string[] =>
  (version.toLowerCase().match(/[0-9]+|[a-z]+/g) ?? []).map((part) => (isNumber(part) ? part.padStart(8, '0') : `*${part}`))

function compareLegacy(a: string, b: string): number {
  const left = legacyParts(a)
  const right = legacyParts(b)
  return compareLists(left, right, compareText, '*final') || compareText(a, b)
}

/** Python: PEP 440; what it refuses is older than everything it accepts. */
export const pypi: VersionScheme = {
  id: 'pypi',
  compare(a, b) {
    const left = parse(a)
    const right = parse(b)
    if (left !== undefined && right !== undefined) return compareParsed(left, right)
    if (left === undefined && right === undefined) return compareLegacy(a, b)
    return left === undefined ? -1 : 1
  },
  valid: (version) => parse(version) !== undefined,
}
