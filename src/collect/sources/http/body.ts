import { createHash } from 'node:crypto'
import type { RawRecord } from '../../../kernel/event.ts'
import type { JsonObject } from '../../../kernel/json.ts'
import type { WebhookMapping } from './schema.ts'

/** What a body is, decided by the path it was sent to; `formats.ts` says how each is read and answered. */
export const BODY_FORMATS = [
  'bulk',
  'document',
  'lines',
  'records',
  'hec',
  'hec-raw',
  'otlp',
  'loki',
  'falco',
  'alertmanager',
  'k8s-audit',
  'sns',
  'firehose',
  'generic',
] as const
export type BodyFormat = (typeof BODY_FORMATS)[number]

/** One request's body as it goes to the writer: decompressed, not parsed. `body` is gone once it is answered. */
export interface IngestBody {
  /** Source id, `http:name`. */
  readonly source: string
  readonly scope: string
  readonly tokenId: string
  readonly format: BodyFormat
  /** The index in a bulk request's path. */
  readonly index: string | undefined
  /** What the path of a single document asks for it. */
  readonly document?: DocumentAsked
  readonly body: Uint8Array
  /** SHA-256 of `body`, hex. */
  readonly digest: string
  /** The sender's address. */
  readonly origin: string
  /** Milliseconds UTC at the last byte. */
  readonly received: number
  /** What the request says about every event in it, beside the body: dotted ECS names. */
  readonly words?: JsonObject
  /** How to read the events of `generic`. */
  readonly mapping?: WebhookMapping
}

export interface DocumentAsked {
  readonly action: Extract<BulkAction, 'create' | 'index'>
  readonly id: string | undefined
}

/** What the sender gets: built beside the parsing, so that the main thread only passes the bytes on. */
export interface IngestReply {
  readonly status: number
  readonly body: Uint8Array
  /** Content type; JSON where absent. */
  readonly type?: string
}

/** Why one item was not taken as sent, in Elasticsearch's words. */
export interface ItemError {
  readonly type: string
  readonly reason: string
}

export const BULK_ACTIONS = ['create', 'index', 'update', 'delete'] as const
export type BulkAction = (typeof BULK_ACTIONS)[number]

export interface BulkItem {
  readonly action: BulkAction
  readonly index: string
  readonly id: string | undefined
  /** Which of `records`, or -1 for an action that makes none (update, delete). */
  readonly record: number
  readonly error?: ItemError
}

/** A body taken apart. Each item is a record or was refused: items.length = records.length + refused for `bulk`. */
export interface SplitBody {
  readonly format: BodyFormat
  readonly records: readonly RawRecord[]
  readonly items: readonly BulkItem[]
  /** Items that are no events (update, delete): counted as received and dropped. */
  readonly refused: number
  /** Events that the sender says it left out: lost before they reached us. */
  readonly gaps?: number
  /** The first part that nobody can read; it is kept as an unknown, and the sender is told as its protocol tells. */
  readonly trouble?: { readonly at: number; readonly reason: string }
  /** The sender's own id of the request, which the reply repeats, and when it came (Firehose). */
  readonly request?: { readonly id: string; readonly at: number }
  /** Whether the reply is protobuf: OTLP answers in kind. */
  readonly protobuf?: boolean
  /** False where the body as a whole was unreadable. */
  readonly whole?: boolean
}

/** Bounds on what one body may hold; sizes in bytes. */
export interface BodyLimits {
  readonly maxLineBytes: number
  readonly maxRecords: number
}

export const BODY_LIMITS: BodyLimits = { maxLineBytes: 1_048_576, maxRecords: 250_000 }

/**
 * The identity of a body for retries: the same bytes sent again by the same token to the same path are the same records.
 * 128 bits of SHA-256; an item's id is this, a dash and its position (unless the sender chose one).
 */
export function bodyIdentity(body: IngestBody): string {
  return createHash('sha256')
    .update(`${body.scope}\0${body.tokenId}\0${body.source}\0${placeOf(body)}\0${body.digest}`)
    .digest('hex')
    .slice(0, 32)
}

function placeOf({ format, index, words }: IngestBody): string {
  if (format === 'document') return `document ${index ?? ''}`
  if (format === 'bulk' || format === 'lines') return index ?? ''
  return `${format} ${words === undefined ? '' : JSON.stringify(words)}`
}

/** Calls `each` with every line that is not blank, without its line end and surrounding white space. */
export function eachLine(body: Buffer, each: (line: Buffer) => void): void {
  let at = 0
  while (at < body.length) {
    const newline = body.indexOf(0x0a, at)
    const next = newline < 0 ? body.length : newline
    let from = at
    let to = next
    while (from < to && isSpace(body[from]!)) from++
    // A tab says that a line of text goes on with the one before it.
    if (body[at] === 0x09 && from < to && body[from] !== 0x7b) from = at
    while (to > from && isSpace(body[to - 1]!)) to--
    if (to > from) each(body.subarray(from, to))
    at = next + 1
  }
}

function isSpace(byte: number): boolean {
  return byte === 0x20 || byte === 0x0d || byte === 0x09
}
