import { KanpekiError } from '../../../kernel/error.ts'
import type { RawRecord } from '../../../kernel/event.ts'
import { joinLines } from '../../join/lines.ts'
import { brokenJournal, isJournalExport, readJournalExport } from '../../journal-export.ts'
import { lineRecord } from '../../record.ts'
import { BODY_LIMITS, type BodyLimits, bodyIdentity, eachLine, type IngestBody, type SplitBody } from './body.ts'

/**
 * Takes a body of NDJSON or of log lines apart: a line that begins with `{` is a document, any other a line of text; lines that
 * belong together are one record. The journal's export format is known by its beginning.
 * @throws KanpekiError `too_many_records`.
 */
export function splitLines(input: IngestBody, limits: BodyLimits = BODY_LIMITS): SplitBody {
  const records: RawRecord[] = []
  const identity = bodyIdentity(input)
  const bytes = Buffer.from(input.body.buffer, input.body.byteOffset, input.body.byteLength)
  if (isJournalExport(bytes)) return splitJournal(input, limits, bytes, identity)
  eachLine(bytes, (line) => {
    if (records.length >= limits.maxRecords) throw tooMany(limits)
    records.push(lineRecord(`${identity}-${records.length}`, line, limits.maxLineBytes, input.origin))
  })
  return { format: input.format, records: joinLines(records, {}, true).records, items: [], refused: 0 }
}

function splitJournal(input: IngestBody, limits: BodyLimits, bytes: Buffer, identity: string): SplitBody {
  const { entries, taken, fault } = readJournalExport(bytes, true)
  if (entries.length > limits.maxRecords) throw tooMany(limits)
  const from = input.origin === undefined ? {} : { origin: input.origin }
  const records: RawRecord[] = entries.map((json, index) => ({ id: `${identity}-${index}`, json, ...from }))
  if (fault !== undefined)
    records.push(brokenJournal(`${identity}-${records.length}`, bytes.subarray(taken), fault, input.origin))
  return { format: input.format, records, items: [], refused: 0 }
}

function tooMany({ maxRecords }: BodyLimits): KanpekiError {
  return new KanpekiError('too_many_records', `The request holds more than ${maxRecords} lines.`, {
    remedy: 'Send it in smaller requests; nothing of this one was stored.',
  })
}
