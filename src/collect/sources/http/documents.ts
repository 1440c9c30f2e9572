import type { JsonObject } from '../../../kernel/json.ts'
import { enveloped, type Words } from '../../envelope.ts'
import { documentRecord, lineRecord, tooLong } from '../../record.ts'
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
      collector.add(tooLong(collector.nextId(), piece.bytes, piece.length, maxBytes, collector.origin))
    } else {
      const record = documentRecord('', piece.bytes, undefined)
      if (record.json === undefined) collector.unreadable(piece.bytes, record.unreadable ?? 'not a JSON object')
      else each(record.json)
    }
  }
}

/** A line of a log with what is known beside it; one that begins with `{` is a document. */
export function takeLine(line: Buffer, collector: RecordCollector, maxBytes: number, words: Words): void {
  const record = lineRecord(collector.nextId(), line, maxBytes, collector.origin)
  if (record.unreadable === undefined) collector.document(enveloped(record.json ?? record.text ?? '', words))
  else collector.add(record)
}

/** A body that is one JSON object; undefined, and an unknown kept, where it is none. */
export function wholeDocument(body: Uint8Array, collector: RecordCollector): JsonObject | undefined {
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength)
  const record = documentRecord('', bytes, undefined)
  if (record.json === undefined) collector.unreadable(bytes, record.unreadable ?? 'not a JSON object')
  return record.json
}
