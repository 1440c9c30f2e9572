import { KanpekiError } from '../../kernel/error.ts'
import { type Comparator, type Constraint, orderOf, sortConstraints, type VersionRange } from './range.ts'

const of = (comparator: Comparator, version: string): Constraint => ({ comparator, version })

function unreadable(scheme: string, text: string): never {
  throw new KanpekiError('range_invalid', `"${text}" is no range of ${scheme}`, {
    remedy: `write it as ${scheme} itself would, or as vers:${scheme}/…`,
  })
}

const numbersOf = (version: string): number[] => (/^[0-9]+(?:\.[0-9]+)*/.exec(version)?.[0] ?? '0').split('.').map(Number)

/** The first version that a change at `place` brings: `1.2.3`, place 1 → `1.3.0`, as many numbers as `length`. */
const bump = (numbers: readonly number[], place: number, length: number): string =>
  Array.from({ length }, (_, i) => (i < place ? (numbers[i] ?? 0) : i === place ? (numbers[i] ?? 0) + 1 : 0)).join('.')

/** Up to three numbers, filled with zeros; a leading `v` goes. */
function fullNpm(version: string): string {
  const [, core = '', rest = ''] = /^[v=]*([0-9.]*)(.*)$/s.exec(version) ?? []
  const numbers = core.split('.').filter((part) => part !== '')
  while (numbers.length < 3) numbers.push('0')
  return `${numbers.join('.')}${rest}`
}

/** Where the first number that is not zero stands: what `^` holds fast. */
const caretPlace = (numbers: readonly number[]): number => {
  const place = numbers.findIndex((number) => number !== 0)
  return place < 0 ? numbers.length - 1 : place
}

function npmComparator(comparator: string, version: string): Constraint[] {
  const plain = version.replace(/^[v=]+/, '')
  const wild = /^([0-9]+(?:\.[0-9]+)*)?\.?[xX*](?:\.[xX*])*$/.exec(plain)
  if (wild !== null) {
    if (wild[1] === undefined) return []
    const numbers = numbersOf(wild[1])
    return [of('>=', fullNpm(wild[1])), of('<', bump(numbers, numbers.length - 1, 3))]
  }
  const numbers = numbersOf(plain)
  const full = fullNpm(plain)
  if (comparator === '~' || comparator === '~>')
    return [of('>=', full), of('<', bump(numbers, Math.min(1, numbers.length - 1), 3))]
  if (comparator === '^') return [of('>=', full), of('<', bump(numbers, caretPlace(numbers), 3))]
  return [of(comparator === '' || comparator === '=' ? '=' : (comparator as Comparator), full)]
}

/** npm: `||` between alternatives, `A - B`, `^`, `~`, `x` (node-semver, "Ranges"). */
function fromNpm(text: string): Constraint[] | '*' {
  const all = text.split('||').map((alternative) => {
    const hyphen = /^\s*(\S+)\s+-\s+(\S+)\s*$/.exec(alternative)
    if (hyphen !== null) return [of('>=', fullNpm(hyphen[1]!)), of('<=', fullNpm(hyphen[2]!))]
    return [...alternative.matchAll(/(<=|>=|<|>|=|~>|~|\^)?\s*([^\s<>=~^|]+)/g)].flatMap(([, comparator = '', version = '']) =>
      npmComparator(comparator, version),
    )
  })
  return all.some((constraints) => constraints.length === 0) ? '*' : all.flat()
}

/** Conan: as npm's, with `-` after a bound for its pre-releases, and options after a comma. */
function fromConan(text: string): Constraint[] {
  return text
    .split(',')[0]!
    .split('||')
    .flatMap((alternative) =>
      [...alternative.matchAll(/(<=|>=|<|>|=|~|\^)?\s*([^\s<>=~^|]+)/g)].flatMap(([, comparator = '', written = '']) => {
        const version = written.replace(/-$/, '')
        if (version === '*') return [of('>=', '0.0.0')]
        const numbers = numbersOf(version)
        if (comparator === '~') {
          const place = Math.min(1, numbers.length - 1)
          return [of('>=', version), of('<', `${bump(numbers, place, place + 1)}-`)]
        }
        if (comparator === '^') {
          const place = caretPlace(numbers)
          return [of('>=', version), of('<', `${bump(numbers, place, place + 1)}-`)]
        }
        return [of(comparator === '' ? '=' : (comparator as Comparator), version)]
      }),
    )
}

