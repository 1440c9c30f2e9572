import type { JsonObject } from '../../../../kernel/json.ts'
import { type Expression, type FieldTest, testKey } from '../expression.ts'
import type { SigmaRule } from '../rule.ts'
import type { EventClass } from '../shapes/event-class.ts'
import { anchorsOf } from './anchors.ts'
import { fieldHolds } from './evaluate.ts'
import { KeywordSearch, visitTexts } from './keyword-search.ts'
import { LiteralIndex } from './literal-index.ts'
import { type MatchNode, nodeHolds } from './match-node.ts'
import { type Current, Predicate } from './predicate.ts'
import { fieldReader } from './read-field.ts'
import { MANY, ONE, Slot } from './slot.ts'

const NEVER: MatchNode = { kind: 'constant', value: false }
const ALWAYS: MatchNode = { kind: 'constant', value: true }

/** The rules that concern one class of events, compiled for it. Built when its first event comes. */
export class Bucket {
  readonly #class: EventClass
  readonly #slots = new Map<string, Slot>()
  readonly #slotOfField = new Map<string, Slot>()
  readonly #predicates = new Map<Slot, Map<string, MatchNode>>()
  readonly #keywords = new Map<string, MatchNode>()
  readonly #rules: { readonly rule: SigmaRule; readonly node: MatchNode; stamp: number }[] = []
  readonly #indexed: { readonly slot: Slot; readonly index: LiteralIndex }[] = []
  readonly #everywhere: LiteralIndex | undefined
  /** Rules that no literal announces. */
  readonly #unanchored: number[] = []
  readonly #current: Current = { doc: {}, stamp: 0 }

  constructor(eventClass: EventClass, rules: readonly SigmaRule[]) {
    this.#class = eventClass
    for (const rule of rules) {
      const node = this.#compile(rule.expression, rule.logsource.category)
      if (node.kind !== 'constant' || node.value) this.#rules.push({ rule, node, stamp: 0 })
    }
    this.#everywhere = this.#buildIndexes()
  }

  get size(): number {
    return this.#rules.length
  }

  #buildIndexes(): LiteralIndex | undefined {
    const bySlot = new Map<Slot, LiteralIndex>()
    let everywhere: LiteralIndex | undefined
    for (const [id, { node }] of this.#rules.entries()) {
      const set = anchorsOf(node)
      if (set === undefined) this.#unanchored.push(id)
      for (const { slot, how, text } of set?.anchors ?? []) {
        if (slot === undefined) {
          everywhere ??= new LiteralIndex()
          everywhere.add(how, text, id)
          continue
        }
        let index = bySlot.get(slot)
        if (index === undefined) {
          index = new LiteralIndex()
          bySlot.set(slot, index)
          this.#indexed.push({ slot, index })
        }
        index.add(how, text, id)
      }
    }
    return everywhere
  }

  /** Rules that match, in the order they were loaded; undefined when none does. */
  match(doc: JsonObject): SigmaRule[] | undefined {
    const current = this.#current
    current.doc = doc
    current.stamp += 1
    let matched: number[] | undefined
    const { stamp } = current
    for (const { slot, index } of this.#indexed) {
      slot.load(doc, stamp)
      if (slot.state === ONE) matched = this.#try(index.lookup(slot.text), matched)
      else if (slot.state === MANY) for (const text of slot.texts) matched = this.#try(index.lookup(text), matched)
    }
    const everywhere = this.#everywhere
    if (everywhere !== undefined) {
      visitTexts(doc, (text) => {
        matched = this.#try(everywhere.lookup(text), matched)
      })
    }
    if (this.#unanchored.length > 0) matched = this.#try(this.#unanchored, matched)
    return matched?.sort((a, b) => a - b).map((id) => this.#rules[id]!.rule)
  }

  #try(ids: readonly number[], matched: number[] | undefined): number[] | undefined {
    let found = matched
    for (let at = 0; at < ids.length; at += 1) {
      const id = ids[at]!
      const entry = this.#rules[id]!
      if (entry.stamp === this.#current.stamp) continue
      entry.stamp = this.#current.stamp
      if (!nodeHolds(entry.node, this.#current)) continue
      found ??= []
      found.push(id)
    }
    return found
  }

  #compile(expression: Expression, category: string | undefined): MatchNode {
    switch (expression.kind) {
      case 'constant':
        return expression.value ? ALWAYS : NEVER
      case 'selection':
        return this.#compile(expression.item, category)
      case 'not':
        return negate(this.#compile(expression.item, category))
      case 'and':
        return this.#join('and', expression.items, category)
      case 'or':
        return this.#join('or', expression.items, category)
      case 'keyword':
        return this.#keyword(expression)
      case 'test':
        return this.#predicate(expression.field, expression.test, category)
    }
  }

  #join(kind: 'and' | 'or', items: readonly Expression[], category: string | undefined): MatchNode {
    const decides = kind === 'or'
    const nodes: MatchNode[] = []
    for (const item of items) {
      const node = this.#compile(item, category)
      if (node.kind === 'constant') {
        if (node.value === decides) return node
      } else if (node.kind === kind) nodes.push(...node.items)
      else nodes.push(node)
    }
    if (nodes.length === 0) return decides ? NEVER : ALWAYS
    return nodes.length === 1 ? nodes[0]! : { kind, items: nodes }
  }

  #keyword(expression: Extract<Expression, { kind: 'keyword' }>): MatchNode {
    // An event of unknown source is no reason to search it for words that mean something in one particular log.
    if (this.#class.product === undefined) return NEVER
    const key = testKey(expression.test)
    const known = this.#keywords.get(key)
    if (known !== undefined) return known
    const made: MatchNode = { kind: 'keyword', test: expression.test, search: new KeywordSearch(expression.test) }
    this.#keywords.set(key, made)
    return made
  }

  #predicate(field: string, test: FieldTest, category: string | undefined): MatchNode {
    const constant = this.#class.constants.get(field)
    if (constant !== undefined && test.kind !== 'field') return fieldHolds(test, constant, () => undefined) ? ALWAYS : NEVER
    const slot = this.#slot(field, category)
    let ofSlot = this.#predicates.get(slot)
    if (ofSlot === undefined) {
      ofSlot = new Map()
      this.#predicates.set(slot, ofSlot)
    }
    const key = test.kind === 'field' ? `${testKey(test)}${category}` : testKey(test)
    const known = ofSlot.get(key)
    if (known !== undefined) return known
    const other = test.kind === 'field' ? this.#slot(test.other, category) : undefined
    const made: MatchNode = { kind: 'predicate', predicate: new Predicate(test, slot, other) }
    ofSlot.set(key, made)
    return made
  }

  /** Fields that stand in the same places are one slot, whatever the rules call them. */
  #slot(field: string, category: string | undefined): Slot {
    const key = `${category ?? ''}\n${field}`
    const known = this.#slotOfField.get(key)
    if (known !== undefined) return known
    const places = this.#class.places(field, category)
    const where = JSON.stringify(places.map((place) => [place.keys, place.convert === undefined ? '' : field]))
    let slot = this.#slots.get(where)
    if (slot === undefined) {
      slot = new Slot(fieldReader(places))
      this.#slots.set(where, slot)
    }
    this.#slotOfField.set(key, slot)
    return slot
  }
}

function negate(node: MatchNode): MatchNode {
  if (node.kind === 'constant') return node.value ? NEVER : ALWAYS
  return node.kind === 'not' ? node.item : { kind: 'not', item: node }
}
