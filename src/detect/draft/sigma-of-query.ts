import { KanpekiError } from '../../kernel/error.ts'
import type { Bound, Match, Query, WildcardPiece } from '../../platform/lake/query/ast.ts'
import { isNetwork } from '../../platform/lake/query/network.ts'
import { parseQuery } from '../../platform/lake/query/parse.ts'

/** A value of a selection: a text, a number, or a yes. */
type Value = string | number | boolean

/** `field|modifier: value`, or a keyword where there is no field. */
interface Item {
  readonly key: string | undefined
  readonly value: Value
}

interface Draft {
  readonly selections: Map<string, readonly Item[]>
  readonly condition: string
}

/** Prose is looked through, where other fields are compared. As the lake does it. */
const PROSE = new Set(['message', 'event.original', 'error.message', 'error.stack_trace'])
/** What a rule does not see: when an event was, and by which way it came. */
const NOT_IN_EVENT = /^(@timestamp|event\.ingested|event\.id|_id|kanpeki\.(source|parser|scope))$/

/**
 * A query of the timeline as the detection of a Sigma rule that finds the same events, one at a time.
 * @returns selections and their condition, as YAML below `detection:` (two spaces deep).
 * @throws KanpekiError `query_…` for a query that cannot be read, `draft_impossible` for one that is no rule.
 */
export function detectionOfQuery(text: string): string {
  const query = parseQuery(text)
  if (query.kind === 'all') throw impossible('A rule needs something that it looks for.', 'Ask for a field or a word first.')
  const selections = new Map<string, readonly Item[]>()
  const condition = conditionOf(query, selections, false)
  return [...selections]
    .map(([name, items]) => `  ${name}:\n${items.map(itemText).join('')}`)
    .concat(`  condition: ${condition}\n`)
    .join('')
}

function conditionOf(query: Query, selections: Draft['selections'], inner: boolean): string {
  switch (query.kind) {
    case 'all':
      throw impossible('A part of the query takes every event.', 'Remove the lone *.')
    case 'not':
      return `not ${conditionOf(query.part, selections, true)}`
    case 'and':
    case 'or': {
      const parts = query.parts.map((part) => conditionOf(part, selections, true))
      const joined = parts.join(` ${query.kind} `)
      return inner ? `(${joined})` : joined
    }
    case 'exists':
      return named(selections, [{ key: `${checked(query.field)}|exists`, value: true }])
    case 'term':
      return named(selections, itemsOf(query.field, query.match))
  }
}

function named(selections: Draft['selections'], items: readonly Item[]): string {
  const same = [...selections].find(([, others]) => JSON.stringify(others) === JSON.stringify(items))
  if (same !== undefined) return same[0]
  const name = `${items[0]?.key === undefined ? 'keywords' : 'selection'}_${selections.size + 1}`
  selections.set(name, items)
  return name
}

function itemsOf(field: string | undefined, match: Match): readonly Item[] {
  if (field === undefined) return [{ key: undefined, value: keywordOf(match) }]
  const name = checked(field)
  const prose = PROSE.has(field)
  switch (match.kind) {
    case 'text':
      if (!match.quoted && isNetwork(match.text)) return [{ key: `${name}|cidr`, value: match.text }]
      return [{ key: prose ? `${name}|contains` : name, value: escaped(match.text) }]
    case 'wildcard':
      return [{ key: prose ? `${name}|contains` : name, value: patternOf(match.pieces) }]
    case 'regex':
      // The lake compares without case, over line breaks, and whole fields; inside prose anywhere.
      return [{ key: `${name}|re|i|s`, value: prose ? match.source : `^(?:${match.source})$` }]
    case 'range': {
      const low =
        match.low === undefined ? [] : [{ key: `${name}|${match.low.inclusive ? 'gte' : 'gt'}`, value: numberOf(match.low) }]
      const high =
        match.high === undefined ? [] : [{ key: `${name}|${match.high.inclusive ? 'lte' : 'lt'}`, value: numberOf(match.high) }]
      return [...low, ...high]
    }
  }
}

function checked(field: string): string {
  if (!NOT_IN_EVENT.test(field)) return field
  throw impossible(`${field} is no field that a rule sees.`, 'Rules look at each event as it comes: leave time and way out.')
}

/** Found anywhere in a value, as a word of a search is. */
function keywordOf(match: Match): string {
  if (match.kind === 'text') return `*${escaped(match.text)}*`
  if (match.kind === 'wildcard') return `*${patternOf(match.pieces)}*`.replaceAll(/\*{2,}/g, '*')
  throw impossible('A pattern or a range needs a field.', 'Write field:/…/ or field:[a TO b].')
}

function numberOf({ value }: Bound): number {
  const number = Number(value)
  if (value.trim() !== '' && Number.isFinite(number)) return number
  throw impossible(`A rule compares numbers, and ${value} is none.`, 'Use wildcards for texts.')
}

function patternOf(pieces: readonly WildcardPiece[]): string {
  return pieces.map((piece) => (typeof piece === 'string' ? piece : escaped(piece.literal))).join('')
}

/** Wildcards of Sigma that were meant as they stand, and backslashes before them. */
function escaped(text: string): string {
  return text.replaceAll(/\\*[*?]|\\+$/g, (found) => {
    const sign = /[*?]$/.exec(found)?.[0] ?? ''
    const slashes = found.slice(0, found.length - sign.length)
    return `${slashes}${slashes}${sign === '' ? '' : `\\${sign}`}`
  })
}

function itemText({ key, value }: Item): string {
  const text = typeof value === 'string' ? quoted(value) : String(value)
  return key === undefined
    ? `    - ${text}\n`
    : `    ${/^[\w.@|-]+$/.test(key) && !key.startsWith('@') ? key : quoted(key)}: ${text}\n`
}

/** Single quotes take everything as it is, but for what breaks a line. */
function quoted(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: those are meant.
  return /[\u0000-\u001f\u007f-\u009f\u2028\u2029\ufeff]/.test(text) ? JSON.stringify(text) : `'${text.replaceAll("'", "''")}'`
}

function impossible(message: string, remedy: string): KanpekiError {
  return new KanpekiError('draft_impossible', message, { remedy })
}
