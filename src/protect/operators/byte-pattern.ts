import { RE2JS } from 're2js'
import { KanpekiError } from '../../kernel/error.ts'
import { type BacktrackingCost, backtrackingCost } from '../../platform/regex/analyse.ts'
import type { RegexNode } from '../../platform/regex/ast.ts'
import { hasLook } from '../../platform/regex/check.ts'
import { emitRegex } from '../../platform/regex/emit.ts'
import { TooLargeError } from '../../platform/regex/nfa.ts'
import { parseRegex } from '../../platform/regex/parse.ts'
import { PatternSet } from '../../platform/regex/pattern-set.ts'

/** A compiled expression over byte strings. Groups are numbered as written, 0 is the whole match. */
export interface BytePattern {
  readonly node: RegexNode
  /** Longest value that V8 runs it on; `Infinity` where backtracking is linear. Longer ones go to the automaton and re2js. */
  readonly longestOnV8: number
  /** The leftmost match at or after `from`, with its index. */
  readonly exec: (value: string, from?: number) => PatternMatch | undefined
}

export interface PatternMatch {
  readonly index: number
  readonly groups: readonly (string | undefined)[]
}

/** Parses an expression as ModSecurity compiles it: `.` is any byte, `$` the very end. */
export function parseBytes(pattern: string): RegexNode {
  const parsed = parseRegex({ pattern, insensitive: false, multiline: false, dotAll: true, bytes: true })
  if ('fault' in parsed) {
    throw new KanpekiError(parsed.fault.code, `The pattern cannot be used: ${parsed.fault.reason}.`, {
      remedy: 'Write it without back-references, recursion and atomic groups.',
    })
  }
  return parsed.node
}

/** Steps that V8 may take at most on one value: a few milliseconds. */
const MOST_STEPS = 1e6
/** Look-around runs on V8 alone, so that it must not be able to take more than a few times the value's length. */
const HIGHEST_DEGREE_WITH_LOOK = 1

/**
 * Compiles an expression so that no value can hang it. V8 runs it on values that are short enough for its worst case (`backtrackingCost`);
 * whether it occurs in a longer one is told by a lazy automaton in one pass, and where a match must also be placed, or the automaton gives
 * up, re2js finds it in linear time.
 */
export function bytePattern(pattern: string): BytePattern {
  const node = parseBytes(pattern)
  const cost = backtrackingCost(node)
  const looks = hasLook(node)
  if (looks && (cost.exponential || cost.degree > HIGHEST_DEGREE_WITH_LOOK)) {
    throw new KanpekiError('regex-unsupported', 'The pattern has look-around that could take very long.', {
      remedy: 'Write it without look-around, or anchor what stands beside it.',
    })
  }
  if (!looks && longestForV8(cost) < Infinity && largestRepetition(node) > MOST_REPETITIONS) {
    throw new KanpekiError('regex-unsupported', 'The pattern repeats repetitions more than a thousand times.', {
      remedy: 'Make the bounds of what is repeated inside of a repetition smaller, or leave them open.',
    })
  }
  const longest = looks ? Infinity : longestForV8(cost)
  const onV8 = new RegExp(emitRegex(node, 'v8'), 'g')
  const linear = longest === Infinity ? undefined : linearSearch(node)
  return {
    node,
    longestOnV8: longest,
    exec: (value, from = 0) => {
      if (value.length > longest && linear !== undefined) return linear(value, from)
      onV8.lastIndex = from
      const match = onV8.exec(value)
      return match === null ? undefined : { index: match.index, groups: match }
    },
  }
}

/** Copies that the linear engine would have to make of the innermost part: it takes no pattern with more. */
const MOST_REPETITIONS = 1000

function largestRepetition(node: RegexNode): number {
  switch (node.kind) {
    case 'sequence':
    case 'choice':
      return Math.max(1, ...node.items.map(largestRepetition))
    case 'group':
    case 'look':
      return largestRepetition(node.item)
    case 'repeat':
      return largestRepetition(node.item) * Math.max(1, node.min, node.max === Infinity ? 1 : node.max)
    default:
      return 1
  }
}

/** The longest value that V8 is trusted with; an exponential pattern gets none that is worth a start. */
export function longestForV8(cost: BacktrackingCost): number {
  if (cost.exponential) return 12
  if (cost.degree === 0) return Infinity
  if (cost.degree === 1) return cost.factor <= MOST_LINEAR_FACTOR ? Infinity : Math.floor(MOST_STEPS / cost.factor)
  return Math.floor((MOST_STEPS / cost.factor) ** (1 / cost.degree))
}

/** Ways a byte that a pattern without loops may have and still count as linear for values of any length. */
const MOST_LINEAR_FACTOR = 64

function linearSearch(node: RegexNode): BytePattern['exec'] {
  let automaton: PatternSet | undefined
  let onRe2: RE2JS | undefined
  return (value, from = 0) => {
    automaton ??= automatonOf(node)
    if (automaton?.occurs(value) === false) return undefined
    onRe2 ??= RE2JS.compile(emitRegex(node, 're2'))
    const matcher = onRe2.matcher(value)
    if (!matcher.find(from)) return undefined
    const groups = Array.from({ length: matcher.groupCount() + 1 }, (_, group) => matcher.group(group) ?? undefined)
    return { index: matcher.start(), groups }
  }
}

function automatonOf(node: RegexNode): PatternSet | undefined {
  try {
    return new PatternSet([node])
  } catch (error) {
    if (error instanceof TooLargeError) return undefined
    throw error
  }
}
