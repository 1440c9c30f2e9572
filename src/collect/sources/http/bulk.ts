import { KanpekiError } from '../../../kernel/error.ts'
import type { RawRecord } from '../../../kernel/event.ts'
import { isJsonObject, type JsonObject, type JsonValue } from '../../../kernel/json.ts'
import { clientId } from '../../client-id.ts'
import { documentRecord, tooLong, unreadable } from '../../record.ts'
import { decodeText } from '../../text.ts'
import {
  BODY_LIMITS,
  type BodyLimits,
  BULK_ACTIONS,
  type BulkAction,
  type BulkItem,
  bodyIdentity,
  eachLine,
  type IngestBody,
  type SplitBody,
} from './body.ts'

/** Elasticsearch's own bound on `_id`. */
const MAX_ID_BYTES = 512
export const DEFAULT_INDEX = 'kanpeki'
/** A longer action line is no action: real ones carry an index, an id and perhaps a routing. */
const MAX_ACTION_BYTES = 8192

interface Action {
  readonly kind: BulkAction
  readonly index: string
  readonly id: string | undefined
  readonly idProblem: string | undefined
}

/**
 * Takes an Elasticsearch bulk body apart: an action line, then (but for `delete`) a document line. Pure; blank lines
 * and a missing last newline are tolerated.
 *
 * A line that cannot be read gets an error of its own, as Elasticsearch does (so that the sender knows), and is also
 * kept as an unknown (so that the operator knows): senders drop what was answered 400, and then nobody would have it.
 * After a broken action line the next valid action line resumes; nothing between them is lost either.
 * @param later documents are read when their records' turn comes; `items` tell of their errors from then on.
 * @throws KanpekiError `too_many_records`.
 */
export function splitBulk(input: IngestBody, limits: BodyLimits = BODY_LIMITS, later = false): SplitBody {
  const records: RawRecord[] = []
  const items: BulkItem[] = []
  const identity = bodyIdentity(input)
  const pathIndex = input.index ?? DEFAULT_INDEX
  const readAction = actionReader(pathIndex)
  let pending: Action | undefined
  let refused = 0

  const refuse = (action: Action, reason: string): void => {
    items.push({ ...itemOf(action), record: -1, error: { type: 'illegal_argument_exception', reason } })
    refused++
  }
  const keep = (action: Action, record: RawRecord): void => {
    const item = { ...itemOf(action), record: records.length }
    records.push(record)
    if (record.unreadable === undefined) items.push(item)
    else items.push(withError(item, record.unreadable))
  }
  const keepForLater = (action: Action, id: string, line: Buffer): void => {
    const item = { ...itemOf(action), record: records.length }
    const place = items.length
    items.push(item)
    const read = (): RawRecord => {
      const record = documentRecord(id, line, input.origin)
      if (record.unreadable !== undefined) items[place] = withError(item, record.unreadable)
      return record
    }
    records.push({ id, ...(input.origin === undefined ? {} : { origin: input.origin }), later: read })
  }
  const nextId = (): string => `${identity}-${items.length}`

  eachLine(buffer(input.body), (line) => {
    if (items.length >= limits.maxRecords) throw tooMany(limits.maxRecords)
    if (pending === undefined) {
      const action = line.length > MAX_ACTION_BYTES ? undefined : readAction(line)
      if (action === undefined) keep(stray(pathIndex), strayLine(nextId(), line, limits, input.origin))
      else if (action.kind === 'delete') refuse(action, 'events are never deleted one by one')
      else pending = action
      return
    }
    const action = pending
    pending = undefined
    if (action.kind === 'update') refuse(action, 'events are never changed: send the new state as an event of its own')
    else if (action.idProblem !== undefined)
      keep(action, unreadable(nextId(), decodeText(line).text, action.idProblem, input.origin))
    else {
      const id = action.id === undefined ? nextId() : clientId(input.scope, action.index, action.id)
      if (line.length > limits.maxLineBytes) keep(action, tooLong(id, line, line.length, limits.maxLineBytes, input.origin))
      else if (later) keepForLater(action, id, line)
      else keep(action, documentRecord(id, line, input.origin))
    }
  })
  if (pending !== undefined) {
    if (pending.kind === 'update') refuse(pending, 'the request ends after the action: its document is missing')
    else keep(pending, unreadable(nextId(), '', 'the request ends after the action: its document is missing', input.origin))
  }
  return { format: 'bulk', records, items, refused }
}

function itemOf(action: Action): Pick<BulkItem, 'action' | 'index' | 'id'> {
  return { action: action.kind, index: action.index, id: action.id }
}

function withError(item: BulkItem, reason: string): BulkItem {
  return { ...item, error: { type: 'document_parsing_exception', reason } }
}

function stray(index: string): Action {
  return { kind: 'index', index, id: undefined, idProblem: undefined }
}

function strayLine(id: string, line: Buffer, limits: BodyLimits, origin: string): RawRecord {
  if (line.length > limits.maxLineBytes) return tooLong(id, line, line.length, limits.maxLineBytes, origin)
  return unreadable(
    id,
    decodeText(line).text,
    `not an action line: expected {"create":{}} or one of ${BULK_ACTIONS.join(', ')}`,
    origin,
  )
}

/** Reads action lines; most are equal to the one before, which is then not parsed again. */
function actionReader(pathIndex: string): (line: Buffer) => Action | undefined {
  let before: Buffer | undefined
  let action: Action | undefined
  return (line) => {
    if (before?.equals(line)) return action
    before = line
    action = parseAction(line, pathIndex)
    return action
  }
}

function parseAction(line: Buffer, pathIndex: string): Action | undefined {
  let value: unknown
  try {
    value = JSON.parse(line.toString('utf8'))
  } catch {
    return undefined
  }
  if (!isJsonObject(value)) return undefined
  for (const kind of BULK_ACTIONS) {
    const meta = Object.hasOwn(value, kind) ? value[kind] : undefined
    // Some senders put other keys beside the action (`"attempts":0`).
    if (isJsonObject(meta)) return { kind, index: indexOf(meta, pathIndex), ...readId(meta['_id']) }
  }
  return undefined
}

function indexOf(meta: JsonObject, pathIndex: string): string {
  const index = meta['_index']
  return typeof index === 'string' && index !== '' && index.length <= 255 ? index : pathIndex
}

/** The id that a sender chose, or why it can be none. */
export function readId(id: JsonValue | undefined): Pick<Action, 'id' | 'idProblem'> {
  if (id === undefined || id === null) return { id: undefined, idProblem: undefined }
  const text = typeof id === 'number' ? String(id) : id
  if (typeof text !== 'string' || text === '') return { id: undefined, idProblem: '_id must be a text that is not empty' }
  // The lake keeps UTF-8: half a character would come back as another id.
  if (!text.isWellFormed()) return { id: undefined, idProblem: '_id holds half a character' }
  if (Buffer.byteLength(text) > MAX_ID_BYTES) return { id: undefined, idProblem: `_id is longer than ${MAX_ID_BYTES} bytes` }
  return { id: text, idProblem: undefined }
}

function tooMany(limit: number): KanpekiError {
  return new KanpekiError('too_many_records', `The request holds more than ${limit} items.`, {
    remedy: 'Send it in smaller requests; nothing of this one was stored.',
  })
}

function buffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}
