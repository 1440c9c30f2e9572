import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Clock } from '../../../kernel/clock.ts'
import { KanpekiError, messageOf } from '../../../kernel/error.ts'
import type { Caller } from '../../../platform/http/route.ts'
import type { IngestBody, IngestReply } from './body.ts'
import { type MemoryBudget, memoryBudget, readBody } from './read-body.ts'
import { callerSource, namedSource, type Target, targetOf } from './target.ts'

export interface IngestDeps {
  /** Who sends, or undefined without a valid token. */
  readonly authenticate: (request: IncomingMessage) => Promise<Caller | undefined>
  /**
   * Resolves with the reply once the records are durable. Rejects with a KanpekiError: `queue_full`, `stopping`,
   * `disk_full`, `too_many_records`; nothing of the body was acknowledged then.
   */
  readonly commit: (body: IngestBody) => Promise<IngestReply>
  /** Why nothing can be taken now, asked before a body is read; undefined when all is well. */
  readonly refusal?: () => KanpekiError | undefined
  readonly clock: Clock
  readonly log: (message: string, detail?: Record<string, unknown>) => void
  /** Bytes of one decompressed body. */
  readonly maxBodyBytes: number
  /** Bytes that all bodies in memory may hold together. */
  readonly maxHeldBytes: number
}

/** Status and seconds to wait for each code; any other error is a 500. Senders retry 429 and 503, and drop on 4xx. */
const ANSWERS: Readonly<Record<string, { readonly status: number; readonly retryAfter?: number; readonly type: string }>> = {
  unauthenticated: { status: 401, type: 'security_exception' },
  forbidden: { status: 403, type: 'security_exception' },
  bad_source: { status: 400, type: 'illegal_argument_exception' },
  bad_encoding: { status: 400, type: 'illegal_argument_exception' },
  body_aborted: { status: 400, type: 'illegal_argument_exception' },
  body_too_large: { status: 413, type: 'content_too_long_exception' },
  too_many_records: { status: 413, type: 'content_too_long_exception' },
  queue_full: { status: 429, retryAfter: 1, type: 'es_rejected_execution_exception' },
  stopping: { status: 503, retryAfter: 5, type: 'unavailable_shards_exception' },
  disk_full: { status: 503, retryAfter: 30, type: 'cluster_block_exception' },
  state_busy: { status: 503, retryAfter: 1, type: 'unavailable_shards_exception' },
  state_unreachable: { status: 503, retryAfter: 5, type: 'unavailable_shards_exception' },
  lake_unreachable: { status: 503, retryAfter: 5, type: 'unavailable_shards_exception' },
  lake_timeout: { status: 503, retryAfter: 5, type: 'unavailable_shards_exception' },
  lake_memory: { status: 503, retryAfter: 5, type: 'circuit_breaking_exception' },
}
const BROKEN = { status: 500, type: 'exception' } as const

/**
 * The hot path: bare node:http, no framework. Returns true if the request is one of its own (it then answers it), false
 * to leave it to the others. It looks at paths and at the body, never at the content type: senders say anything there.
 */
export function createIngestHandler(deps: IngestDeps): (request: IncomingMessage, response: ServerResponse) => boolean {
  const budget = memoryBudget(deps.maxHeldBytes)
  return (request, response) => {
    const target = targetOf(request.method ?? '', request.url ?? '/', request.headers.accept)
    if (target === undefined) return false
    // Elasticsearch clients refuse any answer without it, some of them only after they have sent everything.
    response.setHeader('X-Elastic-Product', 'Elasticsearch')
    answer(deps, budget, target, request, response).catch((error: unknown) => fail(deps, target, request, response, error))
    return true
  }
}

async function answer(
  deps: IngestDeps,
  budget: MemoryBudget,
  target: Target,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const caller = await deps.authenticate(request)
  if (caller === undefined)
    throw new KanpekiError('unauthenticated', 'A token is missing or not valid.', {
      remedy: 'Make one with `kanpeki token create --scope ingest` and send it as `Authorization: Bearer TOKEN`.',
    })
  if (!caller.permissions.has('ingest'))
    throw new KanpekiError('forbidden', 'This token may not send events.', { remedy: 'Use a token of scope `ingest`.' })
  if (target.kind === 'handshake') return send(response, target.status, Buffer.from(JSON.stringify(target.body)))
  const source = caller.source ?? (target.kind === 'bulk' ? callerSource(caller) : namedSource(target.name))
  if (source === undefined)
    throw new KanpekiError('bad_source', 'The source name in the path is not valid.', {
      remedy: 'Use 1 to 64 lower-case letters, digits, dots, dashes and underscores.',
    })
  const refusal = deps.refusal?.()
  if (refusal !== undefined) throw refusal

  const read = await readBody(request, deps.maxBodyBytes, budget)
  try {
    const reply = await deps.commit({
      source,
      scope: caller.scope,
      tokenId: caller.id,
      format: target.kind,
      index: target.kind === 'bulk' ? target.index : undefined,
      body: read.body,
      digest: read.digest,
      origin: request.socket.remoteAddress ?? 'unknown',
      received: deps.clock.now(),
    })
    send(response, reply.status, reply.body)
  } finally {
    read.release()
  }
}

function fail(deps: IngestDeps, target: Target, request: IncomingMessage, response: ServerResponse, error: unknown): void {
  const code = error instanceof KanpekiError ? error.code : 'internal'
  const { status, type, retryAfter } = { retryAfter: undefined, ...(Object.hasOwn(ANSWERS, code) ? ANSWERS[code]! : BROKEN) }
  if (status >= 500) deps.log('ingest failed', { code, error: messageOf(error), path: request.url })
  const reason = status === 500 ? 'The server could not take the request; its log says why.' : messageOf(error)
  if (retryAfter !== undefined) response.setHeader('Retry-After', retryAfter)
  if (status === 401) response.setHeader('WWW-Authenticate', 'Bearer realm="kanpeki"')
  const cause = { type, reason }
  const body =
    target.kind === 'lines'
      ? { type: 'about:blank', title: code, status, code, detail: reason }
      : { error: { root_cause: [cause], ...cause }, status }
  if (!request.complete) drain(request, deps.maxBodyBytes)
  send(response, status, Buffer.from(JSON.stringify(body)), target.kind === 'lines' ? 'application/problem+json' : undefined)
}

/**
 * Reads what a refused sender still sends, so that it gets to read the answer (closing at once would reset the
 * connection under it); one that goes on for longer than any body may be is cut off.
 */
function drain(request: IncomingMessage, limit: number): void {
  let left = limit
  request.on('data', (chunk: Buffer) => {
    left -= chunk.length
    if (left < 0) request.destroy()
  })
  request.on('error', () => {})
  request.resume()
}

function send(response: ServerResponse, status: number, body: Uint8Array, type = 'application/json'): void {
  if (response.destroyed || response.headersSent) return
  response.writeHead(status, { 'Content-Type': type, 'Content-Length': body.byteLength })
  response.end(body)
}
