import type { RawRecord } from '../kernel/event.ts'
import type { JsonObject, JsonValue } from '../kernel/json.ts'
import { unreadable } from './record.ts'
import { decodeText } from './text.ts'

const LF = 0x0a
const EQUALS = 0x3d

/** A field's name and its bytes come with 8 bytes of length between them. */
const LENGTH_BYTES = 8

export interface JournalEntries {
  /** Entries by their field names; bytes that are no UTF-8 as a list of numbers, a field that comes twice as a list: `journalctl -o json`. */
  readonly entries: readonly JsonObject[]
  /** How many of the bytes they are made of; the rest is the beginning of another one, or broken. */
  readonly taken: number
  /** Why nothing behind `taken` can be read. */
  readonly fault: string | undefined
}

/** Whether bytes begin as an entry does: with its cursor, which comes first. */
export function isJournalExport(bytes: Uint8Array): boolean {
  return Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.byteLength, CURSOR.length)).toString('latin1') === CURSOR
}

const CURSOR = '__CURSOR='

/**
 * Reads the journal export format (systemd.io/JOURNAL_EXPORT_FORMATS): `NAME=value` lines, or `NAME`, eight bytes of length
 * (little-endian), the bytes and a line feed; an empty line ends an entry. A length is taken at its word, so that no text in a
 * value can pass for a field.
 *
 * @param final nothing comes behind these bytes: the last entry needs no empty line.
 */
export function readJournalExport(bytes: Buffer, final: boolean): JournalEntries {
  const entries: JsonObject[] = []
  let entry = new Map<string, JsonValue>()
  let taken = 0
  let at = 0
  while (at < bytes.length) {
    const end = bytes.indexOf(LF, at)
    if (end < 0) {
      if (!final) break
      return { entries, taken, fault: 'a torn line at the end of a journal export' }
    }
    if (end === at) {
      if (entry.size > 0) entries.push(Object.fromEntries(entry))
      entry = new Map()
      at = end + 1
      taken = at
      continue
    }
    const equals = bytes.subarray(at, end).indexOf(EQUALS)
    const name = bytes.toString('latin1', at, equals < 0 ? end : at + equals)
    if (!/^[A-Z_][A-Z0-9_]{0,63}$/.test(name))
      return { entries, taken, fault: `no field name of the journal: ${JSON.stringify(name.slice(0, 64))}` }
    if (equals >= 0) {
      add(entry, name, bytes.subarray(at + equals + 1, end))
      at = end + 1
      continue
    }
    const from = end + 1 + LENGTH_BYTES
    if (from > bytes.length) {
      if (!final) break
      return { entries, taken, fault: `no length behind the field ${name}` }
    }
    const length = bytes.readBigUInt64LE(end + 1)
    if (length > BigInt(MAX_FIELD)) return { entries, taken, fault: `a field of more than ${MAX_FIELD} bytes: ${name}` }
    const to = from + Number(length)
    if (to >= bytes.length) {
      if (!final) break
      return { entries, taken, fault: `fewer bytes than the length of the field ${name} says` }
    }
    if (bytes[to] !== LF) return { entries, taken, fault: `no line feed where the field ${name} ends` }
    add(entry, name, bytes.subarray(from, to))
    at = to + 1
  }
  if (final && entry.size > 0) {
    entries.push(Object.fromEntries(entry))
    taken = bytes.length
  }
  return { entries, taken, fault: undefined }
}

/** systemd's own limit of a field (DATA_SIZE_MAX) is 768 MB; nobody's message is. */
const MAX_FIELD = 16_777_216

/** What is kept of an export from its fault on. */
const KEPT_OF_BROKEN = 8_192

/** The part of an export that cannot be read, as a record that says so. */
export function brokenJournal(id: string, rest: Buffer, fault: string, origin: string | undefined): RawRecord {
  const { text } = decodeText(rest.subarray(0, KEPT_OF_BROKEN))
  return unreadable(id, text, `a broken journal export: ${fault}; nothing behind it is read`, origin)
}

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** Fields that came once so far hold their value, others the list of their values: a list of numbers is one value. */
function add(entry: Map<string, JsonValue>, name: string, bytes: Buffer): void {
  const value = fieldValue(bytes)
  const there = entry.get(name)
  if (there === undefined) entry.set(name, value)
  else if (Array.isArray(there) && typeof there[0] !== 'number') (there as JsonValue[]).push(value)
  else entry.set(name, [there, value])
}

function fieldValue(bytes: Buffer): JsonValue {
  try {
    return decoder.decode(bytes)
  } catch {
    return [...bytes]
  }
}
