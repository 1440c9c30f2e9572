import { fold } from '../../../../platform/text/fold.ts'
import type { FieldTest, GlobPart, GlobTest, LiteralTest } from '../expression.ts'

/**
 * Splits a Sigma string into literals and wildcards. A backslash escapes `*`, `?` and itself and is a plain
 * character before anything else (Sigma rules specification 2.1, "Escaping").
 */
export function parseWildcards(text: string): GlobPart[] {
  const parts: GlobPart[] = []
  let literal = ''
  const flush = () => {
    if (literal !== '') parts.push({ literal })
    literal = ''
  }
  for (let at = 0; at < text.length; at += 1) {
    const character = text[at]!
    if (character === '\\') {
      const next = text[at + 1]
      if (next === '*' || next === '?' || next === '\\') {
        literal += next
        at += 1
      } else literal += '\\'
    } else if (character === '*') {
      flush()
      if (parts.at(-1) !== 'any') parts.push('any')
    } else if (character === '?') {
      flush()
      parts.push('one')
    } else literal += character
  }
  flush()
  return parts
}

/** The cheapest test that means the same as the parts. */
export function testOfParts(parts: readonly GlobPart[], cased: boolean): LiteralTest | GlobTest {
  const folded = cased ? parts : parts.map((part) => (typeof part === 'object' ? { literal: fold(part.literal) } : part))
  const literal = (how: LiteralTest['how'], text: string): LiteralTest => ({ kind: 'literal', how, text, cased })
  const [first, second, third] = folded
  if (folded.length === 0) return literal('exact', '')
  if (folded.length === 1) {
    if (first === 'any') return literal('contains', '')
    if (typeof first === 'object') return literal('exact', first.literal)
  }
  if (folded.length === 2) {
    if (typeof first === 'object' && second === 'any') return literal('prefix', first.literal)
    if (first === 'any' && typeof second === 'object') return literal('suffix', second.literal)
  }
  if (folded.length === 3 && first === 'any' && typeof second === 'object' && third === 'any')
    return literal('contains', second.literal)
  return { kind: 'glob', parts: folded, cased }
}

/** True when a test holds for every value, so that it only asks that there is one. */
export function holdsForAnyValue(test: FieldTest): boolean {
  return test.kind === 'literal' && test.how === 'contains' && test.text === ''
}
