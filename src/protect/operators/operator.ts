import type { RegexNode } from '../../platform/regex/ast.ts'

/** What an operator saw in a value: the matching bytes, and for `capture` the groups (0 the whole match, 1–9 the groups). */
export interface Found {
  readonly matched: string
  readonly groups?: readonly (string | undefined)[]
}

/** Tests one value, a byte string (one character a byte, 0–255). Pure; never throws; bounded in time by the value's length. */
export interface Test {
  (value: string): Found | undefined
  /**
   * An expression that occurs in every value in which this test finds something (and maybe in others), so that one pass over a value
   * can tell which of many tests are worth running: see `platform/regex/pattern-set.ts`.
   */
  readonly occurs?: RegexNode
}

/** What compiling an operator may need from the place its rule was read from. */
export interface OperatorContext {
  /** Text of a data file named by the rule, as a byte string; throws `KanpekiError` with its place where it cannot be read. */
  readonly readData: (name: string) => string
}

/**
 * A SecLang operator. The argument is the text after `@name`, with macros already expanded (an argument with macros is
 * compiled again for each new expansion, and remembered). Negation belongs to the rule, not to the operator.
 */
export interface Operator {
  /** The SecLang name, as written in the reference manual. */
  readonly id: string
  /** Throws `KanpekiError` with a code and a remedy where the argument cannot be compiled. */
  readonly compile: (argument: string, context: OperatorContext) => Test
}
