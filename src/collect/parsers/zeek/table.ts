import type { JsonValue } from '../../../kernel/json.ts'
import { type Draft, safeKey } from '../../normalise/draft.ts'

/** What the `#` lines above a table say. */
export interface Header {
  readonly path: string | undefined
  readonly fields: readonly string[]
  readonly types: readonly string[]
  readonly separator: string
  readonly setSeparator: string
  readonly empty: string
  readonly unset: string
}

/** Headers repeat for every line under them; the last few stay read. */
const read = new Map<string, Header | undefined>()
const MAX_REMEMBERED = 64

/** The header of a Zeek log in its ASCII format; undefined where it names no fields. */
export function readHeader(text: string): Header | undefined {
  if (read.has(text)) return read.get(text)
  const header = parseHeader(text)
  if (read.size >= MAX_REMEMBERED) read.clear()
  read.set(text, header)
  return header
}

function parseHeader(text: string): Header | undefined {
  const lines = text.split('\n')
  const separator = unescaped(/^#separator (.+)$/.exec(lines.find((line) => line.startsWith('#separator ')) ?? '')?.[1] ?? '\t')
  const of = (name: string): readonly string[] | undefined =>
    lines
      .find((line) => line.startsWith(`#${name}${separator}`))
      ?.slice(name.length + 1 + separator.length)
      .split(separator)
  const fields = of('fields')
  if (fields === undefined) return undefined
  return {
    path: of('path')?.[0],
    fields,
    types: of('types') ?? [],
    separator,
    setSeparator: of('set_separator')?.[0] ?? ',',
    empty: of('empty_field')?.[0] ?? '(empty)',
    unset: of('unset_field')?.[0] ?? '-',
  }
}

/** One line of a table as the JSON writer would have written it; a text says why it cannot be. */
export function readRow(line: string, header: Header): Draft | string {
  const values = line.split(header.separator)
  if (values.length !== header.fields.length) {
    return `${values.length} columns where the #fields line names ${header.fields.length}`
  }
  const row: Draft = {}
  for (const [index, name] of header.fields.entries()) {
    const text = values[index]!
    if (text === header.unset) continue
    row[safeKey(name)] = typed(text, header.types[index] ?? 'string', header)
  }
  return row
}

function typed(text: string, type: string, header: Header): JsonValue {
  const inner = /^(?:set|vector)\[(.*)\]$/.exec(type)?.[1]
  if (inner !== undefined) {
    if (text === header.empty || text === '') return []
    return text
      .split(header.setSeparator)
      .filter((one) => one !== header.unset)
      .map((one) => scalar(one, inner))
  }
  return text === header.empty ? '' : scalar(text, type)
}

const NUMBERS: ReadonlySet<string> = new Set(['time', 'interval', 'count', 'int', 'double', 'port'])

function scalar(text: string, type: string): JsonValue {
  if (NUMBERS.has(type)) {
    const number = Number(text)
    return text !== '' && Number.isFinite(number) ? number : text
  }
  if (type === 'bool') return text === 'T' ? true : text === 'F' ? false : text
  return unescaped(text)
}

/** Zeek writes bytes that are no text, and its separators, as `\x09`. */
function unescaped(text: string): string {
  return text.includes('\\x')
    ? text.replace(/(?:\\x[0-9a-fA-F]{2})+/g, (bytes) => Buffer.from(bytes.replaceAll('\\x', ''), 'hex').toString('utf8'))
    : text
}
