import type { JsonScan } from '../../../scan/json-scan.ts'
import { UNAVAILABLE } from '../../../scan/scan-literals.ts'
import type { EventAtHand } from './event-at-hand.ts'
import { LiteralIndex } from './literal-index.ts'
import type { Predicate } from './predicate.ts'
import { ABSENT, IN_DOCUMENT } from './scan-reader.ts'
import { MANY, ONE, type Slot } from './slot.ts'

/** So many units to compare (members × length of the value) are cheaper to search at once. */
const WORTH = 800
/** So few members are asked of bytes one by one. */
const FEW = 4
/** So few answers come sooner from asking one by one than from building an index. */
const TRIAL = 8

/** Many literals asked of one field, of which any will do: one pass over the value, once an event. */
export class LiteralGroup {
  readonly #slot: Slot
  readonly #members: readonly Predicate[]
  #index: LiteralIndex | undefined
  #asked = 0
  #stamp = 0
  #holds = false

  /** `members`: folded literal tests of the same slot. */
  constructor(slot: Slot, members: readonly Predicate[]) {
    this.#slot = slot
    this.#members = members
  }

  holds(event: EventAtHand): boolean {
    if (this.#stamp !== event.stamp) {
      this.#stamp = event.stamp
      this.#holds = this.#compute(event)
    }
    return this.#holds
  }

  #compute(event: EventAtHand): boolean {
    const slot = this.#slot
    if (event.scan !== undefined) {
      const path = slot.pathIn(event, event.scan)
      if (path === ABSENT) return false
      const told = path === IN_DOCUMENT ? undefined : this.#inBytes(event, event.scan, path)
      if (told !== undefined) return told
    }
    slot.load(event)
    if (slot.state !== ONE && slot.state !== MANY) return false
    if (slot.state === ONE && slot.text.length * this.#members.length < WORTH) return this.#some(event)
    this.#asked += 1
    if (this.#asked <= TRIAL) return this.#some(event)
    const index = this.#index ?? this.#build()
    if (slot.state === ONE) return index.meets(slot.text)
    return slot.texts.some((text) => index.meets(text))
  }

  /** The answer where the value stands as text at the path; undefined when the scan has no room for the literals. */
  #inBytes(event: EventAtHand, scan: JsonScan, path: number): boolean | undefined {
    if (this.#members.length <= FEW) return this.#some(event)
    this.#asked += 1
    if (this.#asked <= TRIAL) return this.#some(event)
    const { mark } = scan.literals
    this.#index ??= this.#build()
    const index = this.#index.inScan(scan)
    if (mark === undefined || index === UNAVAILABLE) return undefined
    return scan.find(index, mark, scan.startOf(path), scan.endOf(path)) > 0
  }

  #some(event: EventAtHand): boolean {
    const members = this.#members
    for (let index = 0; index < members.length; index += 1) if (members[index]!.holds(event)) return true
    return false
  }

  #build(): LiteralIndex {
    const index = new LiteralIndex()
    for (const { test } of this.#members) if (test.kind === 'literal') index.add(test.how, test.text, 0)
    this.#index = index
    return index
  }
}
