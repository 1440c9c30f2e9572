import { KanpekiError } from '../../kernel/error.ts'
import { backtrackingCost } from '../../platform/regex/analyse.ts'
import type { RegexNode } from '../../platform/regex/ast.ts'
import { type BytePattern, bytePattern, longestForV8, type PatternMatch, parseBytes } from './byte-pattern.ts'

/** Windows are at least this long, so that what a rule looks for fits in one. */
const SHORTEST_WINDOW = 40

/**
 * Compiles what PCRE knows beyond regular expressions, as older rules use it. A possessive quantifier is read as a plain
 * one, which finds a little more. A pattern with back-references runs on V8 over windows of the value, each as long as
 * its worst case allows and half covered by the next, so that the time grows with the length of the value alone; a match
 * longer than half a window may go unseen. Anything else is compiled as ever.
 */
export function pcrePattern(written: string): BytePattern {
  const pattern = withoutPossessives(written)
  const references = readReferences(pattern)
  if (references.length === 0) return bytePattern(pattern)
  // A copy of the group in place of each reference matches all that the reference can, and costs at least as much.
  const node = withoutLook(parseBytes(replaceReferences(pattern, references)))
  const window = Math.max(SHORTEST_WINDOW, Math.min(longestForV8(backtrackingCost(node)), 4096))
  const onV8 = compile(pattern)
  return { node, longestOnV8: window, exec: (value, from = 0) => execInWindows(onV8, value, from, window) }
}

function execInWindows(onV8: RegExp, value: string, from: number, window: number): PatternMatch | undefined {
  for (let start = from; ; start += window >> 1) {
    const match = onV8.exec(value.slice(start, start + window))
    if (match !== null) return { index: start + match.index, groups: match }
    if (start + window >= value.length) return undefined
  }
}

function compile(pattern: string): RegExp {
  try {
    return new RegExp(pattern, 's')
  } catch {
    throw new KanpekiError('regex-unsupported', 'The pattern has back-references in a form that cannot be run.', {
      remedy: 'Write it without back-references.',
    })
  }
}

interface Reference {
  readonly start: number
  readonly end: number
  readonly group: number
}

/** Calls `see` for each sign outside of classes that no backslash stands before; it may give the place to go on from. */
function walk(pattern: string, see: (sign: string, at: number) => number | undefined): void {
  for (let at = 0; at < pattern.length; ) {
    if (pattern[at] === '[') at = endOfClass(pattern, at)
    else {
      const onward = see(pattern[at]!, at)
      at = onward ?? at + (pattern[at] === '\\' ? 2 : 1)
    }
  }
}

function endOfClass(pattern: string, from: number): number {
  let at = from + 1
  if (pattern[at] === '^') at += 1
  if (pattern[at] === ']') at += 1
  for (; at < pattern.length && pattern[at] !== ']'; at++) if (pattern[at] === '\\') at += 1
  return at + 1
}

function withoutPossessives(pattern: string): string {
  const gone = new Set<number>()
  walk(pattern, (sign, at) => {
    const length =
      sign === '{' ? (/^\{\d+(?:,\d*)?\}/.exec(pattern.slice(at, at + 16))?.[0].length ?? 0) : '*+?'.includes(sign) ? 1 : 0
    if (length === 0) return undefined
    const after = at + length
    if (pattern[after] === '+') gone.add(after)
    return pattern[after] === '+' || pattern[after] === '?' ? after + 1 : after
  })
  return gone.size === 0 ? pattern : Array.from(pattern, (sign, at) => (gone.has(at) ? '' : sign)).join('')
}

function readReferences(pattern: string): Reference[] {
  const references: Reference[] = []
  walk(pattern, (sign, at) => {
    const digits = sign === '\\' ? /^[1-9]/.exec(pattern.slice(at + 1))?.[0] : undefined
    if (digits === undefined) return undefined
    references.push({ start: at, end: at + 2, group: Number(digits) })
    return at + 2
  })
  return references
}

function replaceReferences(pattern: string, references: readonly Reference[]): string {
  const groups = readGroups(pattern)
  let made = ''
  let at = 0
  for (const { start, end, group } of references) {
    const text = groups[group - 1]
    if (text === undefined || /\\[1-9]/.test(text)) {
      throw new KanpekiError(
        'regex-unsupported',
        `The pattern refers back to a group ${group} that it does not have, or that refers back itself.`,
      )
    }
    made += `${pattern.slice(at, start)}(?:${text})`
    at = end
  }
  return made + pattern.slice(at)
}

/** What stands between the parentheses of each group that captures, in the order of their beginning. */
function readGroups(pattern: string): string[] {
  const groups: string[] = []
  const open: (number | undefined)[] = []
  const starts: number[] = []
  walk(pattern, (sign, at) => {
    if (sign === '(') {
      const captures = pattern[at + 1] !== '?'
      open.push(captures ? groups.push('') - 1 : undefined)
      starts.push(at + 1)
    } else if (sign === ')') {
      const group = open.pop()
      const start = starts.pop()
      if (group !== undefined && start !== undefined) groups[group] = pattern.slice(start, at)
    }
    return undefined
  })
  return groups
}

/** The expression with look-around passed over: it finds more, never less. */
function withoutLook(node: RegexNode): RegexNode {
  switch (node.kind) {
    case 'look':
      return { kind: 'sequence', items: [] }
    case 'sequence':
    case 'choice':
      return { ...node, items: node.items.map(withoutLook) }
    case 'group':
    case 'repeat':
      return { ...node, item: withoutLook(node.item) }
    default:
      return node
  }
}
