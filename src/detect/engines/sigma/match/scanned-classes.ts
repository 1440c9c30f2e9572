import type { JsonScan } from '../../../scan/json-scan.ts'
import { UNKNOWN, type ValueTable } from '../../../scan/value-table.ts'
import type { EventClass, EventShape } from '../shapes/event-class.ts'

/** What was decided about one shape, by the values at the paths that decide about it and all shapes before it. */
interface Decision {
  readonly shape: EventShape
  readonly table: ValueTable
  /** By the number in the table. Undefined: the documents with these values have another shape. */
  readonly classes: (EventClass | undefined)[]
}

/**
 * Tells the class of scanned events from a few values, without the document, once it was told for the same values. Shapes are asked in
 * turn, like documents are; the first that does not say what decides it ends the series.
 */
export class ScannedClasses {
  readonly #scan: JsonScan
  readonly #decisions: readonly Decision[]

  constructor(scan: JsonScan, shapes: readonly EventShape[]) {
    this.#scan = scan
    const decisions: Decision[] = []
    const paths: number[] = []
    for (const shape of shapes) {
      const own = shape.decidedBy?.map((keys) => scan.path(keys))
      if (own === undefined || own.includes(undefined)) break
      paths.push(...own.filter((path) => path !== undefined))
      const table = scan.table(paths)
      if (table === undefined) break
      decisions.push({ shape, table, classes: [] })
    }
    this.#decisions = decisions
  }

  /** The class of the event that was scanned, or undefined when its document must tell. */
  of(): EventClass | undefined {
    const scan = this.#scan
    for (let at = 0; at < this.#decisions.length; at += 1) {
      const { table, classes, shape } = this.#decisions[at]!
      let number = scan.recall(table)
      if (number < UNKNOWN) return undefined
      if (number === UNKNOWN) {
        number = scan.enter(table)
        classes[number] = shape.classify(scan.doc())
      }
      const eventClass = classes[number]
      if (eventClass !== undefined) return eventClass
    }
    return undefined
  }
}
