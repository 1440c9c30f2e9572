import type { JsonScan } from '../../../scan/json-scan.ts'
import type { LiteralPlace } from '../../../scan/scan-literals.ts'
import type { LiteralKind } from '../expression.ts'
import { spelledInJson } from './json-spelling.ts'

const PLACE: Readonly<Record<LiteralKind, LiteralPlace>> = { exact: 'whole', prefix: 'start', suffix: 'end', contains: 'inside' }

/** A folded literal that is asked of values where a scan found them, so that no text is made of them. Used with one scan. */
export class ScannedLiteral {
  readonly #text: string
  readonly #how: LiteralKind
  #address: number | 'always' | 'never' | 'no room' | undefined

  constructor(text: string, how: LiteralKind) {
    this.#text = text
    this.#how = how
  }

  /** Whether the PLAIN or ESCAPED text at the path meets it; undefined when the scan has no room for it. */
  holds(scan: JsonScan, path: number): boolean | undefined {
    this.#address ??= this.#enter(scan)
    if (typeof this.#address === 'number') return scan.meets(this.#address, path)
    return this.#address === 'no room' ? undefined : this.#address === 'always'
  }

  #enter(scan: JsonScan): number | 'always' | 'never' | 'no room' {
    const written = spelledInJson(this.#text)
    // Such a text is ASCII without codes.
    if (written === undefined) return 'never'
    if (written === '' && this.#how !== 'exact') return 'always'
    return scan.literals.literal(written, PLACE[this.#how]) ?? 'no room'
  }
}

/** Sets of folded literals of which a text must hold one each. Used with one scan. */
export class ScannedRequirements {
  readonly #sets: readonly (readonly ScannedLiteral[])[]

  constructor(sets: readonly (readonly string[])[]) {
    this.#sets = sets.map((literals) => literals.map((literal) => new ScannedLiteral(literal, 'contains')))
  }

  /** False where the PLAIN or ESCAPED text at the path lacks one; true too when the scan has no room. */
  canHold(scan: JsonScan, path: number): boolean {
    return this.#sets.every((literals) => literals.some((literal) => literal.holds(scan, path) !== false))
  }
}
