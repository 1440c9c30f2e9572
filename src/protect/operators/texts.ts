import type { Assertion, RegexNode } from '../../platform/regex/ast.ts'
import type { Found, Operator, Test } from './operator.ts'

/** The expression of a text as it stands. */
export function literalNode(text: string): RegexNode {
  return { kind: 'sequence', items: Array.from(text, (unit) => ({ kind: 'set', set: [unit.charCodeAt(0), unit.charCodeAt(0)] })) }
}

function anchored(text: string, before: Assertion | undefined, after: Assertion | undefined): RegexNode {
  const edge = (what: Assertion | undefined): RegexNode[] => (what === undefined ? [] : [{ kind: 'assertion', what }])
  return { kind: 'sequence', items: [...edge(before), literalNode(text), ...edge(after)] }
}

function test(find: (value: string) => Found | undefined, occurs?: RegexNode): Test {
  return occurs === undefined ? find : Object.assign(find, { occurs })
}

/** An operator that compares with its argument as it stands, case included. */
function comparison(
  id: string,
  holds: (value: string, argument: string) => boolean,
  occurs?: (argument: string) => RegexNode,
): Operator {
  return {
    id,
    compile: (argument) => {
      const found: Found = { matched: argument }
      return test((value) => (holds(value, argument) ? found : undefined), occurs?.(argument))
    },
  }
}

export const streq = comparison(
  'streq',
  (value, argument) => value === argument,
  (argument) => anchored(argument, 'start', 'last'),
)

export const contains = comparison('contains', (value, argument) => value.includes(argument), literalNode)

/** An older name of `contains`. */
export const strmatch = comparison('strmatch', (value, argument) => value.includes(argument), literalNode)

export const beginsWith = comparison(
  'beginsWith',
  (value, argument) => value.startsWith(argument),
  (argument) => anchored(argument, 'start', undefined),
)

export const endsWith = comparison(
  'endsWith',
  (value, argument) => value.endsWith(argument),
  (argument) => anchored(argument, undefined, 'last'),
)

const LETTER = /[A-Za-z]/

/** True where the argument stands in the value with no letter at either side. */
function holdsWord(value: string, word: string): boolean {
  if (word === '') return true
  for (let at = value.indexOf(word); at >= 0; at = value.indexOf(word, at + 1)) {
    const before = at > 0 && LETTER.test(value.charAt(at - 1))
    const after = at + word.length < value.length && LETTER.test(value.charAt(at + word.length))
    if (!before && !after) return true
  }
  return false
}

export const containsWord = comparison('containsWord', holdsWord, literalNode)

/** The other way round: finds a value that is part of the argument. */
export const within: Operator = {
  id: 'within',
  compile: (argument) => (value) => (argument.includes(value) ? { matched: value } : undefined),
}

const NOTHING: Found = { matched: '' }

export const unconditionalMatch: Operator = {
  id: 'unconditionalMatch',
  compile: () => (value) => (value === '' ? NOTHING : { matched: value }),
}

export const noMatch: Operator = { id: 'noMatch', compile: () => () => undefined }
