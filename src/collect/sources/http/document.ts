import { clientId } from '../../client-id.ts'
import { documentRecord, tooLong, unreadable } from '../../record.ts'
import { decodeText } from '../../text.ts'
import { BODY_LIMITS, type BodyLimits, bodyIdentity, type IngestBody, type IngestReply, type SplitBody } from './body.ts'
import { DEFAULT_INDEX, readId } from './bulk.ts'
import { type CommitFacts, resultOf } from './reply.ts'

/**
 * Takes the one document of Elasticsearch's index API (`_doc`, `_create`), on as many lines as it likes. It is the same event as one of
 * the same index and id in a bulk request. Pure; what cannot be read is told to the sender and kept as an unknown.
 */
export function splitDocument(input: IngestBody, limits: BodyLimits = BODY_LIMITS): SplitBody {
  const { action = 'index', id: written } = input.document ?? {}
  const index = input.index ?? DEFAULT_INDEX
  const { id: chosen, idProblem } = readId(written)
  const id = chosen === undefined ? `${bodyIdentity(input)}-0` : clientId(input.scope, index, chosen)
  const bytes = Buffer.from(input.body.buffer, input.body.byteOffset, input.body.byteLength)
  const record =
    bytes.length > limits.maxLineBytes
      ? tooLong(id, bytes, bytes.length, limits.maxLineBytes, input.origin)
      : idProblem !== undefined
        ? unreadable(id, decodeText(bytes).text, idProblem, input.origin)
        : documentRecord(id, bytes, input.origin)
  const { unreadable: reason } = record
  const error = reason === undefined ? {} : { error: { type: 'document_parsing_exception', reason } }
  return { format: 'document', records: [record], items: [{ action, index, id: chosen, record: 0, ...error }], refused: 0 }
}

/** Elasticsearch's reply to a document; one that we have already answers 200 `noop`, as in bulk requests. */
export function documentReply({ items, records }: SplitBody, { outcomes, sequence }: CommitFacts): IngestReply {
  const { index, id, error } = items[0]!
  if (error !== undefined) return json(400, { error: { root_cause: [error], ...error }, status: 400 })
  const { status, result } = resultOf(outcomes[0])
  return json(status, {
    _index: index,
    _id: id ?? records[0]!.id,
    _version: 1,
    result,
    _shards: { total: 1, successful: 1, failed: 0 },
    _seq_no: sequence,
    _primary_term: 1,
  })
}

const json = (status: number, body: object): IngestReply => ({ status, body: Buffer.from(JSON.stringify(body)) })
