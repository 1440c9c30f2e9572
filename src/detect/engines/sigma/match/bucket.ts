import type { JsonObject } from '../../../../kernel/json.ts'
import type { JsonScan } from '../../../scan/json-scan.ts'
import type { SigmaRule } from '../rule.ts'
import type { EventClass } from '../shapes/event-class.ts'
import { LONG, learnAnchors } from './anchor-plan.ts'
import { type AnchorCost, type AnchorSet, announcementOf } from './anchors.ts'
import { announce, type IndexedSlot } from './announcer.ts'
import { ClassCompiler } from './class-compiler.ts'
import type { EventAtHand } from './event-at-hand.ts'
import type { Guesses } from './guesses.ts'
import type { KeywordIndexes } from './keyword-indexes.ts'
import { LiteralIndex } from './literal-index.ts'
import { type MatchNode, nodeHolds } from './match-node.ts'
import { Sample } from './sample.ts'
import { ScannedAnnouncer } from './scanned-announcer.ts'
import { MANY, ONE, type Slot } from './slot.ts'

/** From so many events, evenly spaced, anchors are learned; and the numbers of events at which they are. */
const SAMPLE = 12
const LESSONS: readonly number[] = [128, 2048]

/** How a rule is announced: as was guessed when the bucket was built, or as was learned since. */
type Layer = 'guessed' | 'learned'

interface Entry {
  readonly rule: SigmaRule
  /** Compiled when the rule is announced for the first time: most never are. */
  node: MatchNode | undefined
  /** The event in which it was evaluated last. */
  stamp: number
  /** Events that announced it since anchors were last chosen. */
  announced: number
  layer: Layer
}

/**
 * The rules that concern one class of events. Each rule is announced by literals of which one must occur ("anchors"); an index for each
 * field finds the announced rules, and only those are evaluated. Built when the class's first event comes.
 */
export class Bucket {
  readonly #compiler: ClassCompiler
  readonly #entries: Entry[] = []
  #sets: readonly (AnchorSet | undefined)[]
  #guessed: readonly IndexedSlot[]
  #learned: readonly IndexedSlot[] = []
  /** The same in the memory of the scan that events come from, made when the first one comes. */
  #scanned: Partial<Record<Layer, ScannedAnnouncer | 'no room'>> = {}
  readonly #everywhere: { readonly index: LiteralIndex; readonly ids: readonly number[] } | undefined
  /** Rules that no literal announces: evaluated for each event. */
  readonly #guessedUnannounced: readonly number[]
  #unannounced: readonly number[]
  #learning: boolean
  #seen = 0
  /** Events seen at the last lesson. */
  #lesson = 0
  #sample: JsonObject[] = []

