import type { JsonObject } from '../../../../kernel/json.ts'
import type { SigmaRule } from '../rule.ts'
import type { EventClass } from '../shapes/event-class.ts'
import { learnAnchors } from './anchor-plan.ts'
import { type AnchorCost, type AnchorSet, announcementOf, guessedCost } from './anchors.ts'
import { ClassCompiler } from './class-compiler.ts'
import type { KeywordIndexes } from './keyword-indexes.ts'
import { LiteralIndex } from './literal-index.ts'
import { type MatchNode, nodeHolds } from './match-node.ts'
import type { Current } from './predicate.ts'
import type { RawJson } from './raw-json.ts'
import { Sample } from './sample.ts'
import { MANY, ONE, type Slot } from './slot.ts'

/** Events from which anchors are learned: the first ones, later one in SPACING; and the numbers of events at which they are. */
const SAMPLE = 32
const SPACING = 32
const LESSONS: readonly number[] = [16, 1024]

/** Up to this many rules are evaluated without being announced. */
const FEW = 4

interface Entry {
  readonly rule: SigmaRule
  /** Compiled when the rule is announced for the first time: most never are. */
  node: MatchNode | undefined
  /** The event in which it was evaluated last. */
  stamp: number
}

/**
 * The rules that concern one class of events. Each rule is announced by literals of which one must occur ("anchors"); an index for each
 * field finds the announced rules, and only those are evaluated. Built when the class's first event comes.
 */
export class Bucket {
  readonly #compiler: ClassCompiler
  readonly #keywords: KeywordIndexes
  readonly #entries: Entry[] = []
  #sets: readonly (AnchorSet | undefined)[] = []
  #indexed: readonly { readonly slot: Slot; readonly index: LiteralIndex }[] = []
  readonly #everywhere: { readonly index: LiteralIndex; readonly ids: readonly number[] } | undefined
  /** Rules that no literal announces: evaluated for each event. */
  #unannounced: readonly number[] = []
  readonly #current: Current = { doc: {}, stamp: 0 }
  #learning = true
  #seen = 0
  #sample: JsonObject[] = []

