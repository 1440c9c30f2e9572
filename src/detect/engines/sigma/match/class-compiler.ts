import { foldsByUnit } from '../../../../platform/text/fold.ts'
import { type Expression, type FieldTest, testKey } from '../expression.ts'
import type { EventClass } from '../shapes/event-class.ts'
import { constantFor, fieldHolds } from './evaluate.ts'
import { KeywordSearch } from './keyword-search.ts'
import { LiteralGroup } from './literal-group.ts'
import type { MatchNode } from './match-node.ts'
import { Predicate } from './predicate.ts'
import { Slot } from './slot.ts'

const NEVER: MatchNode = { kind: 'constant', value: false }
const ALWAYS: MatchNode = { kind: 'constant', value: true }

/** Fewer literals of one field are asked one by one. */
const SMALLEST_GROUP = 2

/** Compiles expressions for one class of events: fields become slots, equal tests one predicate, constant fields their value. */
export class ClassCompiler {
  readonly #class: EventClass
  readonly #slots = new Map<string, Slot>()
  readonly #slotOfField = new Map<string, Slot>()
  readonly #predicates = new Map<Slot, Map<string, MatchNode>>()
  readonly #keywords = new Map<string, MatchNode>()

  constructor(eventClass: EventClass) {
    this.#class = eventClass
  }

  /** Fields that stand in the same places are one slot, whatever the rules call them. `category` is the rule's. */
  slot(field: string, category: string | undefined): Slot {
    const key = `${category ?? ''}\n${field}`
    const known = this.#slotOfField.get(key)
    if (known !== undefined) return known
    const places = this.#class.places(field, category)
    const where = JSON.stringify(places.map((place) => [place.keys, place.convert === undefined ? '' : field]))
    let slot = this.#slots.get(where)
    if (slot === undefined) {
      slot = new Slot(places)
      this.#slots.set(where, slot)
    }
    this.#slotOfField.set(key, slot)
    return slot
  }

  /** The value of a leaf that is the same in every event of the class. */
  readonly constant = (leaf: Extract<Expression, { kind: 'test' | 'keyword' }>): boolean | undefined => {
    // An event of unknown source is no reason to search it for words that mean something in one particular log.
    if (leaf.kind === 'keyword') return this.#class.product === undefined ? false : undefined
    const value = constantFor(this.#class, leaf)
    return value === undefined ? undefined : fieldHolds(leaf.test, value, () => undefined)
  }

  compile(expression: Expression, category: string | undefined): MatchNode {
    switch (expression.kind) {
      case 'constant':
        return expression.value ? ALWAYS : NEVER
      case 'selection':
        return this.compile(expression.item, category)
      case 'not':
        return negate(this.compile(expression.item, category))
      case 'and':
      case 'or':
        return this.#join(expression.kind, expression.items, category)
      default: {
        const known = this.constant(expression)
        if (known !== undefined) return known ? ALWAYS : NEVER
        return expression.kind === 'keyword'
          ? this.#keyword(expression)
          : this.#predicate(expression.field, expression.test, category)
      }
    }
  }

  #join(kind: 'and' | 'or', items: readonly Expression[], category: string | undefined): MatchNode {
    const decides = kind === 'or'
    const nodes: MatchNode[] = []
    for (const item of items) {
      const node = this.compile(item, category)
      if (node.kind === 'constant') {
        if (node.value === decides) return node
      } else if (node.kind === kind) nodes.push(...node.items)
      else nodes.push(node)
    }
    if (nodes.length === 0) return decides ? NEVER : ALWAYS
    if (nodes.length === 1) return nodes[0]!
    return kind === 'or' ? grouped(nodes) : { kind, items: cheapFirst(nodes) }
  }

  #keyword(expression: Extract<Expression, { kind: 'keyword' }>): MatchNode {
    const key = testKey(expression.test)
    const known = this.#keywords.get(key)
    if (known !== undefined) return known
    const made: MatchNode = { kind: 'keyword', search: new KeywordSearch(expression.test) }
    this.#keywords.set(key, made)
    return made
  }

  #predicate(field: string, test: FieldTest, category: string | undefined): MatchNode {
    const slot = this.slot(field, category)
    let ofSlot = this.#predicates.get(slot)
    if (ofSlot === undefined) {
      ofSlot = new Map()
      this.#predicates.set(slot, ofSlot)
    }
    const key = test.kind === 'field' ? `${testKey(test)}${category}` : testKey(test)
    const known = ofSlot.get(key)
    if (known !== undefined) return known
    const other = test.kind === 'field' ? this.slot(test.other, category) : undefined
    const made: MatchNode = { kind: 'predicate', predicate: new Predicate(test, slot, other) }
    ofSlot.set(key, made)
    return made
  }
}

function negate(node: MatchNode): MatchNode {
  if (node.kind === 'constant') return node.value ? NEVER : ALWAYS
  return node.kind === 'not' ? node.item : { kind: 'not', item: node }
}

/** Folded literals of one field become a group, which searches long values once for all of them. */
function grouped(nodes: readonly MatchNode[]): MatchNode {
  const bySlot = new Map<Slot, Predicate[]>()
  const items: MatchNode[] = []
  for (const node of nodes) {
    const test = node.kind === 'predicate' ? node.predicate.test : undefined
    if (node.kind === 'predicate' && test?.kind === 'literal' && !test.cased && test.text !== '' && foldsByUnit(test.text)) {
      const { slot } = node.predicate
      const members = bySlot.get(slot)
      if (members === undefined) bySlot.set(slot, [node.predicate])
      else members.push(node.predicate)
    } else items.push(node)
  }
  for (const [slot, members] of bySlot) {
    if (members.length < SMALLEST_GROUP) items.push(...members.map((predicate): MatchNode => ({ kind: 'predicate', predicate })))
    else items.push({ kind: 'group', group: new LiteralGroup(slot, members) })
  }
  return items.length === 1 ? items[0]! : { kind: 'or', items: cheapFirst(items) }
}

const EXPENSE: Readonly<Record<MatchNode['kind'], number>> = {
  constant: 0,
  predicate: 1,
  group: 2,
  or: 3,
  and: 3,
  not: 4,
  keyword: 5,
}

function expense(node: MatchNode): number {
  const isRegex = node.kind === 'predicate' && node.predicate.test.kind === 'regex'
  return isRegex ? 4 : EXPENSE[node.kind]
}

/** Exclusions, regular expressions and searches of the whole event come last. */
function cheapFirst(nodes: readonly MatchNode[]): readonly MatchNode[] {
  return [...nodes].sort((a, b) => expense(a) - expense(b))
}
