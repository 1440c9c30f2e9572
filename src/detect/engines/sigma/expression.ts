/**
 * What a rule asks of an event, after modifiers are applied. Every leaf asks one thing of one field, so that equal leaves of
 * different rules can be evaluated once.
 *
 * Text is compared by simple case folding (match/fold.ts) unless `cased`. The decisions that the Sigma specification leaves open:
 * - a field that is missing or JSON null holds no value: every text, number, cidr, regex and time test on it is false;
 * - an array is tested element by element and matches when any element does; an object is tested as its JSON text;
 * - `exists` asks for the key only (null counts); `null` is true for missing, null and the empty array;
 * - `neq` asks for a value that differs from all that are listed, so a missing field is not "different".
 */
export type Expression =
  | { readonly kind: 'and'; readonly items: readonly Expression[] }
  | { readonly kind: 'or'; readonly items: readonly Expression[] }
  | { readonly kind: 'not'; readonly item: Expression }
  | { readonly kind: 'constant'; readonly value: boolean }
  /** A named selection of the rule, kept so that a match can say which ones held. */
  | { readonly kind: 'selection'; readonly name: string; readonly item: Expression }
  | { readonly kind: 'test'; readonly field: string; readonly test: FieldTest; readonly written: WrittenTest }
  /** Searches every value of the event. */
  | { readonly kind: 'keyword'; readonly test: KeywordTest; readonly written: WrittenTest }

/** How the author wrote a leaf: shown beside the value that matched. */
export interface WrittenTest {
  readonly modifiers: readonly string[]
  readonly value: string
}

export type LiteralKind = 'exact' | 'prefix' | 'suffix' | 'contains'
export type Comparison = 'gt' | 'gte' | 'lt' | 'lte' | 'eq'
export type TimePart = 'minute' | 'hour' | 'day' | 'week' | 'month' | 'year'

/** `text` is folded already unless `cased`. */
export interface LiteralTest {
  readonly kind: 'literal'
  readonly how: LiteralKind
  readonly text: string
  readonly cased: boolean
}

/** `*` and `?` with at least one literal between them, or `?` alone. See match/glob.ts. */
export interface GlobTest {
  readonly kind: 'glob'
  readonly parts: readonly GlobPart[]
  readonly cased: boolean
}
/** A run of literal text, one character of any kind, or any run of characters. */
export type GlobPart = { readonly literal: string } | 'one' | 'any'

export interface RegexTest {
  readonly kind: 'regex'
  readonly pattern: string
  readonly insensitive: boolean
  readonly multiline: boolean
  readonly dotAll: boolean
}

export type FieldTest =
  | LiteralTest
  | GlobTest
  | RegexTest
  | { readonly kind: 'cidr'; readonly network: string }
  | { readonly kind: 'null' }
  | { readonly kind: 'exists'; readonly expected: boolean }
  /** There is a value at all (not missing, not null): the half of `neq` that a missing field fails. */
  | { readonly kind: 'valued' }
  | { readonly kind: 'compare'; readonly how: Comparison; readonly number: number }
  | { readonly kind: 'time'; readonly part: TimePart; readonly how: Comparison; readonly number: number }
  | { readonly kind: 'field'; readonly how: LiteralKind; readonly other: string; readonly cased: boolean }

export type KeywordTest = LiteralTest | GlobTest | RegexTest

export const ALWAYS: Expression = { kind: 'constant', value: true }
export const NEVER: Expression = { kind: 'constant', value: false }

/** AND of the items, without a node where none is needed. */
export function allOf(items: readonly Expression[]): Expression {
  return items.length === 1 ? items[0]! : { kind: 'and', items }
}

/** OR of the items, without a node where none is needed. */
export function anyOf(items: readonly Expression[]): Expression {
  return items.length === 1 ? items[0]! : { kind: 'or', items }
}

/** Text that is equal for equal tests: predicates are shared across rules by it. */
export function testKey(test: FieldTest): string {
  let key = keys.get(test)
  if (key === undefined) {
    key = test.kind === 'literal' ? `${test.how} ${test.cased} ${test.text}` : JSON.stringify(test)
    keys.set(test, key)
  }
  return key
}

const keys = new WeakMap<FieldTest, string>()
