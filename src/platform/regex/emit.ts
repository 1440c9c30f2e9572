import type { Assertion, RegexNode } from './ast.ts'
import type { CharSet } from './char-set.ts'

export type Dialect = 'v8' | 're2'

const ASSERTIONS: Readonly<Record<Dialect, Readonly<Record<Assertion, string>>>> = {
  v8: {
    start: '^',
    end: '(?=\\n?$)',
    last: '$',
    'line-start': '(?:^|(?<=\\n))',
    'line-end': '(?=\\n|$)',
    word: '\\b',
    'not-word': '\\B',
  },
  re2: {
    start: '\\A',
    end: '(?:\\n?\\z)',
    last: '\\z',
    'line-start': '(?m:^)',
    'line-end': '(?m:$)',
    word: '\\b',
    'not-word': '\\B',
  },
}

/** Writes the expression for an engine, without flags. RE2 has no look-around: such a node must not reach it. */
export function emitRegex(node: RegexNode, dialect: Dialect): string {
  switch (node.kind) {
    case 'set':
      return emitSet(node.set, dialect)
    case 'sequence':
      return node.items
        .map((item) => (item.kind === 'choice' ? `(?:${emitRegex(item, dialect)})` : emitRegex(item, dialect)))
        .join('')
    case 'choice':
      return node.items.map((item) => emitRegex(item, dialect)).join('|')
    case 'repeat': {
      const inner = emitRegex(node.item, dialect)
      const atom = node.item.kind === 'set' || node.item.kind === 'group' ? inner : `(?:${inner})`
      return `${atom}${emitQuantifier(node.min, node.max)}${node.lazy ? '?' : ''}`
    }
    case 'group':
      return `(${emitRegex(node.item, dialect)})`
    case 'assertion':
      return ASSERTIONS[dialect][node.what]
    case 'look':
      return `(?${node.behind ? '<' : ''}${node.negative ? '!' : '='}${emitRegex(node.item, dialect)})`
  }
}

function emitQuantifier(min: number, max: number): string {
  if (max === Infinity) return min === 0 ? '*' : min === 1 ? '+' : `{${min},}`
  if (min === 0 && max === 1) return '?'
  return min === max ? `{${min}}` : `{${min},${max}}`
}

function emitSet(set: CharSet, dialect: Dialect): string {
  if (set.length === 0) return dialect === 'v8' ? '[]' : '[^\\x{0}-\\x{10FFFF}]'
  if (set.length === 2 && set[0] === set[1]) return emitUnit(set[0]!, dialect)
  let text = ''
  for (let at = 0; at < set.length; at += 2) {
    const from = set[at]!
    // RE2 counts code points: a set that reaches the last unit means "and everything beyond" there.
    const to = dialect === 're2' && set[at + 1] === 0xffff ? 0x10ffff : set[at + 1]!
    text += from === to ? emitUnit(from, dialect) : `${emitUnit(from, dialect)}-${emitUnit(to, dialect)}`
  }
  return `[${text}]`
}

function emitUnit(unit: number, dialect: Dialect): string {
  const isPlain = (unit >= 48 && unit <= 57) || (unit >= 65 && unit <= 90) || (unit >= 97 && unit <= 122)
  if (isPlain) return String.fromCharCode(unit)
  return dialect === 'v8' ? `\\u${unit.toString(16).padStart(4, '0')}` : `\\x{${unit.toString(16)}}`
}
