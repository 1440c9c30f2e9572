import type { Aggregate } from './aggregate.ts'
import { type EvidenceSource, type Item, precedes } from './item.ts'

/** What an insertion changed. */
export interface Change {
  /** Places where the condition became true after it was not: one a stretch of time in which it holds. */
  readonly fired: readonly Item[]
  /** Every place at which it holds now and did not hold before. */
  readonly held: readonly Item[]
}

const NOTHING: Change = { fired: [], held: [] }

/** Expired items are cut off in lumps: a splice for each event would be quadratic. */
const LUMP = 256

/** A moment of the window: its last item speaks for it. `was`: whether the condition held there before the insertion. */
interface Moment {
  readonly item: Item
  readonly was: boolean
}

/**
 * The items of one group of one rule, in window order, each with the answer to "does the condition hold over
 * [time − span, time]?". It fires once a stretch of moments at which the condition holds; `join` is the longest silence
 * that does not end a stretch. What an insertion reports depends on the items within `span + join` before it and on
 * nothing older: so a replay of a bounded past restores the same future.
 */
export class GroupWindow implements EvidenceSource {
  readonly #span: number
  readonly #join: number
  readonly #aggregate: Aggregate
  readonly #fresh: () => Aggregate
  #items: Item[] = []
  /** Index of the first item in the window that ends at the last item: what the aggregate holds. */
  #head = 0
  /** Clock of the last insertion, for whoever forgets groups at rest. */
  touched = 0

  constructor(span: number, join: number, fresh: () => Aggregate) {
    this.#span = span
    this.#join = join
    this.#fresh = fresh
    this.#aggregate = fresh()
  }

  get size(): number {
    return this.#items.length
  }

  get oldest(): Item | undefined {
    return this.#items[0]
  }

  insert(item: Item): Change {
    const last = this.#items.at(-1)
    return last === undefined || !precedes(item, last) ? this.#append(item, last) : this.#insertLate(item)
  }

  /** Drops what ends before `before`; returns how many items went. */
  expire(before: number, lump = LUMP): number {
    const items = this.#items
    if ((items[0]?.time ?? before) >= before) return 0
    const lumpEnd = items[Math.min(lump, items.length) - 1]
    if (lumpEnd === undefined || (items.length > lump && lumpEnd.time >= before)) return 0
    return this.#dropFirst(this.#firstFrom(before))
  }

  /** Drops the oldest item, whatever its age. */
  evict(): Item | undefined {
    const first = this.#items[0]
    if (first !== undefined) this.#dropFirst(1)
    return first
  }

  evidenceAt(item: Item): { readonly items: readonly Item[]; readonly figure: number } {
    const since = item.time - this.#span
    const aggregate = this.#fresh()
    const window: Item[] = []
    for (let index = this.#firstFrom(since); index < this.#items.length; index++) {
      const each = this.#items[index]
      if (each === undefined) break
      aggregate.add(each)
      window.push(each)
      if (each === item) break
    }
    return { items: aggregate.evidence(window), figure: aggregate.figure() }
  }

