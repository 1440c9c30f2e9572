import type { RegexTest } from '../expression.ts'
import { parseRegex } from './parse.ts'

export interface RegexFault {
  readonly code: 'regex-syntax' | 'regex-unsupported'
  readonly reason: string
}

/** Why the pattern cannot be run, or undefined when it can: by V8, or in linear time by re2js. */
export function checkRegex(test: RegexTest): RegexFault | undefined {
  const parsed = parseRegex(test)
  return 'fault' in parsed ? parsed.fault : undefined
}
