import type { AnchorSet } from './anchors.ts'
import { LiteralIndex } from './literal-index.ts'
import type { Slot } from './slot.ts'

/** Up to this many rules are evaluated sooner than announced. */
const FEW = 4

/** The literals of one field that announce rules. */
export interface IndexedSlot {
  readonly slot: Slot
  readonly index: LiteralIndex
}

/** How the rules of a bucket are announced: by the values of some fields, or not at all. */
export interface Announcer {
  readonly indexed: readonly IndexedSlot[]
  /** Rules that are evaluated for each event. */
  readonly unannounced: readonly number[]
}

/**
 * Puts the anchors of some rules (by their numbers) into an index for each field. Anchors that are sought anywhere in the event are
 * left to the shared index of keywords.
 */
export function announce(
  rules: ReadonlyMap<number, AnchorSet | undefined>,
  slotOf: (rule: number, field: string) => Slot,
): Announcer {
  const bySlot = new Map<Slot, LiteralIndex>()
  const announced = [...rules].flatMap(([rule, set]) => (set !== undefined && hasFieldAnchor(set) ? [{ rule, set }] : []))
  const isWorthIt = announced.length > FEW
  if (isWorthIt) for (const { rule, set } of announced) addAnchors(rule, set, bySlot, slotOf)
  const evaluated = new Set(isWorthIt ? [] : announced.map(({ rule }) => rule))
  return {
    indexed: [...bySlot].map(([slot, index]) => ({ slot, index })),
    unannounced: [...rules.keys()].filter((rule) => rules.get(rule) === undefined || evaluated.has(rule)),
  }
}

function hasFieldAnchor(set: AnchorSet): boolean {
  return set.anchors.some((anchor) => anchor.field !== undefined)
}

function addAnchors(
  rule: number,
  set: AnchorSet,
  bySlot: Map<Slot, LiteralIndex>,
  slotOf: (rule: number, field: string) => Slot,
): void {
  let index: LiteralIndex | undefined
  let before: string | undefined
  for (const { field, how, text } of set.anchors) {
    if (field === undefined) continue
    // A set's anchors are mostly of one field.
    if (index === undefined || field !== before) {
      const slot = slotOf(rule, field)
      index = bySlot.get(slot) ?? new LiteralIndex()
      bySlot.set(slot, index)
      before = field
    }
    index.add(how, text, rule)
  }
}
