import { BlockList, isIP as versionOf } from 'node:net'
import { getPath, type JsonValue } from '../../../kernel/json.ts'
import type { LakeEvent } from '../lake.ts'
import type { Bound, Match, Query, WildcardPiece } from '../query/ast.ts'
import { readTime } from '../query/times.ts'
import { type ColumnKind, HOT_COLUMNS } from '../table.ts'

/**
 * What the query language means, said as plainly as possible and without an engine: for comparing the compiled queries
 * with. Regular expressions are JavaScript's here, so tests use the part that RE2 has too.
 */
export function matches(query: Query, event: LakeEvent, received: number, now: number): boolean {
  switch (query.kind) {
    case 'all':
      return true
    case 'and':
      return query.parts.every((part) => matches(part, event, received, now))
    case 'or':
      return query.parts.some((part) => matches(part, event, received, now))
    case 'not':
      return !matches(query.part, event, received, now)
    case 'exists':
      return valuesOf(event, query.field, received).length > 0
    case 'term': {
      const { field, match } = query
      if (field === undefined) return match.kind !== 'range' && inside(documentMatch(match), event.json)
      const kind = kindOf(field, event)
      const isAddress = /(^|\.)ip$/.test(field)
      return valuesOf(event, field, received).some((value) =>
        kind === 'time' ? timeMatches(Number(value), match, now) : valueMatches(value, kind, isAddress, match, now),
      )
    }
  }
}

const ROW: Readonly<Record<string, (event: LakeEvent, received: number) => string>> = {
  '@timestamp': (event) => String(event.observed),
  'event.ingested': (_, received) => String(received),
  'event.id': (event) => event.id,
  _id: (event) => event.id,
  'kanpeki.source': (event) => event.source,
  'kanpeki.parser': (event) => event.parser,
  'kanpeki.scope': (event) => event.scope,
}
const PROSE = ['message', 'event.original', 'error.message', 'error.stack_trace']

/** A column of numbers holds one: the members of a list compare as words. */
function kindOf(field: string, event: LakeEvent): ColumnKind | 'time' {
  if (field === '@timestamp' || field === 'event.ingested') return 'time'
  const kind = HOT_COLUMNS.find((column) => column.field === field)?.kind ?? (PROSE.includes(field) ? 'text' : 'keyword')
  return kind === 'number' && Array.isArray(getPath(event.doc, field)) ? 'keyword' : kind
}

/** Null, the empty text and the empty list are no values. */
function valuesOf(event: LakeEvent, field: string, received: number): readonly string[] {
  const row = ROW[field]
  if (row !== undefined) return [row(event, received)]
  const value = getPath(event.doc, field)
  const list: readonly JsonValue[] = Array.isArray(value) ? value : value === undefined ? [] : [value]
  return list
    .filter((item) => item !== null && item !== '')
    .map((item) => (typeof item === 'string' ? item : JSON.stringify(item)))
}

function valueMatches(value: string, kind: ColumnKind, isAddress: boolean, match: Match, now: number): boolean {
  switch (match.kind) {
    case 'text': {
      if (!match.quoted && isNetwork(match.text)) return inNetwork(value, match.text)
      if (kind === 'text') return lower(value).includes(lower(match.text))
      if (kind === 'number' && isNumber(value) && isNumber(match.text)) return Number(value) === Number(match.text)
      if (isAddress && isIP(value) === 6 && isIP(match.text) === 6) return addressNumber(value) === addressNumber(match.text)
      return lower(value) === lower(match.text)
    }
    case 'wildcard':
      return kind === 'text' ? inside(match, value) : whole(pattern(match.pieces), value)
    case 'regex':
      return kind === 'text' ? inside(match, value) : whole(match.source, value)
    case 'range':
      // A number in a column of numbers is in no order with words.
      if (
        kind === 'number' &&
        isNumber(value) &&
        ![match.low, match.high].every((end) => end === undefined || isNumber(end.value))
      )
        return false
      return inRange(value, match.low, match.high, now)
  }
}

