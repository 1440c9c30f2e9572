import { backtrackingCost } from './analyse.ts'
import type { RegexNode } from './ast.ts'
import { parseRegex, type RegexSource } from './parse.ts'

export interface RegexFault {
  readonly code: 'regex-syntax' | 'regex-unsupported'
  readonly reason: string
}

/** Look-around cannot run on the linear engine, so V8 must be safe with it on texts of any length that occur. */
const HIGHEST_DEGREE_WITH_LOOK = 2

/** Why the pattern cannot be run, or undefined when it can: by V8, or in linear time by re2js. */
export function checkRegex(test: RegexSource): RegexFault | undefined {
  const parsed = parseRegex(test)
  if ('fault' in parsed) return parsed.fault
  if (!hasLook(parsed.node)) return undefined
  const { exponential, degree } = backtrackingCost(parsed.node)
  if (!exponential && degree <= HIGHEST_DEGREE_WITH_LOOK) return undefined
  return { code: 'regex-unsupported', reason: `look-around that could take very long in the regular expression ${test.pattern}` }
}

export function hasLook(node: RegexNode): boolean {
  if (node.kind === 'look') return true
  if (node.kind === 'repeat' || node.kind === 'group') return hasLook(node.item)
  return (node.kind === 'sequence' || node.kind === 'choice') && node.items.some(hasLook)
}
