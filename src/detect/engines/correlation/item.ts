import type { JsonValue } from '../../../kernel/json.ts'

/** What the windows need of an event; the kernel's StoredEvent is one. Times are milliseconds UTC. */
export interface WindowEvent {
  readonly id: string
  readonly scope: string
  readonly observed: number
  readonly received: number
}

/** A window that can be asked which of its items made the condition true at one of them, oldest first, and the condition's figure. */
export interface EvidenceSource {
  evidenceAt(item: Item): { readonly items: readonly Item[]; readonly figure: number }
}

/** Where an item comes from: an event, or a place at which a correlation lower in the chain held. */
export type Origin =
  | {
      readonly kind: 'event'
      readonly id: string
      readonly observed: number
      readonly received: number
      /** The observed time was not to be believed: the item stands at the received time. */
      readonly byReceived: boolean
    }
  | { readonly kind: 'correlation'; readonly window: EvidenceSource; readonly item: Item }

/** One entry of a group's window. Entries are ordered by `time`, then by `order` (arrival). */
export interface Item {
  readonly time: number
  readonly order: number
  /** Bit i: the i-th rule of `rules`. Only temporal correlations look at it. */
  readonly stages: number
  /** What value_* correlations count (text) or add up (finite numbers). */
  readonly values: readonly (string | number)[]
  /** Group-by values as this event spells them. */
  readonly group: readonly JsonValue[]
  /** Values of the fields that correlations higher in the chain will ask for. */
  readonly carried: readonly (JsonValue | undefined)[]
  readonly origin: Origin
  /** Whether the condition holds over the window that ends here. */
  holds: boolean
  /** Correlations above have been told that it held here; told once only. */
  told: boolean
}

export function precedes(a: Item, b: Item): boolean {
  return a.time < b.time || (a.time === b.time && a.order < b.order)
}
