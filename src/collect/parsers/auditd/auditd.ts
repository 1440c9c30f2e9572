import type { Parser } from '../../../kernel/plugin.ts'
import { auditLine } from '../../join/audit.ts'
import { fillMissing } from '../../normalise/draft.ts'
import { frameDocument, readSyslog } from '../../normalise/syslog-frame.ts'
import { auditEvent } from './event.ts'
import { type AuditRecord, readAuditRecord } from './fields.ts'

/** No audit event is longer; a record of another kind in front of it stays unread. */
const MAX_TEXT = 1_048_576

/**
 * Events of the Linux audit system, from audit.log or through syslog: all records of one serial, which the sources join
 * (`../../join`), become one event. A record that comes alone is an event too.
 */
export const auditd: Parser = {
  id: 'auditd',

  accepts({ text }) {
    return text !== undefined && auditLine(text) !== undefined
  },

  parse({ text }, context) {
    if (text === undefined) return { unknown: 'an audit record is text; this is JSON' }
    if (text.length > MAX_TEXT) return { unknown: `an audit event of more than ${MAX_TEXT} characters` }
    const records: AuditRecord[] = []
    for (const line of text.split('\n')) {
      const record = readAuditRecord(line)
      if (record !== undefined) records.push(record)
    }
    if (records.length === 0) return { unknown: 'no record of the audit system: no type=… msg=audit(…)' }
    const event = auditEvent(records, text)
    if (!text.startsWith('type=') && !text.startsWith('node=')) {
      const frame = readSyslog(text.split('\n', 1)[0]!, context)
      if (frame !== undefined) {
        const { message: _message, process: _process, ...header } = frameDocument(frame)
        fillMissing(event.ecs as Parameters<typeof fillMissing>[0], header, 2)
      }
    }
    return [event]
  },
}
