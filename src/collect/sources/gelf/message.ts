import { gunzipSync, inflateSync } from 'node:zlib'
import { KanpekiError, messageOf } from '../../../kernel/error.ts'
import type { RawRecord } from '../../../kernel/event.ts'
import type { JsonObject, JsonValue } from '../../../kernel/json.ts'
import { enveloped } from '../../envelope.ts'
import { instantOf } from '../../instant.ts'
import { safeKey } from '../../normalise/draft.ts'
import { FIELD_SETS } from '../../normalise/field-sets.ts'
import { documentRecord, tooLong, unreadable } from '../../record.ts'
import { headText } from '../../text.ts'

/** Syslog's severities (RFC 5424 §6.2.1), which GELF's `level` is. */
const LEVELS = ['emergency', 'alert', 'critical', 'error', 'warning', 'notice', 'info', 'debug']
/** What is kept of a message that cannot be opened, bytes. */
const KEPT_OF_BROKEN = 8192

export interface GelfRecord {
  readonly record: RawRecord
  /** What is held of it: a message may be a thousand times larger than what came. */
  readonly bytes: number
}

/** The record of one whole message: gzip, zlib or plain JSON, found by looking. Never throws for what came. */
export function gelfRecord(id: string, message: Buffer, maxBytes: number, origin: string): GelfRecord {
  const json = unpacked(message, maxBytes)
  if (typeof json === 'string')
    return { record: unreadable(id, headText(message, KEPT_OF_BROKEN), json, origin), bytes: message.length }
  const bytes = Math.max(message.length, json.length)
  if (json.length > maxBytes) return { record: tooLong(id, json, json.length, maxBytes, origin), bytes }
  const record = documentRecord(id, json, origin)
  return { record: record.json === undefined ? record : { ...record, json: gelfDocument(record.json) }, bytes }
}

function unpacked(message: Buffer, maxBytes: number): Buffer | string {
  const open = packing(message)
  if (open === undefined) return message
  try {
    return open(message, { maxOutputLength: maxBytes })
  } catch (error) {
    const large = error instanceof Error && 'code' in error && error.code === 'ERR_BUFFER_TOO_LARGE'
    return large ? `too long: more than ${maxBytes} bytes when decompressed` : `cannot be decompressed: ${messageOf(error)}`
  }
}

/** gzip's two bytes (RFC 1952 §2.3.1), or a zlib header, whose two bytes are a multiple of 31 (RFC 1950 §2.2). */
function packing(message: Buffer): typeof gunzipSync | undefined {
  if (message.length < 2) return undefined
  if (message[0] === 0x1f && message[1] === 0x8b) return gunzipSync
  return (message[0]! & 0x0f) === 8 && message.readUInt16BE() % 31 === 0 ? inflateSync : undefined
}

/**
 * GELF 1.1 in ECS. Additional fields lose their underscore, but for those that would stand in the place of a whole field set:
 * they stay under `gelf`.
 */
export function gelfDocument(gelf: JsonObject): JsonObject {
  const { version, host, short_message: short, full_message: full, timestamp, level, facility, line, file, ...more } = gelf
  const severity = typeof level === 'string' ? Number.parseInt(level, 10) : level
  const time = instantOf(timestamp)
  const isSeverity = typeof severity === 'number' && LEVELS[severity] !== undefined
  const words: Record<string, JsonValue | undefined> = {
    'host.name': host,
    '@timestamp': time,
    'log.level': isSeverity ? LEVELS[severity] : undefined,
    'log.syslog.severity.code': isSeverity ? severity : undefined,
    // What is none stays as it came.
    'gelf.timestamp': time === undefined ? timestamp : undefined,
    'gelf.level': isSeverity ? undefined : level,
    'log.logger': facility,
    'log.origin.file.name': file,
    'log.origin.file.line': line,
    'gelf.version': version,
    'gelf.full_message': full === short ? undefined : full,
  }
  for (const [name, value] of Object.entries(more)) {
    const bare = name.startsWith('_') ? name.slice(1) : name
    const key = safeKey(bare === '' || FIELD_SETS.has(bare) || words[bare] !== undefined ? `gelf.${bare}` : bare)
    words[key] = value
  }
  return enveloped({ message: short ?? full ?? '' }, words)
}

/** @throws KanpekiError `listen_failed`. */
export function listenFailed(kind: 'UDP' | 'TCP', host: string, port: number, error: Error): KanpekiError {
  return new KanpekiError('listen_failed', `${kind} port ${port} of ${host} cannot be opened: ${error.message}.`, {
    remedy: 'Choose a free port; below 1024 the process needs the right to bind it.',
  })
}
