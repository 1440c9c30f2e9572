import { type Indicator, indicatorOf } from '../indicator.ts'

type Found = Pick<Indicator, 'kind' | 'value'>

const COMPARISON =
  /([a-z0-9-]+):((?:[a-zA-Z0-9_-]+|'[^']+')(?:\.(?:[a-zA-Z0-9_-]+|'[^']+')|\[\*\]|\[\d+\])*)\s*(=|IN|ISSUBSET|ISSUPERSET)\s*(\((?:\s*'(?:[^'\\]|\\.)*'\s*,?)+\)|'(?:[^'\\]|\\.)*')/g
const TEXT = /'((?:[^'\\]|\\.)*)'/g
const KNOWN: readonly (readonly [object: RegExp, path: RegExp])[] = [
  [/^(?:ipv4|ipv6)-addr$/, /^value$/],
  [/^(?:domain-name|hostname)$/, /^value$/],
  [/^url$/, /^value$/],
  [/^(?:file|artifact|x509-certificate)$/, /hashes\.'?[A-Za-z0-9-]+'?$/],
  [/^network-traffic$/, /^(?:src|dst)_ref\.value$/],
  [/^email-message$/, /^from_ref\.value$/],
]

/** What a pattern asks for that single values can answer, or why it cannot. */
export type PatternReading = { readonly indicators: readonly Found[] } | { readonly reason: string }

/**
 * Reads a STIX 2.1 pattern (OASIS, "STIX Patterning") as far as single values go: one observation, comparisons joined by OR. What is
 * joined by AND, negated, repeated, bound to a time or follows something is more than a value and is not taken as if it were.
 */
export function readStixPattern(pattern: string): PatternReading {
  const bare = pattern.replaceAll(TEXT, "''")
  if (/\b(?:AND|FOLLOWEDBY|REPEATS|NOT|MATCHES|LIKE|START|STOP)\b|!=|[<>]/.test(bare))
    return { reason: 'the pattern asks for more than single values' }
  const indicators: Found[] = []
  let covered = 0
  for (const match of pattern.matchAll(COMPARISON)) {
    covered += 1
    const [, object = '', path = '', , values = ''] = match
    if (!KNOWN.some(([type, place]) => type.test(object) && place.test(path)))
      return { reason: `the pattern asks for ${object}:${path}` }
    for (const [, text = ''] of values.matchAll(TEXT)) {
      const found = indicatorOf(text.replaceAll(/\\(.)/g, '$1'))
      if (found === undefined) return { reason: `the pattern's value is no indicator: ${text.slice(0, 80)}` }
      indicators.push(found)
    }
  }
  if (covered === 0 || covered !== bare.split(/\bOR\b/).length) return { reason: 'the pattern could not be read' }
  return { indicators }
}
