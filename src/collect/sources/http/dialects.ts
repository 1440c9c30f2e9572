import type { IncomingMessage } from 'node:http'
import type { IngestReply } from './body.ts'
import { otlpStatus } from './otlp/reply.ts'
import { firehoseAnswer } from './webhook/firehose.ts'

/** How a protocol says what went wrong. */
export type Dialect = 'elastic' | 'problem' | 'splunk' | 'otlp' | 'loki' | 'firehose'

export interface Trouble {
  readonly status: number
  readonly code: string
  readonly reason: string
  /** Milliseconds since 1970. */
  readonly now: number
}

export interface DialectRules {
  readonly say: (trouble: Trouble, request: IncomingMessage) => IngestReply
  /** `WWW-Authenticate` of a 401. SNS sends its credentials only to who asks for Basic. */
  readonly challenge: readonly string[]
}

const BEARER = 'Bearer realm="kanpeki"'
const BASIC = 'Basic realm="kanpeki"'

/** Elasticsearch's words for our codes. */
const ELASTIC_TYPES: Readonly<Record<string, string>> = {
  unauthenticated: 'security_exception',
  forbidden: 'security_exception',
  body_too_large: 'content_too_long_exception',
  too_many_records: 'content_too_long_exception',
  queue_full: 'es_rejected_execution_exception',
  disk_full: 'cluster_block_exception',
  lake_memory: 'circuit_breaking_exception',
  not_found: 'resource_not_found_exception',
  internal: 'exception',
}

/** Splunk's codes (docs.splunk.com, "HTTP Event Collector possible error codes") and, where it uses another one, the status. */
const SPLUNK_CODES: Readonly<Record<string, { readonly text: string; readonly code: number; readonly status?: number }>> = {
  token_missing: { text: 'Token is required', code: 2 },
  unauthenticated: { text: 'Invalid token', code: 4, status: 403 },
  forbidden: { text: 'Token disabled', code: 1 },
  queue_full: { text: 'Server is busy', code: 9, status: 503 },
  stopping: { text: 'Server is shutting down', code: 23 },
  channel_missing: { text: 'Data channel is missing', code: 10 },
  body_too_large: { text: 'Request entity too large', code: 27 },
  too_many_records: { text: 'Request entity too large', code: 27 },
}

/** google.rpc.Code by HTTP status. */
const RPC_CODES: Readonly<Record<number, number>> = { 400: 3, 401: 16, 403: 7, 404: 5, 413: 8, 429: 8, 503: 14 }

export const DIALECTS: Readonly<Record<Dialect, DialectRules>> = {
  elastic: {
    challenge: [BEARER],
    say({ status, code, reason }) {
      const fallback = status >= 500 ? 'unavailable_shards_exception' : 'illegal_argument_exception'
      const cause = { type: ELASTIC_TYPES[code] ?? fallback, reason }
      return json(status, { error: { root_cause: [cause], ...cause }, status })
    },
  },
  problem: {
    challenge: [BASIC, BEARER],
    say: ({ status, code, reason }) => ({
      ...json(status, { type: 'about:blank', title: code, status, code, detail: reason }),
      type: 'application/problem+json',
    }),
  },
  splunk: {
    challenge: [BASIC],
    say({ status, code, reason }, request) {
      const missing = code === 'unauthenticated' && request.headers.authorization === undefined
      const known = SPLUNK_CODES[missing ? 'token_missing' : code]
      if (known !== undefined) return json(known.status ?? status, { text: known.text, code: known.code })
      return status >= 500 ? json(status, { text: 'Internal server error', code: 8 }) : json(status, { text: reason, code: 6 })
    },
  },
  otlp: {
    challenge: [BEARER],
    // The encoding of an error can only be taken from what the request says of itself: its body may never have been read.
    say: ({ status, reason }, request) =>
      otlpStatus(status, RPC_CODES[status] ?? 13, reason, request.headers['content-type']?.includes('protobuf') === true),
  },
  loki: {
    challenge: [BASIC],
    say: ({ status, reason }) => ({ status, type: 'text/plain; charset=utf-8', body: Buffer.from(`${reason}\n`) }),
  },
  firehose: {
    challenge: [BASIC],
    say({ status, reason, now }, request) {
      const id = request.headers['x-amz-firehose-request-id']
      return firehoseAnswer(status, typeof id === 'string' ? id : '', now, reason)
    },
  },
}

function json(status: number, body: object): IngestReply {
  return { status, body: Buffer.from(JSON.stringify(body)) }
}