  constructor(eventClass: EventClass, rules: readonly SigmaRule[], keywords: KeywordIndexes) {
    this.#keywords = keywords
    this.#compiler = new ClassCompiler(eventClass)
    const sets: (AnchorSet | undefined)[] = []
    for (const rule of rules) {
      const announcement = announcementOf(rule.expression, guessedCost, this.#compiler.constant)
      if (announcement === 'never') continue
      this.#entries.push({ rule, node: undefined, stamp: 0 })
      sets.push(announcement === 'always' ? undefined : announcement)
    }
    this.#everywhere = this.#keywordIndex(sets)
    this.#index(sets)
    this.#learning = this.#indexed.length > 0
  }

  /** Rules that could match an event of the class. */
  get size(): number {
    return this.#entries.length
  }

  /** Rules that match, in the order they were given; undefined when none does. */
  match(doc: JsonObject, raw: RawJson | undefined): SigmaRule[] | undefined {
    if (this.#learning) this.#learn(doc)
    const current = this.#current
    current.doc = doc
    current.stamp += 1
    const indexed = this.#indexed
    let matched: number[] | undefined
    for (let at = 0; at < indexed.length; at += 1) {
      const { slot, index } = indexed[at]!
      slot.load(doc, current.stamp)
      if (slot.state === ONE) matched = this.#try(index.lookup(slot.text), matched)
      else if (slot.state === MANY) for (const text of slot.texts) matched = this.#try(index.lookup(text), matched)
    }
    const everywhere = this.#everywhere
    if (everywhere !== undefined) {
      const found = everywhere.index.lookupEverywhere(doc, raw)
      if (found.length > 0)
        matched = this.#try(
          found.map((at) => everywhere.ids[at]!),
          matched,
        )
    }
    if (this.#unannounced.length > 0) matched = this.#try(this.#unannounced, matched)
    return matched?.sort((a, b) => a - b).map((id) => this.#entries[id]!.rule)
  }

  #try(ids: readonly number[], matched: number[] | undefined): number[] | undefined {
    let found = matched
    const current = this.#current
    for (let at = 0; at < ids.length; at += 1) {
      const entry = this.#entries[ids[at]!]!
      if (entry.stamp === current.stamp) continue
      entry.stamp = current.stamp
      entry.node ??= this.#compiler.compile(entry.rule.expression, entry.rule.logsource.category)
      if (!nodeHolds(entry.node, current)) continue
      found ??= []
      found.push(ids[at]!)
    }
    return found
  }

  #slotOf(id: number, field: string): Slot {
    return this.#compiler.slot(field, this.#entries[id]!.rule.logsource.category)
  }

  /** Rules that only words anywhere in the event announce: most classes have the same ones, and share the index. */
  #keywordIndex(sets: readonly (AnchorSet | undefined)[]): { index: LiteralIndex; ids: readonly number[] } | undefined {
    const ids = [...sets.keys()].filter((id) => sets[id]?.anchors.some((anchor) => anchor.field === undefined) === true)
    if (ids.length === 0) return undefined
    return { index: this.#keywords.of(ids.map((id) => sets[id]!)), ids }
  }

  /**
   * Puts each rule's anchors into the indexes; an index that stays the same is not built again. A handful of rules
   * are evaluated sooner than announced.
   */
  #index(sets: readonly (AnchorSet | undefined)[]): void {
    const bySlot = new Map<Slot, LiteralIndex>()
    this.#sets = sets
    const announcedBy = (id: number) => sets[id]?.anchors.some((anchor) => anchor.field !== undefined) === true
    const indexed = [...sets.keys()].filter(announcedBy)
    const isWorthIt = indexed.length > FEW
    if (isWorthIt) for (const id of indexed) this.#addAnchors(id, sets[id]!, bySlot)
    this.#unannounced = [...sets.keys()].filter((id) => sets[id] === undefined || (!isWorthIt && announcedBy(id)))
    const before = new Map(this.#indexed.map(({ slot, index }) => [slot, index]))
    this.#indexed = [...bySlot].map(([slot, made]) => {
      const old = before.get(slot)
      return { slot, index: old?.hasSameLiterals(made) === true ? old : made }
    })
  }

  /** Anchors that are sought anywhere are in the shared index already. */
  #addAnchors(id: number, set: AnchorSet, bySlot: Map<Slot, LiteralIndex>): void {
    let index: LiteralIndex | undefined
    let before: string | undefined
    for (const { field, how, text } of set.anchors) {
      if (field === undefined) continue
      // A set's anchors are mostly of one field.
      if (index === undefined || field !== before) {
        const slot = this.#slotOf(id, field)
        index = bySlot.get(slot) ?? new LiteralIndex()
        bySlot.set(slot, index)
        before = field
      }
      index.add(how, text, id)
    }
  }

  /** Keeps some of the events and, at certain numbers of them, chooses the anchors anew by what they hold. */
  #learn(doc: JsonObject): void {
    this.#seen += 1
    if (this.#sample.length < SAMPLE) this.#sample.push(doc)
    else if (this.#seen % SPACING === 0) this.#sample[(this.#seen / SPACING) % SAMPLE] = doc
    if (!LESSONS.includes(this.#seen)) return
    const sample = new Sample(this.#sample)
    const planned = {
      sets: this.#sets,
      choose: (id: number, cost: AnchorCost) => this.#choose(id, cost),
      slotOf: (id: number, field: string) => this.#slotOf(id, field),
      searched: this.#indexed.flatMap(({ slot, index }) => (index.searches ? [slot] : [])),
    }
    this.#index(learnAnchors(planned, this.#announced(sample), sample))
    if (this.#seen < LESSONS.at(-1)!) return
    this.#sample = []
    this.#learning = false
  }

  #choose(id: number, cost: AnchorCost): AnchorSet | undefined {
    const set = this.#sets[id]
    // The shared index of keywords was built with this set.
    if (set?.anchors.some((anchor) => anchor.field === undefined)) return set
    const announcement = announcementOf(this.#entries[id]!.rule.expression, withoutKeywords(cost), this.#compiler.constant)
    return typeof announcement === 'object' ? announcement : set
  }

  /** By rule: in how many events of the sample its anchors are met. */
  #announced(sample: Sample): number[] {
    const counts = new Array<number>(this.#entries.length).fill(0)
    for (const number of sample.docs.keys()) {
      const ids = new Set<number>()
      for (const { slot, index } of this.#indexed) {
        for (const text of sample.valuesOf(slot)[number]!) for (const id of index.lookup(text)) ids.add(id)
      }
      for (const id of ids) counts[id] = counts[id]! + 1
    }
    return counts
  }
}

/** An anchor that is sought anywhere is never better than one of a field. */
function withoutKeywords(cost: AnchorCost): AnchorCost {
  return (anchor) => (anchor.field === undefined ? Infinity : cost(anchor))
}
