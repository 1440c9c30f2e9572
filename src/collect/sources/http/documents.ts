import type { JsonObject } from '../../../kernel/json.ts'
import { documentRecord, tooLong } from '../../record.ts'
import { RecordScanner } from '../../record-scanner.ts'
import type { RecordCollector } from './collector.ts'

/** Calls `each` with every JSON object of a body, however they are written: one after the other, by lines, or in a list. */
export function eachDocument(
  body: Uint8Array,
  collector: RecordCollector,
  maxBytes: number,
  each: (json: JsonObject) => void,
): void {
  const scanner = new RecordScanner(maxBytes)
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength)
  for (const piece of [...scanner.push(bytes), ...scanner.end()]) {
    if (piece.broken !== undefined || piece.kind === 'line') {
      collector.unreadable(piece.bytes, piece.broken ?? 'not a JSON object')
    } else if (piece.length > maxBytes) {
      collector.add(tooLong(collector.nextId(), piece.bytes, piece.length, maxBytes, undefined))
    } else {
      const record = documentRecord('', piece.bytes, undefined)
      if (record.json === undefined) collector.unreadable(piece.bytes, record.unreadable ?? 'not a JSON object')
      else each(record.json)
    }
  }
}

/** A body that is one JSON object; undefined, and an unknown kept, where it is none. */
export function wholeDocument(body: Uint8Array, collector: RecordCollector): JsonObject | undefined {
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength)
  const record = documentRecord('', bytes, undefined)
  if (record.json === undefined) collector.unreadable(bytes, record.unreadable ?? 'not a JSON object')
  return record.json
}
