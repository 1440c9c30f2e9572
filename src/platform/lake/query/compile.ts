import type { HotColumn } from '../table.ts'
import { anyOf, hasForms, withAnyOf } from './any-of.ts'
import type { Bound, Match, Query } from './ast.ts'
import { asciiLower, inDocument, likePattern, mayHold } from './document-text.ts'
import { hotByField, proseFields, rowColumns, timeColumns } from './fields.ts'
import { irregularValues, jsonValues } from './json-values.ts'
import { addressForms, addressVersion, isNetwork } from './network.ts'
import { numberOf } from './numbers.ts'
import type { Params } from './params.ts'
import { readTime, type Span } from './times.ts'

export interface CompileContext {
  readonly params: Params
  /** Milliseconds UTC, for `now`. */
  readonly now: number
}

/** A condition on `events` for a query. Comparison minds no capitals of A–Z; every value is a bound parameter. */
export function compileQuery(query: Query, context: CompileContext): string {
  switch (query.kind) {
    case 'all':
      return '1'
    case 'and':
      return `(${query.parts.map((part) => compileQuery(part, context)).join(' AND ')})`
    case 'or': {
      const { together, rest } = withAnyOf(query.parts)
      const parts = [...together.map((one) => anyOf(one, context.params)), ...rest.map((part) => compileQuery(part, context))]
      return `(${parts.join(' OR ')})`
    }
    case 'not':
      return `NOT ${compileQuery(query.part, context)}`
    case 'exists':
      return exists(query.field, context.params)
    case 'term':
      return query.field === undefined ? anywhere(query.match, context.params) : fielded(query.field, query.match, context)
  }
}

/** SQL for a field's values as an array of texts, for counting them. */
export function valuesOf(field: string, params: Params): string {
  const row = rowColumns.get(field)
  if (row !== undefined) return `[toString(${row})]`
  const column = hotByField.get(field)
  if (column === undefined) return jsonValues(field, params)
  const own = `arrayFilter(v -> v != '', ${column.kind === 'list' ? column.column : `[ifNull(toString(${column.column}), '')]`})`
  return `if(irregular = '', ${own}, ${irregularValues(field, params)})`
}

function exists(field: string, params: Params): string {
  if (timeColumns.has(field) || rowColumns.has(field)) return '1'
  const column = hotByField.get(field)
  if (column === undefined) return `notEmpty(${jsonValues(field, params)})`
  const own =
    column.kind === 'list'
      ? `arrayExists(v -> v != '', ${column.column})`
      : column.kind === 'number'
        ? `isNotNull(${column.column})`
        : `${column.column} != ''`
  return `(${own} OR notEmpty(${irregularValues(field, params)}))`
}

/** Without a field: somewhere in the document's text. */
function anywhere(match: Match, params: Params): string {
  switch (match.kind) {
    case 'text':
      return inDocument([{ literal: match.text }], params)
    case 'wildcard':
      return inDocument(match.pieces, params)
    case 'regex':
      return `match(doc, ${params.text(`(?is)${match.source}`)})`
    case 'range':
      return '0'
  }
}

function fielded(field: string, match: Match, context: CompileContext): string {
  const { params } = context
  const time = timeColumns.get(field)
  if (time !== undefined) return timeCondition(time, match, context)
  const row = rowColumns.get(field)
  if (row !== undefined) return `(${valueCondition(row, 'keyword', match, context)})`
  const column = hotByField.get(field)
  if (column === undefined) return jsonCondition(field, proseFields.has(field) ? 'text' : 'keyword', match, context)
  const own = columnCondition(column, match, context)
  const condition = valueCondition('v', column.kind, match, context)
  return `(${own} OR (irregular != '' AND arrayExists(v -> ${condition}, ${irregularValues(field, params)})))`
}

function columnCondition(column: HotColumn, match: Match, context: CompileContext): string {
  const { column: name, kind } = column
  if (kind === 'list') return `arrayExists(v -> v != '' AND ${valueCondition('v', kind, match, context)}, ${name})`
  if (kind === 'number') return numberCondition(name, match, context)
  return `(${name} != '' AND ${valueCondition(name, kind, match, context)})`
}

function numberCondition(name: string, match: Match, context: CompileContext): string {
  const { params } = context
  if (match.kind === 'range') {
    const ends = [numberEnd(name, match.low, '>', params), numberEnd(name, match.high, '<', params)]
    return ifNoNull(ends.filter((end) => end !== undefined).join(' AND '))
  }
  if (match.kind !== 'text')
    return `(isNotNull(${name}) AND ${valueCondition(`toString(assumeNotNull(${name}))`, 'keyword', match, context)})`
  const number = numberOf(match.text)
  return number === undefined ? '0' : ifNoNull(`${name} = ${params.add('Float64', number)}`)
}

function numberEnd(name: string, end: Bound | undefined, sign: '<' | '>', params: Params): string | undefined {
  if (end === undefined) return undefined
  const number = numberOf(end.value)
  return number === undefined ? '0' : `${name} ${sign}${end.inclusive ? '=' : ''} ${params.add('Float64', number)}`
}

