import { type JsonScan, NOTHING, OBJECT } from '../../../scan/json-scan.ts'
import type { EventClass, EventShape } from '../shapes/event-class.ts'

/** Longer values than this hardly come again: the document is asked. */
const LONGEST = 128
const MOST_KNOWN = 4096
/** Of one hash, but for the one that is learned. */
const MOST_ALIKE = 7

/** Values that were met, by kind and bytes, and the class that they decided. */
interface Known {
  readonly kinds: Uint8Array
  readonly values: readonly Uint8Array[]
  /** Undefined: the documents with these values have another shape. */
  readonly eventClass: EventClass | undefined
}

/** The paths that decide about one shape, those of all shapes before it among them, and what was decided for their values. */
interface Decision {
  readonly shape: EventShape
  readonly paths: readonly number[]
  readonly known: Map<number, Known[]>
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
      decisions.push({ shape, paths: [...paths], known: new Map() })
    }
    this.#decisions = decisions
  }

  /** The class of the event that was scanned, or undefined when its document must tell. */
  of(): EventClass | undefined {
    for (let at = 0; at < this.#decisions.length; at += 1) {
      const decision = this.#decisions[at]!
      const hash = this.#hash(decision.paths)
      if (hash === undefined) return undefined
      const { eventClass } = this.#recall(decision, hash) ?? this.#learn(decision, hash)
      if (eventClass !== undefined) return eventClass
    }
    return undefined
  }

  /** Of kinds, lengths and some bytes; undefined where a value is a structure or long. */
  #hash(paths: readonly number[]): number | undefined {
    const scan = this.#scan
    const { bytes } = scan
    let hash = 0
    for (let index = 0; index < paths.length; index += 1) {
      const path = paths[index]!
      const kind = scan.kind(path)
      if (kind === NOTHING) {
        hash = Math.imul(hash, 31)
        continue
      }
      const start = scan.startOf(path)
      const end = scan.endOf(path)
      if (kind >= OBJECT || end - start > LONGEST) return undefined
      hash = Math.imul(hash, 31) + (kind << 8) + end - start
      // Enough to tell most apart: the first, where `Security` and `security` differ, and the last four.
      hash = (Math.imul(hash, 31) + bytes[start]!) | 0
      for (let at = Math.max(start, end - 4); at < end; at += 1) hash = (Math.imul(hash, 31) + bytes[at]!) | 0
    }
    return hash
  }

  #recall({ known, paths }: Decision, hash: number): Known | undefined {
    const found = known.get(hash)
    if (found === undefined) return undefined
    for (let at = 0; at < found.length; at += 1) if (this.#isSame(found[at]!, paths)) return found[at]
    return undefined
  }

  #isSame({ kinds, values }: Known, paths: readonly number[]): boolean {
    const scan = this.#scan
    const { bytes } = scan
    for (let index = 0; index < paths.length; index += 1) {
      const path = paths[index]!
      const kind = scan.kind(path)
      if (kind !== kinds[index]) return false
      if (kind === NOTHING) continue
      const value = values[index]!
      const start = scan.startOf(path)
      if (scan.endOf(path) - start !== value.length) return false
      for (let at = 0; at < value.length; at += 1) if (value[at] !== bytes[start + at]) return false
    }
    return true
  }

  #learn({ shape, paths, known }: Decision, hash: number): Known {
    const scan = this.#scan
    const made = {
      kinds: Uint8Array.from(paths, (path) => scan.kind(path)),
      values: paths.map((path) =>
        Buffer.from(scan.kind(path) === NOTHING ? [] : scan.bytes.subarray(scan.startOf(path), scan.endOf(path))),
      ),
      eventClass: shape.classify(scan.doc()),
    }
    if (known.size >= MOST_KNOWN) known.clear()
    known.set(hash, [...(known.get(hash) ?? []).slice(-MOST_ALIKE), made])
    return made
  }
}