/** RubyGems: requirements between commas; `~>` lets the last number grow (Gem::Requirement). */
function fromGem(text: string): Constraint[] {
  return text.split(',').flatMap((requirement) => {
    const [, comparator = '=', version = ''] = /^\s*(~>|!=|<=|>=|<|>|=)?\s*(\S+)\s*$/.exec(requirement) ?? unreadable('gem', text)
    if (comparator !== '~>') return [of(comparator as Comparator, version)]
    const numbers = numbersOf(version)
    const place = Math.max(0, numbers.length - 2)
    return [of('>=', version), of('<', bump(numbers, place, place + 1))]
  })
}

/** PyPI: specifiers between commas (PEP 440, "Version specifiers"). */
function fromPypi(text: string): Constraint[] {
  return text.split(',').flatMap((specifier) => {
    const [, comparator = '', version = ''] =
      /^\s*(===|~=|==|!=|<=|>=|<|>)\s*(\S+?)\s*$/.exec(specifier) ?? unreadable('pypi', text)
    const numbers = numbersOf(version)
    if (comparator === '~=') return [of('>=', version), of('<', bump(numbers, numbers.length - 2, numbers.length - 1))]
    if (!version.endsWith('.*')) return [of(comparator.startsWith('==') ? '=' : (comparator as Comparator), version)]
    const lower = version.slice(0, -2)
    const upper = bump(numbers, numbers.length - 1, numbers.length)
    return comparator === '!=' ? [of('<', lower), of('>=', upper)] : [of('>=', lower), of('<', upper)]
  })
}

/** NuGet and Maven: intervals in brackets, and for NuGet a bare version as the lowest one (NuGet, "Version ranges"). */
function fromIntervals(scheme: string, text: string): Constraint[] {
  if (!/[[(]/.test(text)) return [of(scheme === 'nuget' ? '>=' : '=', text.trim())]
  return [...text.matchAll(/([[(])\s*([^,\])]*?)\s*(,?)\s*([^,\])]*?)\s*([\])])/g)].flatMap(
    ([, open, low = '', comma, high = '', close]) => {
      if (comma === '') return [of('=', low)]
      const lower = low === '' ? [] : [of(open === '[' ? '>=' : '>', low)]
      return high === '' ? lower : [...lower, of(close === ']' ? '<=' : '<', high)]
    },
  )
}

/** nginx's advisories: `A-B`, and `A+` for this version and all after it, within its branch where that is a stable one (an even second number). */
function fromNginx(text: string): Constraint[] {
  return text.split(',').flatMap((item) => {
    const part = item.trim()
    const between = /^([0-9.]+)-([0-9.]+)$/.exec(part)
    if (between !== null) return [of('>=', between[1]!), of('<=', between[2]!)]
    if (!part.endsWith('+')) return [of('=', part)]
    const version = part.slice(0, -1)
    const numbers = numbersOf(version)
    return numbers[1]! % 2 === 0 ? [of('>=', version), of('<', bump(numbers, 1, 3))] : [of('>=', version)]
  })
}

const fromList = (text: string): Constraint[] => text.split(',').map((version) => of('=', version.trim()))

/** A range in its ecosystem's own words as a `vers:` range, its constraints by version. Throws `range_invalid` where it cannot be read. */
export function fromNative(scheme: string, text: string): VersionRange {
  const order = orderOf(scheme)
  const constraints = read(scheme, text)
  return { scheme, constraints: constraints === '*' ? '*' : sortConstraints(constraints, order) }
}

function read(scheme: string, text: string): readonly Constraint[] | '*' {
  switch (scheme) {
    case 'npm':
      return fromNpm(text)
    case 'conan':
      return fromConan(text)
    case 'gem':
      return fromGem(text)
    case 'pypi':
      return fromPypi(text)
    case 'nuget':
    case 'maven':
      return fromIntervals(scheme, text)
    case 'nginx':
      return fromNginx(text)
    case 'openssl':
      return fromList(text)
    default:
      return unreadable(scheme, text)
  }
}
