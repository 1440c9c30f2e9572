import type { JsonScan } from '../../../scan/json-scan.ts'
import type { ByteLiteral } from '../../../scan/scan-literals.ts'

/** Stretches of a literal that stand in JSON text as one byte each, whoever wrote it: not `\`, `"`, `/`, controls or what is beyond ASCII. */
const PLAIN_STRETCH = /[ !#-.0-[\]-~]+/g
const SHORTEST = 5

/**
 * A test on the raw text that no event with one of the literals in a value can fail, or undefined when a literal has no stretch of plain
 * characters that is long enough to look for. `typical` is any such text: literals are looked for where they differ from it.
 */
export function rawFilter(literals: readonly string[], typical: JsonScan): ((scan: JsonScan) => boolean) | undefined {
  const stretches: ByteLiteral[] = []
  for (const literal of literals) {
    const longest = [...literal.matchAll(PLAIN_STRETCH)]
      .map(([text]) => text)
      .reduce((best, text) => (text.length > best.length ? text : best), '')
    if (longest.length < SHORTEST) return undefined
    stretches.push({ text: longest, id: 0, how: 'inside' })
  }
  const index = typical.literals.index(stretches, [Buffer.from(typical.bytes.subarray(typical.start, typical.end))])
  const marks = typical.literals.mark
  if (index === undefined || marks === undefined) return undefined
  return (scan) => scan.hasCodes || scan.find(index, marks, scan.start, scan.end) > 0
}
