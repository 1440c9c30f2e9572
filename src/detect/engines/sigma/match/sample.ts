import type { JsonObject } from '../../../../kernel/json.ts'
import { fold } from '../../../../platform/text/fold.ts'
import { type Anchor, guessedCost, meets } from './anchors.ts'
import type { Slot } from './slot.ts'

/** The values that some events of a class hold: what anchors are chosen by, once events were seen. */
export class Sample {
  readonly docs: readonly JsonObject[]
  readonly #values = new Map<Slot, readonly (readonly string[])[]>()
  readonly #rates = new Map<Slot, Map<string, number>>()

  constructor(docs: readonly JsonObject[]) {
    this.docs = docs
  }

  /** By event: the field's values, folded. */
  valuesOf(slot: Slot): readonly (readonly string[])[] {
    let values = this.#values.get(slot)
    if (values === undefined) {
      values = this.docs.map((doc) => slot.textsIn(doc).map(fold))
      this.#values.set(slot, values)
    }
    return values
  }

  /** Share of the events in which the field meets the anchor; half an event where none did. */
  rate(slot: Slot, anchor: Anchor): number {
    let rates = this.#rates.get(slot)
    if (rates === undefined) {
      rates = new Map()
      this.#rates.set(slot, rates)
    }
    const key = `${anchor.how}\n${anchor.text}`
    let rate = rates.get(key)
    if (rate === undefined) {
      const met = this.valuesOf(slot).filter((values) => values.some((value) => meets(anchor, value))).length
      rate = Math.max(met, Math.min(0.5, guessedCost(anchor))) / this.docs.length
      rates.set(key, rate)
    }
    return rate
  }

  /** Mean length of the field's values together, events without it included. */
  length(slot: Slot): number {
    const total = this.valuesOf(slot).reduce((sum, values) => sum + values.reduce((each, value) => each + value.length, 0), 0)
    return total / this.docs.length
  }
}
