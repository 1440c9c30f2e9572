import type { RegexNode } from '../../platform/regex/ast.ts'
import { withBothAsciiCases } from '../../platform/regex/char-set.ts'
import { PatternSet } from '../../platform/regex/pattern-set.ts'
import type { Operator, Test } from './operator.ts'

/** Bytes in hexadecimal between bars (`A|42 43|D`), as Snort writes them. */
function withBytes(phrase: string): string {
  return phrase.replace(/\|((?:[0-9A-Fa-f]{2}\s?)+)\|/g, (_, digits: string) =>
    Buffer.from(digits.replace(/\s/g, ''), 'hex').toString('latin1'),
  )
}

function folded(text: string): string {
  return text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase())
}

function phraseNode(phrase: string): RegexNode {
  return {
    kind: 'sequence',
    items: Array.from(phrase, (unit) => ({ kind: 'set', set: withBothAsciiCases([unit.charCodeAt(0), unit.charCodeAt(0)]) })),
  }
}

/** Finds any of the phrases, whatever the case of their ASCII letters: one pass of an automaton over the value. */
function phraseTest(phrases: readonly string[]): Test {
  const each = [...new Set(phrases.map(folded))].filter((phrase) => phrase !== '')
  if (each.length === 0) return () => undefined
  const occurs: RegexNode = { kind: 'choice', items: each.map(phraseNode) }
  let automaton: PatternSet | undefined
  const test: Test = (value) => {
    automaton ??= new PatternSet([occurs])
    return automaton.occurs(value) === false ? undefined : firstOf(each, value)
  }
  return Object.assign(test, { occurs })
}

/** The phrase that ends first, as it stands in the value. */
function firstOf(phrases: readonly string[], value: string) {
  const text = folded(value)
  let end = Infinity
  let start = 0
  for (const phrase of phrases) {
    const at = text.indexOf(phrase)
    if (at >= 0 && at + phrase.length < end) {
      end = at + phrase.length
      start = at
    }
  }
  if (end === Infinity) return undefined
  const matched = value.slice(start, end)
  return { matched, groups: [matched] }
}

export const pm: Operator = {
  id: 'pm',
  compile: (argument) => phraseTest(argument.split(/\s+/).map(withBytes)),
}

/** One phrase a line; empty lines and lines that begin with `#` do not count. Several files are separated by spaces. */
export const pmFromFile: Operator = {
  id: 'pmFromFile',
  compile: (argument, { readData }) => {
    const lines = argument.split(/\s+/).flatMap((name) => (name === '' ? [] : readData(name).split(/\r?\n/)))
    return phraseTest(lines.map((line) => line.trim()).filter((line) => line !== '' && !line.startsWith('#')))
  },
}
