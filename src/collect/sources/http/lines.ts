import { KanpekiError } from '../../../kernel/error.ts'
import type { RawRecord } from '../../../kernel/event.ts'
import { lineRecord } from '../../record.ts'
import { BODY_LIMITS, type BodyLimits, bodyIdentity, eachLine, type IngestBody, type SplitBody } from './body.ts'

/**
 * Takes a body of NDJSON or of log lines apart: a line that begins with `{` is a document, any other a line of text.
 * @throws KanpekiError `too_many_records`.
 */
export function splitLines(input: IngestBody, limits: BodyLimits = BODY_LIMITS): SplitBody {
  const records: RawRecord[] = []
  const identity = bodyIdentity(input)
  const bytes = Buffer.from(input.body.buffer, input.body.byteOffset, input.body.byteLength)
  eachLine(bytes, (line) => {
    if (records.length >= limits.maxRecords)
      throw new KanpekiError('too_many_records', `The request holds more than ${limits.maxRecords} lines.`, {
        remedy: 'Send it in smaller requests; nothing of this one was stored.',
      })
    records.push(lineRecord(`${identity}-${records.length}`, line, limits.maxLineBytes, input.origin))
  })
  return { format: input.format, records, items: [], refused: 0 }
}