function inRange(value: string, low: Bound | undefined, high: Bound | undefined, now: number): boolean {
  const ends = [low, high].filter((end) => end !== undefined)
  const between = (order: (end: string) => number): boolean =>
    (low === undefined || order(low.value) > (low.inclusive ? -1 : 0)) &&
    (high === undefined || order(high.value) < (high.inclusive ? 1 : 0))
  if (ends.every((end) => isNumber(end.value))) return isNumber(value) && between((end) => Math.sign(Number(value) - Number(end)))
  if (ends.every((end) => readTime(end.value, now) !== undefined)) {
    const at = Date.parse(value)
    return !Number.isNaN(at) && timeMatches(at, { kind: 'range', low, high }, now)
  }
  if (ends.every((end) => isIP(end.value) !== 0))
    return isIP(value) !== 0 && between((end) => Number(addressNumber(value) - addressNumber(end)) || 0)
  return between((end) => Buffer.compare(Buffer.from(lower(value)), Buffer.from(lower(end))))
}

/** A text names a span of time, of which a bound takes the whole or nothing. */
function timeMatches(at: number, match: Match, now: number): boolean {
  const span = (text: string) => readTime(text, now) ?? { from: Number.NaN, to: Number.NaN }
  if (match.kind === 'text') return at >= span(match.text).from && at < span(match.text).to
  if (match.kind !== 'range') return false
  const { low, high } = match
  const after = low === undefined || (low.inclusive ? at >= span(low.value).from : at >= span(low.value).to)
  const before = high === undefined || (high.inclusive ? at < span(high.value).to : at < span(high.value).from)
  return after && before
}

/** Without a field a text is looked for in the document as it is written: JSON, escapes and all. */
function documentMatch(match: Exclude<Match, { kind: 'range' }>): Exclude<Match, { kind: 'range' }> {
  const written = (text: string): string => JSON.stringify(text).slice(1, -1)
  if (match.kind === 'text') return { kind: 'wildcard', pieces: [{ literal: written(match.text) }] }
  if (match.kind === 'regex') return match
  return {
    kind: 'wildcard',
    pieces: match.pieces.map((piece) => (typeof piece === 'string' ? piece : { literal: written(piece.literal) })),
  }
}

function inside(match: Match, text: string): boolean {
  if (match.kind === 'wildcard') return new RegExp(pattern(match.pieces), 'isu').test(text)
  return match.kind === 'regex' && new RegExp(match.source, 'isu').test(text)
}

function whole(source: string, text: string): boolean {
  return new RegExp(`^(?:${source})$`, 'isu').test(text)
}

function pattern(pieces: readonly WildcardPiece[]): string {
  return pieces
    .map((piece) => (piece === '*' ? '.*' : piece === '?' ? '.' : piece.literal.replaceAll(/[\\^$.*+?()[\]{}|/]/g, '\\$&')))
    .join('')
}

/** An address with a zone is a text. */
function isIP(text: string): number {
  return text.includes('%') ? 0 : versionOf(text)
}

function isNumber(text: string): boolean {
  return /^[+-]?\d+(?:\.\d+)?(?:e[+-]?\d+)?$/i.test(text)
}

function isNetwork(text: string): boolean {
  const [address = '', bits = '', ...rest] = text.split('/')
  const most = isIP(address) === 4 ? 32 : isIP(address) === 6 ? 128 : -1
  return rest.length === 0 && /^\d{1,3}$/.test(bits) && Number(bits) <= most
}

function inNetwork(value: string, network: string): boolean {
  const [address = '', bits = ''] = network.split('/')
  if (isIP(value) === 0 || isIP(value) !== isIP(address)) return false
  const family = isIP(value) === 4 ? 'ipv4' : 'ipv6'
  const list = new BlockList()
  list.addSubnet(address, Number(bits), family)
  return list.check(value, family)
}

/** IPv4 addresses as the IPv6 addresses that they are mapped to, so that all of them are in one order. */
function addressNumber(address: string): bigint {
  const name = new URL(`http://[${isIP(address) === 4 ? `::ffff:${address}` : address}]`).hostname.slice(1, -1)
  const [head = '', tail] = name.split('::')
  const groups = (part: string): string[] => (part === '' ? [] : part.split(':'))
  const given = groups(head).length + groups(tail ?? '').length
  const zeros = tail === undefined ? [] : Array.from({ length: 8 - given }, () => '0')
  return [...groups(head), ...zeros, ...groups(tail ?? '')].reduce((sum, group) => sum * 65_536n + BigInt(`0x${group}`), 0n)
}

function lower(text: string): string {
  return text.replaceAll(/[A-Z]+/g, (letters) => letters.toLowerCase())
}
