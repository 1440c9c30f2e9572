/**
 * What a condition is compiled to: the part of the matcher's language that Falco needs (the matcher is handed in by the room, as
 * engines do not know each other; the two types are checked against each other where they meet).
 */
export type Expression =
  | { readonly kind: 'and'; readonly items: readonly Expression[] }
  | { readonly kind: 'or'; readonly items: readonly Expression[] }
  | { readonly kind: 'not'; readonly item: Expression }
  | { readonly kind: 'constant'; readonly value: boolean }
  | { readonly kind: 'test'; readonly field: string; readonly test: FieldTest; readonly written: WrittenTest }

export interface WrittenTest {
  readonly modifiers: readonly string[]
  readonly value: string
}

export type LiteralHow = 'exact' | 'prefix' | 'suffix' | 'contains'

export interface RegexTest {
  readonly kind: 'regex'
  readonly pattern: string
  readonly insensitive: boolean
  readonly multiline: boolean
  readonly dotAll: boolean
}

export type FieldTest =
  | { readonly kind: 'literal'; readonly how: LiteralHow; readonly text: string; readonly cased: boolean }
  | { readonly kind: 'glob'; readonly parts: readonly ({ readonly literal: string } | 'one' | 'any')[]; readonly cased: boolean }
  | RegexTest
  | { readonly kind: 'cidr'; readonly network: string }
  | { readonly kind: 'null' }
  | { readonly kind: 'exists'; readonly expected: boolean }
  | { readonly kind: 'valued' }
  | { readonly kind: 'compare'; readonly how: 'gt' | 'gte' | 'lt' | 'lte' | 'eq'; readonly number: number }
  | { readonly kind: 'field'; readonly how: LiteralHow; readonly other: string; readonly cased: boolean }

export const ALWAYS: Expression = { kind: 'constant', value: true }
export const NEVER: Expression = { kind: 'constant', value: false }

export function allOf(items: readonly Expression[]): Expression {
  if (items.some((item) => item.kind === 'constant' && !item.value)) return NEVER
  const left = items.filter((item) => item.kind !== 'constant')
  return left.length === 0 ? ALWAYS : left.length === 1 ? left[0]! : { kind: 'and', items: left }
}

export function anyOf(items: readonly Expression[]): Expression {
  if (items.some((item) => item.kind === 'constant' && item.value)) return ALWAYS
  const left = items.filter((item) => item.kind !== 'constant')
  return left.length === 0 ? NEVER : left.length === 1 ? left[0]! : { kind: 'or', items: left }
}

export function notOf(item: Expression): Expression {
  if (item.kind === 'constant') return item.value ? NEVER : ALWAYS
  return item.kind === 'not' ? item.item : { kind: 'not', item }
}
