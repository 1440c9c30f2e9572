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

export interface YaraScanned {
  readonly matches: readonly YaraMatch[]
  /** Of the content, where it was read here. */
  readonly sha256?: string
  readonly bytes?: number
}

export interface YaraLoaded {
  readonly rules: readonly YaraRule[]
  readonly refused: readonly Refusal[]
  /** All that is sound, as one source. */
  readonly source: string
}

/** Asked of the process that holds the engine. */
export type YaraAsk =
  | { readonly kind: 'load'; readonly paths: readonly string[] }
  | { readonly kind: 'data'; readonly data: Uint8Array }
  | { readonly kind: 'file'; readonly file: string }
  /** A plain file of no more than `most` bytes, read by the engine's process; links only where `follow` says so. */
  | { readonly kind: 'read'; readonly file: string; readonly most: number; readonly follow: boolean }

export type YaraAnswer =
  | ({ readonly kind: 'loaded' } & YaraLoaded)
  | ({ readonly kind: 'matches' } & YaraScanned)
  | { readonly kind: 'unread'; readonly why: 'gone' | 'large' | 'other' }
  | { readonly kind: 'failed'; readonly code: string; readonly reason: string }
