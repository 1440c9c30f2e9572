import { z } from 'zod'
import type { RawRecord } from '../../../kernel/event.ts'
import type { JsonObject } from '../../../kernel/json.ts'
import { clientId } from '../../client-id.ts'
import { isDocument } from '../../record.ts'
import { decodeText } from '../../text.ts'
import { BODY_LIMITS, type BodyLimits, eachLine, type IngestBody, type SplitBody } from './body.ts'
import { RecordCollector } from './collector.ts'

/** Names what came this way among the ids of a scope. */
const INDEX = 'sent'

/**
 * One line of a body of records: what `kanpeki send` read out of a file, for the parsers here. The sender's id makes it
 * harmless to send a record again, in whatever body.
 */
export const sentRecordSchema = z
  .strictObject({
    id: z
      .string()
      .min(1)
      .max(512)
      .refine((id) => id.isWellFormed(), 'an id holds half a character'),
    text: z.string().optional(),
    json: z.custom<JsonObject>(isDocument).optional(),
    header: z.string().max(65_536).optional(),
    origin: z.string().max(1024).optional(),
    unreadable: z.string().max(1000).optional(),
  })
  .refine(({ text, json }) => (text === undefined) !== (json === undefined), 'a record is either text or json')
export type SentRecord = z.infer<typeof sentRecordSchema>

/** @throws KanpekiError `too_many_records`; a line that is no record is kept as an unknown. */
export function splitRecords(input: IngestBody, limits: BodyLimits = BODY_LIMITS): SplitBody {
  const collector = new RecordCollector(input, limits)
  const bytes = Buffer.from(input.body.buffer, input.body.byteOffset, input.body.byteLength)
  eachLine(bytes, (line) => {
    const record = recordOf(line)
    if (typeof record === 'string') collector.unreadable(line, record)
    else collector.add({ origin: input.origin, ...record, id: clientId(input.scope, INDEX, record.id) })
  })
  return collector.split()
}

function recordOf(line: Buffer): RawRecord | string {
  let value: unknown
  try {
    value = JSON.parse(decodeText(line).text)
  } catch {
    return 'not a record: the line is not JSON'
  }
  const parsed = sentRecordSchema.safeParse(value)
  return parsed.success ? (parsed.data as RawRecord) : `not a record: ${parsed.error.issues[0]?.message ?? 'wrong form'}`
}
