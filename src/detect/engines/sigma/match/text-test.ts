import { runRegex } from '../../../../platform/regex/run.ts'
import type { FieldTest, GlobTest, LiteralTest } from '../expression.ts'
import { type Network, networkHolds, parseNetwork } from './cidr.ts'
import { matchesGlob } from './glob.ts'
import { compare, timePart } from './time.ts'

/** Tests one text of a field: the value as it stands and folded. Kinds that do not ask about one text are not here. */
export type TextTest = (text: string, folded: () => string) => boolean

export function literalTest(test: LiteralTest): TextTest {
  const wanted = test.text
  if (test.cased) {
    switch (test.how) {
      case 'exact':
        return (text) => text === wanted
      case 'prefix':
        return (text) => text.startsWith(wanted)
      case 'suffix':
        return (text) => text.endsWith(wanted)
      case 'contains':
        return (text) => text.includes(wanted)
    }
  }
  switch (test.how) {
    case 'exact':
      return (_text, folded) => folded() === wanted
    case 'prefix':
      return (_text, folded) => folded().startsWith(wanted)
    case 'suffix':
      return (_text, folded) => folded().endsWith(wanted)
    case 'contains':
      return (_text, folded) => folded().includes(wanted)
  }
}

export function globTest(test: GlobTest): TextTest {
  return test.cased ? (text) => matchesGlob(test.parts, text) : (_text, folded) => matchesGlob(test.parts, folded())
}

function cidrTest(text: string): TextTest {
  const network: Network = parseNetwork(text)!
  return (value) => networkHolds(network, value)
}

const NUMBER = /^\s*[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?\s*$/

const made = new WeakMap<FieldTest, { readonly run: TextTest | undefined }>()

/** The test of one text, or undefined for tests that look at the field as a whole. Made once for each test. */
export function textTest(test: FieldTest): TextTest | undefined {
  let known = made.get(test)
  if (known === undefined) {
    known = { run: makeTextTest(test) }
    made.set(test, known)
  }
  return known.run
}

function makeTextTest(test: FieldTest): TextTest | undefined {
  switch (test.kind) {
    case 'literal':
      return literalTest(test)
    case 'glob':
      return globTest(test)
    case 'regex':
      return runRegex(test)
    case 'cidr':
      return cidrTest(test.network)
    case 'compare':
      return (text) => NUMBER.test(text) && compare(Number(text), test.how, test.number)
    case 'time':
      return (text) => {
        const part = timePart(NUMBER.test(text) ? Number(text) : text, test.part)
        return part !== undefined && compare(part, test.how, test.number)
      }
    default:
      return undefined
  }
}
