import type { AnchorSet } from './anchors.ts'
import { LiteralIndex } from './literal-index.ts'

/** Indexes of words that are sought anywhere in an event, shared by all classes in which the same rules seek the same. */
export class KeywordIndexes {
  readonly #known = new Map<string, LiteralIndex>()

  /** The index whose ids are places in `sets`. */
  of(sets: readonly AnchorSet[]): LiteralIndex {
    const key = JSON.stringify(sets.map((set) => set.anchors.filter((anchor) => anchor.field === undefined)))
    const known = this.#known.get(key)
    if (known !== undefined) return known
    const index = new LiteralIndex()
    for (const [place, set] of sets.entries()) {
      for (const { field, how, text } of set.anchors) if (field === undefined) index.add(how, text, place)
    }
    this.#known.set(key, index)
    return index
  }
}
