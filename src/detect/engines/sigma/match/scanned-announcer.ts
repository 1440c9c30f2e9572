import type { JsonScan } from '../../../scan/json-scan.ts'
import type { IndexedSlot } from './announcer.ts'

/** Looks up the fields of a scanned event in their indexes, all at once where their values stand as ASCII. Used with one scan. */
export class ScannedAnnouncer {
  readonly #scan: JsonScan
  readonly #indexed: readonly IndexedSlot[]
  readonly #program: number

  private constructor(scan: JsonScan, indexed: readonly IndexedSlot[], program: number) {
    this.#scan = scan
    this.#indexed = indexed
    this.#program = program
  }

  /** Undefined when the scan has no room for it. Ids are below `ids`. */
  static of(scan: JsonScan, indexed: readonly IndexedSlot[], ids: number): ScannedAnnouncer | undefined {
    const fields = indexed.map(({ slot, index }) => ({
      index: index.scanned ?? 0,
      meetsScalars: index.meetsScalars,
      places: slot.inScan(scan).places,
    }))
    const program = scan.literals.program(fields, ids)
    return program === undefined ? undefined : new ScannedAnnouncer(scan, indexed, program)
  }

  /** How many ids stand in the scan's answer; the fields that only their values can tell about are in `asked` there. */
  announce(): number {
    const scan = this.#scan
    const count = scan.announce(this.#program)
    if (scan.asked[0] === 0 || !this.#makeIndexes()) return count
    return scan.announce(this.#program)
  }

  /** Makes those indexes that were missed, and says whether there were any. */
  #makeIndexes(): boolean {
    const { literals, asked } = this.#scan
    let made = false
    for (let at = 1; at <= asked[0]!; at += 1) {
      const field = asked[at]!
      if (!literals.isUnmade(this.#program, field)) continue
      literals.setIndex(this.#program, field, this.#indexed[field]!.index.inScan(this.#scan))
      made = true
    }
    return made
  }
}
