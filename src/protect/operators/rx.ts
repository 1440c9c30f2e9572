import { necessaryPart } from '../../platform/regex/necessary.ts'
import { pcrePattern } from './back-reference.ts'
import type { BytePattern, PatternMatch } from './byte-pattern.ts'
import type { Found, Operator, Test } from './operator.ts'

/** Groups kept of one match: the whole and nine more, as `TX:0` to `TX:9` hold them. */
const MOST_GROUPS = 10
/** Matches that `rxGlobal` looks for in one value. */
const MOST_MATCHES = 1000

function foundOf({ groups }: PatternMatch): Found {
  return { matched: groups[0]!, groups: groups.length > MOST_GROUPS ? groups.slice(0, MOST_GROUPS) : groups }
}

export const rx: Operator = {
  id: 'rx',
  compile: (argument) => {
    const pattern = pcrePattern(argument)
    const test: Test = (value) => {
      const match = pattern.exec(value)
      return match === undefined ? undefined : foundOf(match)
    }
    return Object.assign(test, { occurs: necessaryPart(pattern.node) })
  },
}

/** All matches, one after the other; an empty one counts only where it is the first. */
export function allMatches(pattern: BytePattern, value: string): PatternMatch[] {
  const matches: PatternMatch[] = []
  for (let from = 0; from <= value.length && matches.length < MOST_MATCHES; ) {
    const match = pattern.exec(value, from)
    if (match === undefined) break
    const whole = match.groups[0]!
    if (whole !== '' || matches.length === 0) matches.push(match)
    from = match.index + Math.max(1, whole.length)
  }
  return matches
}

/** Like `rx`, but the groups are those of all matches, in their order. */
export const rxGlobal: Operator = {
  id: 'rxGlobal',
  compile: (argument) => {
    const pattern = pcrePattern(argument)
    const test: Test = (value) => {
      const matches = allMatches(pattern, value)
      return matches[0] === undefined
        ? undefined
        : { matched: matches[0].groups[0]!, groups: matches.flatMap((match) => match.groups) }
    }
    return Object.assign(test, { occurs: necessaryPart(pattern.node) })
  },
}
