import type { FieldTest } from './expression.ts'

/**
 * A pattern of fnmatch(3): `*` any text (slashes too), `?` one character, `[…]` one of these, a backslash takes the next as it is.
 */
export function globTest(pattern: string, cased: boolean): FieldTest {
  const text = cased ? pattern : pattern.toLowerCase()
  if (text.includes('[')) return { kind: 'regex', pattern: regexOf(text), insensitive: !cased, multiline: false, dotAll: true }
  const parts: ({ literal: string } | 'one' | 'any')[] = []
  let literal = ''
  const flush = () => {
    if (literal !== '') parts.push({ literal })
    literal = ''
  }
  for (let at = 0; at < text.length; at += 1) {
    const character = text[at]!
    if (character === '\\' && at + 1 < text.length) {
      literal += text[at + 1]!
      at += 1
    } else if (character === '*') {
      flush()
      if (parts.at(-1) !== 'any') parts.push('any')
    } else if (character === '?') {
      flush()
      parts.push('one')
    } else literal += character
  }
  flush()
  const [first, second] = parts
  if (parts.length === 0) return { kind: 'literal', how: 'exact', text: '', cased }
  if (parts.length === 1) {
    if (typeof first === 'object') return { kind: 'literal', how: 'exact', text: first.literal, cased }
    if (first === 'any') return { kind: 'valued' }
  }
  if (parts.length === 2 && typeof first === 'object' && second === 'any')
    return { kind: 'literal', how: 'prefix', text: first.literal, cased }
  if (parts.length === 2 && first === 'any' && typeof second === 'object')
    return { kind: 'literal', how: 'suffix', text: second.literal, cased }
  return { kind: 'glob', parts, cased }
}

function regexOf(text: string): string {
  let pattern = '^'
  for (let at = 0; at < text.length; at += 1) {
    const character = text[at]!
    if (character === '*') pattern += '.*'
    else if (character === '?') pattern += '.'
    else if (character === '[') {
      const close = text.indexOf(']', at + (text[at + 1] === '!' || text[at + 1] === '^' ? 3 : 2))
      if (close < 0) {
        pattern += '\\['
        continue
      }
      const inner = text
        .slice(at + 1, close)
        .replaceAll('\\', '\\\\')
        .replaceAll('[', '\\[')
      pattern += inner.startsWith('!') ? `[^${inner.slice(1)}]` : `[${inner}]`
      at = close
    } else if (character === '\\' && at + 1 < text.length) {
      pattern += escaped(text[at + 1]!)
      at += 1
    } else pattern += escaped(character)
  }
  return `${pattern}$`
}

function escaped(character: string): string {
  return /[.*+?^${}()|[\]\\/]/.test(character) ? `\\${character}` : character
}
