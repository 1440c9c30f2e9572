import { encodeFields } from '../../../protobuf.ts'
import type { IngestReply, SplitBody } from '../body.ts'

const PROTOBUF = 'application/x-protobuf'
/** google.rpc.Code INVALID_ARGUMENT. */
const INVALID_ARGUMENT = 3

/**
 * OTLP's answer, in the request's encoding: an ExportLogsServiceResponse, with a partial success where records were
 * unreadable (they are kept as unknowns, the sender must not send them again), or a google.rpc.Status.
 */
export function otlpReply({ records, trouble, protobuf, whole }: SplitBody): IngestReply {
  const answer = (status: number, json: object, fields: Parameters<typeof encodeFields>[0]): IngestReply =>
    protobuf === true
      ? { status, type: PROTOBUF, body: encodeFields(fields) }
      : { status, body: Buffer.from(JSON.stringify(json)) }
  if (trouble === undefined) return answer(200, {}, [])
  if (whole === false) return otlpStatus(400, INVALID_ARGUMENT, trouble.reason, protobuf === true)
  const rejected = records.filter((record) => record.unreadable !== undefined).length
  const partial = encodeFields([
    [1, rejected],
    [2, trouble.reason],
  ])
  return answer(200, { partialSuccess: { rejectedLogRecords: String(rejected), errorMessage: trouble.reason } }, [[1, partial]])
}

/** A `google.rpc.Status`: code = 1, message = 2. */
export function otlpStatus(status: number, code: number, message: string, protobuf: boolean): IngestReply {
  if (!protobuf) return { status, body: Buffer.from(JSON.stringify({ code, message })) }
  return {
    status,
    type: PROTOBUF,
    body: encodeFields([
      [1, code],
      [2, message],
    ]),
  }
}
