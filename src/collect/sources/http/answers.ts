import { KanpekiError, messageOf } from '../../../kernel/error.ts'

/** HTTP status and seconds to wait for each code; any other error is a 500. Senders retry 429 and 503, and drop on 4xx. */
const ANSWERS: Readonly<Record<string, { readonly status: number; readonly retryAfter?: number }>> = {
  unauthenticated: { status: 401 },
  forbidden: { status: 403 },
  bad_signature: { status: 403 },
  not_found: { status: 404 },
  bad_source: { status: 400 },
  bad_encoding: { status: 400 },
  unsupported_encoding: { status: 415 },
  body_aborted: { status: 400 },
  bad_request: { status: 400 },
  channel_missing: { status: 400 },
  body_too_large: { status: 413 },
  too_many_records: { status: 413 },
  queue_full: { status: 429, retryAfter: 1 },
  stopping: { status: 503, retryAfter: 5 },
  unconfirmed: { status: 503, retryAfter: 30 },
  disk_full: { status: 503, retryAfter: 30 },
  state_busy: { status: 503, retryAfter: 1 },
  state_unreachable: { status: 503, retryAfter: 5 },
  lake_unreachable: { status: 503, retryAfter: 5 },
  lake_timeout: { status: 503, retryAfter: 5 },
  lake_memory: { status: 503, retryAfter: 5 },
}

export interface Answer {
  readonly status: number
  readonly code: string
  /** What the sender may read. */
  readonly reason: string
  /** Seconds. */
  readonly retryAfter: number | undefined
}

/** What a sender is told of an error; of faults of ours it learns nothing but that there was one. */
export function answerTo(error: unknown): Answer {
  const code = error instanceof KanpekiError ? error.code : 'internal'
  const known = Object.hasOwn(ANSWERS, code) ? ANSWERS[code] : undefined
  if (known === undefined)
    return { status: 500, code, reason: 'The server could not take the request; its log says why.', retryAfter: undefined }
  return { status: known.status, code, reason: messageOf(error), retryAfter: known.retryAfter }
}
