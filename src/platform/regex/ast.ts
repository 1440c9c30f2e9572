import type { CharSet } from './char-set.ts'

/**
 * A regular expression, flags resolved: case-insensitive letters are sets of both forms, `.` is a set. Groups leave no trace where
 * one only asks whether the pattern occurs; over byte strings (`RegexSource.bytes`) they stay, to be captured.
 */
export type RegexNode =
  | { readonly kind: 'set'; readonly set: CharSet }
  | { readonly kind: 'sequence'; readonly items: readonly RegexNode[] }
  | { readonly kind: 'choice'; readonly items: readonly RegexNode[] }
  | { readonly kind: 'repeat'; readonly item: RegexNode; readonly min: number; readonly max: number; readonly lazy: boolean }
  | { readonly kind: 'group'; readonly item: RegexNode }
  | { readonly kind: 'assertion'; readonly what: Assertion }
  | { readonly kind: 'look'; readonly item: RegexNode; readonly behind: boolean; readonly negative: boolean }

/** `end` is `$` without `m`: the end, or before a last line feed. `last` is `\z`. */
export type Assertion = 'start' | 'end' | 'last' | 'line-start' | 'line-end' | 'word' | 'not-word'