  #append(item: Item, last: Item | undefined): Change {
    const since = item.time - this.#span
    this.#items.push(item)
    this.#aggregate.add(item)
    this.#advanceHead(since)
    item.holds = this.#aggregate.holds()
    if (!item.holds) return NOTHING
    const before = last?.time === item.time && !last.holds ? this.#lastBefore(item.time) : last
    const goesOn = before?.holds === true && before.time >= item.time - this.#join
    return { fired: goesOn ? [] : [item], held: [item] }
  }

  #advanceHead(since: number): void {
    for (let first = this.#items[this.#head]; first !== undefined && first.time < since; first = this.#items[this.#head]) {
      this.#aggregate.remove(first)
      this.#head++
    }
  }

  #insertLate(item: Item): Change {
    const items = this.#items
    const at = this.#placeOf(item)
    this.#rewind(at, item.time - this.#span)
    items.splice(at, 0, item)
    const before = this.#judgeAgain(at, item.time + this.#span)
    const held: Item[] = []
    for (let index = at; index < at + before.length; index++) {
      const each = items[index]
      if (each?.holds === true && before[index - at] !== true) held.push(each)
    }
    return { fired: this.#newStretches(at, before), held }
  }

  /** Makes the aggregate hold the items from `since` to the one before `at`. A little way back costs little, unless order matters. */
  #rewind(at: number, since: number): void {
    const items = this.#items
    const head = this.#firstFrom(since)
    const each = (from: number, to: number, act: (item: Item) => void): void => {
      for (let index = from; index < to; index++) {
        const item = items[index]
        if (item !== undefined) act(item)
      }
    }
    if (this.#aggregate.ordered) {
      this.#aggregate.clear()
      each(head, at, (item) => this.#aggregate.add(item))
    } else {
      each(Math.max(at, this.#head), items.length, (item) => this.#aggregate.remove(item))
      each(head, Math.min(at, this.#head), (item) => this.#aggregate.add(item))
    }
    this.#head = head
  }

  /** Judges the items from `at` to the time `until` and leaves the aggregate at the end; returns what they said before. */
  #judgeAgain(at: number, until: number): boolean[] {
    const items = this.#items
    const before: boolean[] = []
    for (let index = at; index < items.length; index++) {
      const each = items[index]
      if (each === undefined) break
      this.#aggregate.add(each)
      this.#advanceHead(each.time - this.#span)
      if (each.time > until) continue
      before.push(each.holds)
      each.holds = this.#aggregate.holds()
    }
    return before
  }

  /** First moments of those stretches in which the condition held nowhere before. */
  #newStretches(at: number, before: readonly boolean[]): Item[] {
    const starts: Item[] = []
    let start: Item | undefined
    let known = false
    let previous: Item | undefined
    const close = (): void => {
      if (start !== undefined && !known) starts.push(start)
      start = undefined
      known = false
    }
    for (const { item, was } of this.#momentsAround(at, before)) {
      if (previous !== undefined && item.time - previous.time > this.#join) close()
      if (item.holds) {
        start ??= item
        known ||= was
      } else close()
      previous = item
    }
    close()
    return starts
  }

  /** The moments that were judged again, with one unchanged neighbour on each side. */
  #momentsAround(at: number, before: readonly boolean[]): Moment[] {
    const items = this.#items
    const inserted = items[at]
    if (inserted === undefined) return []
    const moments: Moment[] = []
    const left = this.#lastBefore(inserted.time)
    if (left !== undefined) moments.push({ item: left, was: left.holds })
    const end = at + before.length
    for (let index = at; index < items.length; index++) {
      const item = items[index]
      if (item === undefined || items[index + 1]?.time === item.time) continue
      const sibling = index === at ? items[at - 1] : undefined
      const insertedWas = sibling?.time === inserted.time && sibling.holds
      moments.push({ item, was: index === at ? insertedWas : index < end ? before[index - at] === true : item.holds })
      if (index >= end) break
    }
    return moments
  }

  #lastBefore(time: number): Item | undefined {
    return this.#items[this.#firstFrom(time) - 1]
  }

  #dropFirst(count: number): number {
    for (let index = this.#head; index < count; index++) {
      const item = this.#items[index]
      if (item !== undefined) this.#aggregate.remove(item)
    }
    this.#items.splice(0, count)
    this.#head = Math.max(0, this.#head - count)
    return count
  }

  #firstFrom(time: number): number {
    let low = 0
    let high = this.#items.length
    while (low < high) {
      const middle = (low + high) >> 1
      if ((this.#items[middle]?.time ?? 0) < time) low = middle + 1
      else high = middle
    }
    return low
  }

  #placeOf(item: Item): number {
    let low = 0
    let high = this.#items.length
    while (low < high) {
      const middle = (low + high) >> 1
      const each = this.#items[middle]
      if (each !== undefined && !precedes(item, each)) low = middle + 1
      else high = middle
    }
    return low
  }
}
