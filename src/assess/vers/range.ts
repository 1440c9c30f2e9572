import { KanpekiError } from '../../kernel/error.ts'
import type { VersionScheme } from '../version/scheme.ts'
import { schemeOfType } from '../version/schemes.ts'

export type Comparator = '=' | '!=' | '<' | '<=' | '>' | '>='

export interface Constraint {
  readonly comparator: Comparator
  readonly version: string
}

/** A range of versions, as `vers:` writes it (ECMA-427 working draft, "VERS"): `'*'` for every version. */
export interface VersionRange {
  readonly scheme: string
  readonly constraints: readonly Constraint[] | '*'
}

const fail = (message: string, remedy: string): never => {
  throw new KanpekiError('range_invalid', message, { remedy })
}

/** The scheme's order; throws where none is known: a range that cannot be judged must not look empty. */
export function orderOf(scheme: string): VersionScheme {
  return (
    schemeOfType(scheme) ??
    fail(`no order of versions is known for "${scheme}"`, 'name a scheme such as npm, deb, rpm, pypi or maven')
  )
}

const encode = (version: string): string =>
  encodeURIComponent(version).replaceAll('%3A', ':').replaceAll('%2B', '+').replaceAll('%7E', '~')

/** The range as text, in its canonical form. */
export const writeRange = ({ scheme, constraints }: VersionRange): string =>
  `vers:${scheme}/${constraints === '*' ? '*' : constraints.map(({ comparator, version }) => `${comparator === '=' ? '' : comparator}${encode(version)}`).join('|')}`

function decode(text: string): string {
  if (/%(?![0-9A-Fa-f]{2})/.test(text)) fail(`invalid percent-encoding in version "${text}"`, 'write % as %25')
  try {
    return decodeURIComponent(text)
  } catch {
    return fail(`"${text}" is no UTF-8 once decoded`, 'encode the version as UTF-8')
  }
}

/** Constraints by version; of those of one version, what ends a range stands before what begins the next. */
export const sortConstraints = (constraints: readonly Constraint[], scheme: VersionScheme): Constraint[] =>
  constraints.toSorted(
    (a, b) => scheme.compare(a.version, b.version) || Number(b.comparator.startsWith('<')) - Number(a.comparator.startsWith('<')),
  )

function split(text: string): { scheme: string; rest: string } {
  const [, scheme, rest] = /^vers:([a-z0-9.-]+)\/(.+)$/s.exec(text) ?? []
  if (scheme === undefined || rest === undefined)
    return fail(`"${text}" is no range`, 'write it as vers:SCHEME/CONSTRAINT|CONSTRAINT')
  return { scheme, rest }
}

function readConstraint(text: string): Constraint {
  const [, comparator = '', version = ''] = /^(!=|<=|>=|<|>|=)?(.*)$/s.exec(text) ?? []
  if (version === '' || version === '*') fail(`"${text}" has no version`, 'write a version after the comparator')
  // `=>1`, `==1`, `>=1,<2` and `^1` are slips that would otherwise be versions which nothing has.
  if (/^[\^~]|[<>=!]/.test(version))
    fail(`"${text}" is no constraint`, 'write one of =, !=, <, <=, > and >= before each version, and | between them: >=1.2|<2')
  return { comparator: comparator === '' ? '=' : (comparator as Comparator), version: decode(version) }
}

/** Reads a range as people write it: blanks, empty parts and any order are forgiven. */
export function readRange(text: string): VersionRange {
  const { scheme, rest } = split(text.replace(/\s+/g, ''))
  if (rest === '*') return { scheme, constraints: '*' }
  const constraints = rest
    .split('|')
    .filter((part) => part !== '')
    .map(readConstraint)
  if (constraints.length === 0) fail(`"${text}" has no constraint`, 'write at least one version, or *')
  return { scheme, constraints: sortConstraints(constraints, orderOf(scheme)) }
}

const DATETIME = /^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]+)?(?:Z|[+-][0-9]{2}:[0-9]{2})$/

/** Reads a range that must be in its canonical form; says what is not, where it is not. */
export function parseCanonicalRange(text: string): VersionRange {
  const not = (what: string): never => fail(`non-canonical VERS: ${what}`, 'write the range in its canonical form')
  if (/\s/.test(text)) not('whitespace is not permitted')
  const { scheme, rest } = split(text)
  if (rest === '*') return { scheme, constraints: '*' }
  if (rest.startsWith('|')) not('leading pipe is not permitted')
  if (rest.endsWith('|')) not('trailing pipe is not permitted')
  if (rest.includes('||')) not('consecutive pipes are not permitted')
  for (const part of rest.split('|')) {
    if (/%(?![0-9A-Fa-f]{2})/.test(part)) not('invalid percent-encoding in version')
    if (scheme === 'datetime' && /%3A/.test(part)) not('datetime time colons must be unencoded')
  }
  const range: VersionRange = { scheme, constraints: rest.split('|').map(readConstraint) }
  const sorted = sortConstraints(range.constraints as readonly Constraint[], orderOf(scheme))
  if (sorted.some((constraint, i) => constraint !== range.constraints[i])) not('constraints are not sorted by version')
  if (writeRange(range) !== text) not('percent-encoding in version is not canonical')
  if (scheme === 'datetime' && sorted.some(({ version }) => !DATETIME.test(version))) not('datetime must use uppercase T and Z')
  return range
}

/**
 * True where the version lies in the range, by the containment algorithm of the VERS text: exact versions first, then
 * the intervals between the remaining constraints in order.
 */
export function inRange(version: string, { scheme, constraints }: VersionRange): boolean {
  if (constraints === '*') return true
  const { compare } = orderOf(scheme)
  for (const constraint of constraints) {
    if (compare(version, constraint.version) !== 0) continue
    if (constraint.comparator === '!=') return false
    if (constraint.comparator !== '<' && constraint.comparator !== '>') return true
  }
  const bounds = constraints.filter(({ comparator }) => comparator !== '=' && comparator !== '!=')
  if (bounds.length === 0)
    return constraints.some(({ comparator }) => comparator === '!=') && constraints.every(({ comparator }) => comparator === '!=')
  for (const [i, { comparator, version: bound }] of bounds.entries()) {
    const order = compare(version, bound)
    const previous = bounds[i - 1]?.comparator
    const opened = previous === '>' || previous === '>='
    if (comparator.startsWith('<') && order < 0) return i === 0 || (opened && compare(version, bounds[i - 1]!.version) > 0)
    if (comparator.startsWith('>') && order > 0 && i === bounds.length - 1) return true
  }
  return false
}