/** The values are parsed out of the document only in rows whose text holds the value at all: the text index finds those. */
function jsonCondition(field: string, kind: 'keyword' | 'text', match: Match, context: CompileContext): string {
  const { params } = context
  if (match.kind === 'text' && hasForms(field, match.text)) return anyOf({ field, texts: [match.text] }, params)
  const condition = `arrayExists(v -> ${valueCondition('v', kind, match, context)}, ${jsonValues(field, params)})`
  if (kind === 'keyword' && match.kind === 'text' && networkOf(match) === undefined && match.text !== '')
    return `(${mayHold(match.text, params)} AND ${condition})`
  const literal = longestLiteral(match)
  return literal === undefined ? condition : `(${inDocument([{ literal }], params)} AND ${condition})`
}

function longestLiteral(match: Match): string | undefined {
  if (match.kind === 'text') return networkOf(match) === undefined && match.text !== '' ? match.text : undefined
  if (match.kind !== 'wildcard') return undefined
  const literals = match.pieces.flatMap((piece) => (typeof piece === 'string' ? [] : [piece.literal]))
  return literals.sort((a, b) => b.length - a.length)[0]
}

/** A condition on one text value. `value` is SQL: a column, or the lambda's argument. */
function valueCondition(value: string, kind: HotColumn['kind'], match: Match, context: CompileContext): string {
  const { params } = context
  switch (match.kind) {
    case 'text': {
      const network = networkOf(match)
      if (network !== undefined) return inNetwork(value, params.text(network))
      if (kind === 'text') return `${value} ILIKE ${params.text(`%${likePattern([{ literal: match.text }])}%`)}`
      if (kind === 'ip' && addressVersion(match.text) === 6)
        return `lower(${value}) IN ${params.add('Array(String)', addressForms(match.text))}`
      return `lower(${value}) = ${params.text(asciiLower(match.text))}`
    }
    case 'wildcard': {
      const pattern = likePattern(match.pieces)
      return `${value} ILIKE ${params.text(kind === 'text' ? `%${pattern}%` : pattern)}`
    }
    case 'regex':
      return `match(${value}, ${params.text(kind === 'text' ? `(?is)${match.source}` : `(?is)^(?:${match.source})$`)})`
    case 'range':
      return rangeCondition(value, match.low, match.high, context)
  }
}

function networkOf(match: { readonly text: string; readonly quoted: boolean }): string | undefined {
  return !match.quoted && isNetwork(match.text) ? match.text : undefined
}

function inNetwork(value: string, network: string): string {
  const isAddress = `(isIPv4String(${value}) OR isIPv6String(${value}))`
  return `(${isAddress} AND isIPAddressInRange(if(${isAddress}, toString(${value}), '::'), ${network}))`
}

/** Numbers compare as numbers, times as times, addresses as addresses, anything else as text. */
function rangeCondition(value: string, low: Bound | undefined, high: Bound | undefined, { params, now }: CompileContext): string {
  const ends = [low, high].filter((end) => end !== undefined)
  const signs = [low === undefined ? [] : [['>', low] as const], high === undefined ? [] : [['<', high] as const]].flat()
  const all = (side: (end: Bound, sign: '<' | '>') => string) =>
    ifNoNull(signs.map(([sign, end]) => side(end, sign)).join(' AND '))
  if (ends.every((end) => numberOf(end.value) !== undefined))
    return `(isFinite(ifNull(toFloat64OrNull(${value}), nan)) AND ${all((end, sign) => `toFloat64OrNull(${value}) ${sign}${equal(end)} ${params.add('Float64', numberOf(end.value)!)}`)})`
  const spans = ends.map((end) => readTime(end.value, now))
  if (spans.every((span) => span !== undefined))
    return all((end, sign) => {
      const at = edge(readTime(end.value, now)!, end, sign)
      return `toUnixTimestamp64Milli(parseDateTime64BestEffortOrNull(${value}, 3, 'UTC')) ${sign === '>' ? '>=' : '<'} ${params.add('Int64', at)}`
    })
  if (ends.every((end) => addressVersion(end.value) !== 0))
    return all((end, sign) => `toIPv6OrNull(${value}) ${sign}${equal(end)} toIPv6(${params.text(end.value)})`)
  return `(${value} != '' AND ${all((end, sign) => `lower(${value}) ${sign}${equal(end)} ${params.text(asciiLower(end.value))}`)})`
}

function timeCondition(column: string, match: Match, { params, now }: CompileContext): string {
  const at = (ms: number) => `fromUnixTimestamp64Milli(${params.add('Int64', ms)}, 'UTC')`
  if (match.kind === 'text') {
    const span = readTime(match.text, now)
    return span === undefined ? '0' : `(${column} >= ${at(span.from)} AND ${column} < ${at(span.to)})`
  }
  if (match.kind !== 'range') return '0'
  const low = match.low === undefined ? undefined : readTime(match.low.value, now)
  const high = match.high === undefined ? undefined : readTime(match.high.value, now)
  if ((match.low !== undefined && low === undefined) || (match.high !== undefined && high === undefined)) return '0'
  const ends = [
    ...(low === undefined ? [] : [`${column} >= ${at(edge(low, match.low!, '>'))}`]),
    ...(high === undefined ? [] : [`${column} < ${at(edge(high, match.high!, '<'))}`]),
  ]
  return `(${ends.join(' AND ')})`
}

/** Where a bound on a span lies: `<=2026-08` takes the whole month, `>2026-08` begins after it. */
function edge(span: Span, end: Bound, sign: '<' | '>'): number {
  return (sign === '>') === end.inclusive ? span.from : span.to
}

function equal(end: Bound): string {
  return end.inclusive ? '=' : ''
}

function ifNoNull(condition: string): string {
  return `ifNull(${condition === '' ? '1' : condition}, 0)`
}
