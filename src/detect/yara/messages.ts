import type { Refusal } from '../../kernel/detection.ts'

/** What a rule says about itself. */
export interface YaraRule {
  readonly name: string
  readonly file: string
  readonly line: number
}

/** One place where a pattern matched. */
export interface YaraPlace {
  readonly pattern: string
  readonly offset: number
  readonly length: number
  /** The first bytes as text; what is no printable ASCII is a dot. */
  readonly text: string
}

export interface YaraMatch {
  readonly rule: string
  readonly tags: readonly string[]
  readonly meta: Readonly<Record<string, string | number | boolean>>
  readonly places: readonly YaraPlace[]
  /** There are more places than are listed. */
  readonly more: boolean
}

export interface YaraLoaded {
  readonly rules: readonly YaraRule[]
  readonly refused: readonly Refusal[]
}

/** Asked of the process that holds the engine. */
export type YaraAsk =
  | { readonly kind: 'load'; readonly paths: readonly string[] }
  | { readonly kind: 'data'; readonly data: Uint8Array }
  | { readonly kind: 'file'; readonly file: string }

export type YaraAnswer =
  | ({ readonly kind: 'loaded' } & YaraLoaded)
  | { readonly kind: 'matches'; readonly matches: readonly YaraMatch[] }
  | { readonly kind: 'failed'; readonly code: string; readonly reason: string }
