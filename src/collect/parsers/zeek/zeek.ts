import type { ParsedEvent } from '../../../kernel/event.ts'
import type { JsonObject } from '../../../kernel/json.ts'
import type { Parser } from '../../../kernel/plugin.ts'
import { nestedCopy } from '../../normalise/document.ts'
import type { Draft } from '../../normalise/draft.ts'
import { pickNumber, pickText } from '../../normalise/pick.ts'
import { isoTime } from '../../normalise/time.ts'
import { logOf } from './logs.ts'
import { fillLog } from './meaning.ts'
import { fillCommon } from './parts.ts'
import { readHeader, readRow } from './table.ts'

const PATH = /^[a-z][a-z0-9_]{0,31}$/
const DIRECTIVE = /^#(?:separator |(?:set_separator|empty_field|unset_field|path|open|close|fields|types)[\t ])/
const MAX_LINE = 262_144

/**
 * Zeek's logs, as tables under a `#fields` header (which the sources hand over with each line) and as JSON. A line stays under
 * `zeek.<log>` by its own names; `conn`, `dns`, `http`, `ssl`, `files`, `ssh`, `notice` and others are told in ECS.
 */
export const zeek: Parser = {
  id: 'zeek',

  accepts({ text, json, header }) {
    if (json !== undefined) return isZeek(json)
    if (text === undefined) return false
    if (text.charCodeAt(0) === 35) return DIRECTIVE.test(text)
    return header !== undefined && (header.startsWith('#separator ') || header.includes('#fields'))
  },

  parse({ text, json, header }) {
    if (json !== undefined) {
      if (!isZeek(json)) return { unknown: 'JSON without the fields that Zeek’s logs have' }
      return one(eventOf(json, pickText(json, '_path')))
    }
    if (text === undefined) return { unknown: 'a record without text and without JSON' }
    if (text.length > MAX_LINE) return { unknown: `longer than ${MAX_LINE} characters` }
    if (text.charCodeAt(0) === 35) {
      if (!DIRECTIVE.test(text)) return { unknown: 'a comment, and no directive of Zeek’s' }
      const event = { kind: 'event', module: 'zeek', action: 'log-directive' }
      return [{ observed: undefined, ecs: { message: text, event } }]
    }
    const columns = header === undefined ? undefined : readHeader(header)
    if (columns === undefined) return { unknown: 'a line of a table without the #fields line that names its columns' }
    const row = readRow(text, columns)
    return typeof row === 'string' ? { unknown: row } : one(eventOf(row, columns.path, text))
  },
}

function one(event: ParsedEvent | string): ReturnType<Parser['parse']> {
  return typeof event === 'string' ? { unknown: event } : [event]
}

/** Suricata and others have `uid`s as well: a connection's ends under Zeek's names tell it, or the log's name beside a time. */
function isZeek(json: JsonObject): boolean {
  const path = json['_path']
  if (typeof path === 'string') return PATH.test(path) && json['ts'] !== undefined
  if (json['ts'] === undefined) return false
  if (json['uid'] !== undefined && (json['id.orig_h'] !== undefined || json['id'] !== undefined)) return true
  return json['fuid'] !== undefined && (json['tx_hosts'] !== undefined || json['conn_uids'] !== undefined)
}

function eventOf(row: JsonObject, path: string | undefined, text?: string): ParsedEvent | string {
  const kept = nestedCopy(row)
  if (typeof kept === 'string') return kept
  const name = path !== undefined && PATH.test(path) ? path : logOf(kept)
  const doc: Draft = { event: { kind: 'event', module: 'zeek', dataset: `zeek.${name}` }, zeek: { [name]: kept } }
  if (text !== undefined) doc['message'] = text
  fillCommon(doc, kept)
  fillLog(doc, kept, name)
  return { observed: timeOf(kept), ecs: doc }
}

/** Seconds since 1970, or ISO 8601 where the JSON writer is set so. */
function timeOf(row: JsonObject): number | undefined {
  const seconds = pickNumber(row, 'ts')
  if (seconds !== undefined)
    return Number.isFinite(seconds) && seconds > 0 && seconds < 1e11 ? Math.round(seconds * 1000) : undefined
  const text = pickText(row, 'ts')
  // A table without types.
  if (text !== undefined && /^\d{9,11}\.\d{1,9}$/.test(text)) return Math.round(Number(text) * 1000)
  return text === undefined ? undefined : isoTime(text, 0)
}
