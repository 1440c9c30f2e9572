import { KanpekiError } from '../../../kernel/error.ts'
import { parseCsv } from '../../../platform/csv.ts'
import { Collected, type Reading } from './reading.ts'
import { writtenIndicator, writtenTime } from './written.ts'

/** Names of columns as the lists that are around call them, folded. */
const VALUE = [
  'indicator',
  'value',
  'ioc',
  'ioc_value',
  'observable',
  'ip',
  'ip_address',
  'dst_ip',
  'domain',
  'url',
  'hash',
  'sha256_hash',
  'sha256',
  'md5',
  'sha1',
  'sha512',
  'md5_hash',
  'sha1_hash',
]
const CONFIDENCE = ['confidence', 'confidence_level', 'score']
const UNTIL = ['until', 'valid_until', 'expires', 'expiration', 'expiry']
const NOTE = ['note', 'description', 'comment', 'tags', 'malware', 'malware_printable', 'threat', 'signature']
const REF = ['id', 'uuid', 'ref']

/**
 * A table whose first line names its columns (`indicator` or `value`, and `confidence`, `until`, `description` where they are), each of whose columns of values counts; without
 * such a line the first cell of each row that is an indicator. Lines that begin with `#` are comments; the last of them may be the head.
 */
export function readCsv(text: string): Reading {
  const collected = new Collected()
  const { head, body, above } = withoutComments(text)
  let rows: string[][]
  try {
    rows = parseCsv(head === undefined ? body : `${head}\n${body}`)
  } catch (error) {
    if (!(error instanceof KanpekiError)) throw error
    collected.skip(1, `no CSV: ${error.message}`)
    return collected
  }
  const names = (rows[0] ?? []).map((name) =>
    name
      .trim()
      .toLowerCase()
      .replaceAll(/[\s-]+/g, '_'),
  )
  const columns = {
    values: VALUE.map((name) => names.indexOf(name)).filter((at) => at >= 0),
    confidence: find(names, CONFIDENCE),
    until: find(names, UNTIL),
    notes: NOTE.map((name) => names.indexOf(name)).filter((at) => at >= 0),
    ref: find(names, REF),
  }
  const named = columns.values.length > 0
  for (const [index, row] of (named ? rows.slice(1) : rows).entries()) {
    const line = above + index + (named ? 2 : 1)
    const cells = named ? columns.values.map((at) => row[at] ?? '') : row
    const found = cells.flatMap((cell) => writtenIndicator(cell) ?? []).slice(0, named ? undefined : 1)
    if (found.length === 0) {
      collected.skip(line, 'no cell is an address, a network, a domain, a URL or a hash')
      continue
    }
    const confidence = Number(row[columns.confidence] ?? '')
    const end = row[columns.until]?.trim() ?? ''
    const until = writtenTime(end)
    if (end !== '' && Number.isNaN(until)) collected.skip(line, `taken without an end, as this is no time: ${end.slice(0, 80)}`)
    const note = columns.notes
      .map((at) => row[at]?.trim() ?? '')
      .filter((cell) => cell !== '')
      .join(', ')
    const more = {
      ...(columns.confidence >= 0 && row[columns.confidence] !== '' && confidence >= 0 && confidence <= 100
        ? { confidence }
        : {}),
      ...(Number.isNaN(until) ? {} : { until }),
      ...(note === '' ? {} : { note }),
      ...(columns.ref >= 0 && row[columns.ref] !== undefined ? { ref: row[columns.ref] } : {}),
    }
    // The host of a bad URL is named beside it, and may be everybody's.
    const hasUrl = found.some(({ kind }) => kind === 'url')
    const bad = hasUrl ? found.filter(({ kind }) => kind === 'url' || kind === 'hash') : found
    for (const one of bad) collected.indicators.push({ ...one, ...more })
  }
  return collected
}

function find(names: readonly string[], known: readonly string[]): number {
  return names.findIndex((name) => known.includes(name))
}

function withoutComments(text: string): { readonly head: string | undefined; readonly body: string; readonly above: number } {
  const lines = text.replace(/^\uFEFF/, '').split(/\r?\n/)
  let from = 0
  while (from < lines.length && (lines[from]!.startsWith('#') || lines[from]!.trim() === '')) from += 1
  const comments = lines.slice(0, from).filter((line) => line.startsWith('#'))
  const last = comments.at(-1)?.replace(/^#+\s*/, '') ?? ''
  const cells = last
    .toLowerCase()
    .replaceAll('"', '')
    .split(/[,;\t]/)
    .map((cell) => cell.trim().replaceAll(/[\s-]+/g, '_'))
  const isHead = cells.length > 1 && cells.some((cell) => VALUE.includes(cell))
  const body = lines.slice(from).filter((line) => !line.startsWith('#'))
  // Some lists put a blank between cells in quotation marks.
  const joined = body.join('\n').replaceAll(/",[ \t]+"/g, '","')
  return { head: isHead ? last : undefined, body: joined, above: isHead ? from - 1 : from }
}
