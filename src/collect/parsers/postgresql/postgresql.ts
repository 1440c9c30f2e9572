import type { Parser } from '../../../kernel/plugin.ts'
import type { Draft } from '../../normalise/draft.ts'
import { frameDocument, readSyslog } from '../../normalise/syslog-frame.ts'
import { postgresDocument } from './document.ts'
import { readCsv, readJsonLog, readStderr } from './record.ts'

const CSV = /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3} [^,\s]{1,40},/
const LEVEL =
  /(?:DEBUG[1-5]?|LOG|INFO|NOTICE|WARNING|ERROR|FATAL|PANIC|DETAIL|HINT|QUERY|CONTEXT|STATEMENT|LOCATION|BACKTRACE): {2}$/
const MAX_TEXT = 1_048_576

/** PostgreSQL's log: stderr with any `log_line_prefix` (also through syslog), csvlog and jsonlog. */
export const postgresql: Parser = {
  id: 'postgresql',

  accepts({ text, json }) {
    if (json !== undefined) return json['error_severity'] !== undefined && json['session_id'] !== undefined
    if (text === undefined || text.length > MAX_TEXT) return false
    const colon = text.indexOf(':  ')
    if (colon > 0 && colon < 600 && LEVEL.test(text.slice(Math.max(0, colon - 12), colon + 3))) return true
    const first = text.charCodeAt(0)
    return first >= 48 && first <= 57 && CSV.test(text)
  },

  parse({ text, json }, { received, zoneMinutes }) {
    if (json !== undefined) {
      const record = readJsonLog(json, zoneMinutes)
      if (record === undefined) return { unknown: 'no record of PostgreSQL’s jsonlog: no timestamp and error_severity' }
      return [{ observed: record.observed, ecs: postgresDocument(record, {}, record.message) }]
    }
    if (text === undefined) return { unknown: 'a record without text and without JSON' }
    if (text.length > MAX_TEXT) return { unknown: `longer than ${MAX_TEXT} characters` }
    const csv = CSV.test(text) ? readCsv(text, zoneMinutes) : undefined
    if (csv !== undefined) return [{ observed: csv.observed, ecs: postgresDocument(csv, {}, text) }]
    // The server's own prefix is no syslog header, though it may look like one.
    const plain = text.charCodeAt(0) === 60 ? undefined : readStderr(text, zoneMinutes)
    const frame = plain === undefined || /^[A-Z]/.test(text) ? readSyslog(text, { received, zoneMinutes }) : undefined
    if (frame === undefined) {
      if (plain === undefined) return { unknown: 'not a line of PostgreSQL’s: no level behind a time or a process id' }
      return [{ observed: plain.observed, ecs: postgresDocument(plain, {}, text) }]
    }
    const program = frame.app ?? ''
    const record = readStderr(`[${frame.process ?? ''}] ${frame.message.replace(/^\[\d{1,10}-\d{1,10}\] /, '')}`, zoneMinutes)
    if (record === undefined || !/postgres/.test(program)) {
      return { unknown: 'a level as PostgreSQL writes it, but not its program in the syslog header' }
    }
    const header: Draft = frameDocument(frame)
    return [{ observed: record.observed ?? frame.observed, ecs: postgresDocument(record, header, frame.message) }]
  },
}