  constructor(
    eventClass: EventClass,
    rules: readonly SigmaRule[],
    shared: { readonly keywords: KeywordIndexes; readonly guesses: Guesses },
  ) {
    this.#compiler = new ClassCompiler(eventClass)
    const sets: (AnchorSet | undefined)[] = []
    for (const rule of rules) {
      const announcement = shared.guesses.of(rule, this.#compiler.constant)
      if (announcement === 'never') continue
      this.#entries.push({ rule, node: undefined, stamp: 0, announced: 0, layer: 'guessed' })
      sets.push(announcement === 'always' ? undefined : announcement)
    }
    this.#sets = sets
    const sought = [...sets.keys()].filter((id) => sets[id]?.anchors.some((anchor) => anchor.field === undefined) === true)
    this.#everywhere = sought.length === 0 ? undefined : { index: shared.keywords.of(sought.map((id) => sets[id]!)), ids: sought }
    const announcer = announce(new Map(sets.entries()), this.#slotOf)
    this.#guessed = announcer.indexed
    this.#guessedUnannounced = announcer.unannounced
    this.#unannounced = announcer.unannounced
    this.#learning = announcer.indexed.length > 0
  }

  /** Rules that could match an event of the class. */
  get size(): number {
    return this.#entries.length
  }

  /** Rules that match, in the order they were given; undefined when none does. */
  match(event: EventAtHand): SigmaRule[] | undefined {
    if (this.#learning) this.#learn(event)
    let matched = this.#tryAnnounced(event, this.#guessed, 'guessed', undefined)
    if (this.#learned.length > 0) matched = this.#tryAnnounced(event, this.#learned, 'learned', matched)
    const everywhere = this.#everywhere
    if (everywhere !== undefined) {
      const found = everywhere.index.lookupEverywhere(event)
      for (let at = 0; at < found.length; at += 1) matched = this.#tryRule(event, everywhere.ids[found[at]!]!, matched)
    }
    const unannounced = this.#unannounced
    for (let at = 0; at < unannounced.length; at += 1) matched = this.#tryRule(event, unannounced[at]!, matched)
    return matched?.sort((a, b) => a - b).map((id) => this.#entries[id]!.rule)
  }

  /** What each rule that `match` would evaluate costs by itself, nothing shared between rules: `note` gets the rule and how to run it. */
  measure(event: EventAtHand, note: (rule: SigmaRule, run: () => boolean) => void): void {
    const { doc } = event
    const ids = new Set(this.#unannounced)
    for (const [layer, indexed] of [['guessed', this.#guessed] as const, ['learned', this.#learned] as const]) {
      for (const { slot, index } of indexed) {
        for (const text of slot.textsIn(doc))
          for (const id of index.lookup(text)) if (this.#entries[id]!.layer === layer) ids.add(id)
      }
    }
    const everywhere = this.#everywhere
    for (const at of everywhere?.index.lookupEverywhere(event) ?? []) ids.add(everywhere!.ids[at]!)
    for (const id of ids) {
      const entry = this.#entries[id]!
      entry.node ??= this.#compiler.compile(entry.rule.expression, entry.rule.logsource.category)
      const { node } = entry
      note(entry.rule, () => {
        // A stamp of its own: what another rule asked before is asked again.
        event.begin(doc)
        return nodeHolds(node, event)
      })
    }
  }

  #tryAnnounced(
    event: EventAtHand,
    indexed: readonly IndexedSlot[],
    layer: Layer,
    matched: number[] | undefined,
  ): number[] | undefined {
    const { scan } = event
    let found = matched
    if (scan !== undefined) {
      const announcer = this.#inScan(scan, indexed, layer)
      if (announcer !== undefined) return this.#tryScanned(event, scan, announcer, indexed, layer, matched)
    }
    for (let at = 0; at < indexed.length; at += 1) found = this.#tryField(event, indexed[at]!, layer, found)
    return found
  }

  #inScan(scan: JsonScan, indexed: readonly IndexedSlot[], layer: Layer): ScannedAnnouncer | undefined {
    let announcer = this.#scanned[layer]
    if (announcer === undefined) {
      announcer = ScannedAnnouncer.of(scan, indexed, this.#entries.length) ?? 'no room'
      this.#scanned[layer] = announcer
    }
    return announcer === 'no room' ? undefined : announcer
  }

  #tryScanned(
    event: EventAtHand,
    scan: JsonScan,
    announcer: ScannedAnnouncer,
    indexed: readonly IndexedSlot[],
    layer: Layer,
    matched: number[] | undefined,
  ): number[] | undefined {
    let found = matched
    const count = announcer.announce()
    const { answer, asked } = scan
    for (let at = 0; at < count; at += 1) found = this.#tryOne(event, answer[at]!, layer, found)
    const others = asked[0]!
    for (let at = 1; at <= others; at += 1) found = this.#tryField(event, indexed[asked[at]!]!, layer, found)
    return found
  }

  #tryField(event: EventAtHand, { slot, index }: IndexedSlot, layer: Layer, matched: number[] | undefined): number[] | undefined {
    let found = matched
    slot.load(event)
    if (slot.state === ONE) found = this.#tryAll(event, index.lookup(slot.text), layer, found)
    else if (slot.state === MANY) for (const text of slot.texts) found = this.#tryAll(event, index.lookup(text), layer, found)
    return found
  }

  #tryAll(event: EventAtHand, ids: readonly number[], layer: Layer, matched: number[] | undefined): number[] | undefined {
    let found = matched
    for (let at = 0; at < ids.length; at += 1) found = this.#tryOne(event, ids[at]!, layer, found)
    return found
  }

  #tryOne(event: EventAtHand, id: number, layer: Layer, matched: number[] | undefined): number[] | undefined {
    const entry = this.#entries[id]!
    if (entry.layer !== layer || entry.stamp === event.stamp) return matched
    entry.announced += 1
    return this.#tryRule(event, id, matched)
  }

  #tryRule(event: EventAtHand, id: number, matched: number[] | undefined): number[] | undefined {
    const entry = this.#entries[id]!
    if (entry.stamp === event.stamp) return matched
    entry.stamp = event.stamp
    entry.node ??= this.#compiler.compile(entry.rule.expression, entry.rule.logsource.category)
    if (!nodeHolds(entry.node, event)) return matched
    if (matched === undefined) return [id]
    matched.push(id)
    return matched
  }

  readonly #slotOf = (id: number, field: string): Slot => this.#compiler.slot(field, this.#entries[id]!.rule.logsource.category)

  /** Keeps some of the events and, at certain numbers of them, chooses the anchors anew by what they hold. */
  #learn(event: EventAtHand): void {
    this.#seen += 1
    const lesson = LESSONS.find((events) => events >= this.#seen)!
    const spacing = Math.floor((lesson - this.#lesson) / SAMPLE)
    // A bucket that never comes to a lesson parses few documents for it.
    if ((this.#seen - this.#lesson) % spacing === 0) this.#sample.push(event.doc)
    if (this.#seen < lesson) return
    const sample = new Sample(this.#sample)
    const before = this.#sets
    const planned = {
      sets: before,
      choose: (id: number, cost: AnchorCost) => this.#choose(id, cost),
      slotOf: this.#slotOf,
      searched: [...this.#guessed, ...this.#learned].flatMap(({ slot, index }) => (index.searches ? [slot] : [])),
    }
    const since = this.#seen - this.#lesson
    this.#lesson = this.#seen
    this.#sets = learnAnchors(
      planned,
      this.#entries.map((entry) => entry.announced / since),
      sample,
    )
    for (const [id, entry] of this.#entries.entries()) {
      entry.announced = 0
      if (this.#sets[id] !== before[id]) entry.layer = 'learned'
    }
    const moved = [...this.#entries.keys()].filter((id) => this.#entries[id]!.layer === 'learned')
    this.#guessed = this.#guessed.flatMap((indexed) => this.#withoutMoved(indexed, sample))
    const announcer = announce(new Map(moved.map((id) => [id, this.#sets[id]])), this.#slotOf)
    this.#learned = announcer.indexed
    this.#unannounced = [...this.#guessedUnannounced, ...announcer.unannounced]
    for (const { slot, index } of [...this.#guessed, ...this.#learned]) {
      if (index.searches && sample.length(slot) >= LONG) index.tune(sample.valuesOf(slot).flat())
    }
    this.#scanned = {}
    this.#sample = []
    if (this.#seen < LESSONS.at(-1)!) return
    this.#learning = false
  }

  /** An index over long values is built again without the rules that have left it, or dropped; others cost little as they are. */
  #withoutMoved(indexed: IndexedSlot, sample: Sample): readonly IndexedSlot[] {
    const { slot, index } = indexed
    const ids = [...index.ids]
    const left = ids.filter((id) => this.#entries[id]!.layer === 'guessed')
    if (left.length === ids.length || (left.length > 0 && sample.length(slot) < LONG)) return [indexed]
    const rebuilt = new LiteralIndex()
    for (const id of left) {
      for (const { field, how, text } of this.#sets[id]!.anchors) {
        if (field !== undefined && this.#slotOf(id, field) === slot) rebuilt.add(how, text, id)
      }
    }
    return left.length === 0 ? [] : [{ slot, index: rebuilt }]
  }

  #choose(id: number, cost: AnchorCost): AnchorSet | undefined {
    const set = this.#sets[id]
    // The shared index of keywords was built with this set.
    if (set === undefined || set.anchors.some((anchor) => anchor.field === undefined)) return set
    const announcement = announcementOf(this.#entries[id]!.rule.expression, withoutKeywords(cost), this.#compiler.constant)
    return typeof announcement === 'object' ? announcement : set
  }
}

/** An anchor that is sought anywhere is never better than one of a field. */
function withoutKeywords(cost: AnchorCost): AnchorCost {
  return (anchor) => (anchor.field === undefined ? Infinity : cost(anchor))
}
