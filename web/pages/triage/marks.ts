import type { NumberedCondition } from './conditions.ts'

/** Part of a field's value; `mark` lies under the highlighter. */
export interface ValuePart {
  readonly text: string
  readonly mark: boolean
}

type Span = readonly [from: number, to: number]

const QUOTED = /"([^"]+)"|'([^']+)'|「([^」]+)」|`([^`]+)`/gu

/**
 * What the conditions saw in a value: the part that was looked for where it can be found again, otherwise (a pattern, a
 * comparison, a wildcard) the whole value. Comparison minds no capitals, as in the engine.
 */
export function markMatches(
  value: string,
  conditions: readonly Pick<NumberedCondition, 'text' | 'read'>[],
): readonly ValuePart[] {
  if (conditions.length === 0) return [{ text: value, mark: false }]
  const lower = value.toLowerCase()
  const spans = conditions.flatMap((condition) => spansOf(lower, condition)).toSorted((a, b) => a[0] - b[0])
  if (spans.length === 0) return [{ text: value, mark: true }]
  const parts: ValuePart[] = []
  let end = 0
  for (const [from, to] of spans) {
    if (to <= end) continue
    const start = Math.max(from, end)
    if (start > end) parts.push({ text: value.slice(end, start), mark: false })
    const last = parts.at(-1)
    if (last?.mark === true && start === end) parts[parts.length - 1] = { text: last.text + value.slice(start, to), mark: true }
    else parts.push({ text: value.slice(start, to), mark: true })
    end = to
  }
  if (end < value.length) parts.push({ text: value.slice(end), mark: false })
  return parts
}

function spansOf(lower: string, { text, read }: Pick<NumberedCondition, 'text' | 'read'>): readonly Span[] {
  if (read === undefined)
    return [...text.matchAll(QUOTED)].flatMap((match) => spanAt(lower, match[1] ?? match[2] ?? match[3] ?? match[4] ?? ''))
  const wanted = read.value.toLowerCase()
  switch (read.how) {
    case 'startswith':
      return lower.startsWith(wanted) ? [[0, wanted.length]] : []
    case 'endswith':
      return lower.endsWith(wanted) ? [[lower.length - wanted.length, lower.length]] : []
    case 'contains':
      return spanAt(lower, wanted)
    default:
      return []
  }
}

function spanAt(lower: string, text: string): readonly Span[] {
  const wanted = text.replace(/^\*+|\*+$/g, '').toLowerCase()
  const at = wanted === '' ? -1 : lower.indexOf(wanted)
  return at < 0 ? [] : [[at, at + wanted.length]]
}
