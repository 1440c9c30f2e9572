import type { Labels } from '../../../src/access/scopes/schema.ts'

/** Labels as people type them, one `key=value` a line. */
export function labelsText(labels: Labels): string {
  return Object.entries(labels)
    .map(([key, value]) => `${key}=${value}`)
    .join('\n')
}

/** What was typed, as labels; a line without `=` is told by its number (from 1). A later line wins over an earlier one. */
export function readLabels(text: string): { readonly labels: Labels; readonly wrong: readonly number[] } {
  const labels = new Map<string, string>()
  const wrong: number[] = []
  for (const [index, line] of text.split('\n').entries()) {
    if (line.trim() === '') continue
    const at = line.search(/[=＝]/)
    const key = at < 0 ? '' : line.slice(0, at).trim()
    const value = at < 0 ? '' : line.slice(at + 1).trim()
    if (key === '' || value === '') wrong.push(index + 1)
    else labels.set(key, value)
  }
  return { labels: Object.fromEntries(labels), wrong }
}

/** One name a line, or apart by commas; blanks and repetitions (without case) left out. */
export function readNames(text: string): readonly string[] {
  const names = new Map<string, string>()
  for (const part of text.split(/[\n,、，]/)) {
    const name = part.trim()
    if (name !== '' && !names.has(name.toLowerCase())) names.set(name.toLowerCase(), name)
  }
  return [...names.values()]
}

/** The text with one label set, or without it where the value is empty; the other lines stay as they were typed. */
export function withLabel(text: string, label: string, value: string): string {
  const others = text.split('\n').filter((line) => line.split(/[=＝]/)[0]!.trim() !== label)
  return [...others, ...(value === '' ? [] : [`${label}=${value}`])].filter((line) => line.trim() !== '').join('\n')
}
