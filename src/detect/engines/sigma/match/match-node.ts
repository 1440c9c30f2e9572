import type { Current, Predicate } from './predicate.ts'

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
  holds(current: Current): boolean
}

export function nodeHolds(node: MatchNode, current: Current): boolean {
  switch (node.kind) {
    case 'predicate':
      return node.predicate.holds(current)
    case 'and': {
      const { items } = node
      for (let index = 0; index < items.length; index += 1) if (!nodeHolds(items[index]!, current)) return false
      return true
    }
    case 'or': {
      const { items } = node
      for (let index = 0; index < items.length; index += 1) if (nodeHolds(items[index]!, current)) return true
      return false
    }
    case 'not':
      return !nodeHolds(node.item, current)
    case 'group':
      return node.group.holds(current)
    case 'keyword':
      return node.search.holds(current)
    case 'constant':
      return node.value
  }
}
