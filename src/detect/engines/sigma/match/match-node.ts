import type { EventAtHand } from './event-at-hand.ts'
import type { Predicate } from './predicate.ts'

/** An expression for one class of events: fields resolved, constant fields folded away, selections transparent. */
export type MatchNode =
  | { readonly kind: 'and'; readonly items: readonly MatchNode[] }
  | { readonly kind: 'or'; readonly items: readonly MatchNode[] }
  | { readonly kind: 'not'; readonly item: MatchNode }
  | { readonly kind: 'constant'; readonly value: boolean }
  | { readonly kind: 'predicate'; readonly predicate: Predicate }
  /** An `or` over literals of one field. */
  | { readonly kind: 'group'; readonly group: Search }
  | { readonly kind: 'keyword'; readonly search: Search }

/** A search that answers for the event at hand, memoised like a predicate. */
export interface Search {
  holds(event: EventAtHand): boolean
}

export function nodeHolds(node: MatchNode, event: EventAtHand): boolean {
  switch (node.kind) {
    case 'predicate':
      return node.predicate.holds(event)
    case 'and': {
      const { items } = node
      for (let index = 0; index < items.length; index += 1) if (!nodeHolds(items[index]!, event)) return false
      return true
    }
    case 'or': {
      const { items } = node
      for (let index = 0; index < items.length; index += 1) if (nodeHolds(items[index]!, event)) return true
      return false
    }
    case 'not':
      return !nodeHolds(node.item, event)
    case 'group':
      return node.group.holds(event)
    case 'keyword':
      return node.search.holds(event)
    case 'constant':
      return node.value
  }
}
