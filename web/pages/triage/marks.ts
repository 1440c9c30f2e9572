/** Part of a field's value; `mark` lies under the highlighter. */
export interface ValuePart {
  readonly text: string
  readonly mark: boolean
}

const QUOTED = /"([^"]+)"|'([^']+)'|「([^」]+)」|`([^`]+)`/gu

/**
 * What a condition saw in a value. A condition quotes what it looks for; where a quoted text stands in the value,
 * that part is marked, otherwise (a pattern, a comparison) the whole value.
 */
export function markMatches(value: string, conditions: readonly string[]): readonly ValuePart[] {
  if (conditions.length === 0) return [{ text: value, mark: false }]
  const lower = value.toLowerCase()
  const spans: [number, number][] = []
  for (const condition of conditions) {
    for (const match of condition.matchAll(QUOTED)) {
      const wanted = (match[1] ?? match[2] ?? match[3] ?? match[4] ?? '').replace(/^\*+|\*+$/g, '').toLowerCase()
      const at = wanted === '' ? -1 : lower.indexOf(wanted)
      if (at >= 0) spans.push([at, at + wanted.length])
    }
  }
  if (spans.length === 0) return [{ text: value, mark: true }]
  spans.sort((a, b) => a[0] - b[0])
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
