import type { RegexTest } from '../expression.ts'
import { emitRegex } from './emit.ts'
import { parseRegex } from './parse.ts'

/** Runs a pattern on a text; compiled at the first call. */
export function runRegex(test: RegexTest): (text: string, folded: string) => boolean {
  let compiled: RegExp | undefined
  return (text) => {
    if (compiled === undefined) {
      const parsed = parseRegex(test)
      if ('fault' in parsed) return false
      compiled = new RegExp(emitRegex(parsed.node, 'v8'))
    }
    return compiled.test(text)
  }
}
