import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Clock } from '../../../kernel/clock.ts'
import { KanpekiError, messageOf } from '../../../kernel/error.ts'
import type { JsonObject } from '../../../kernel/json.ts'
import type { MetricPoint, PointsTaken } from '../../../kernel/metric-point.ts'
import type { Caller } from '../../../platform/http/route.ts'
import { answerTo } from './answers.ts'
import type { IngestBody, IngestReply } from './body.ts'
import { DIALECTS } from './dialects.ts'
import { Acknowledgements } from './hec/acknowledgements.ts'
import { SUCCESS } from './hec/reply.ts'
import { metricsReply, readMetrics } from './otlp/metrics.ts'
import { readBody, type SharedMemory } from './read-body.ts'
import type { WebhookMapping } from './schema.ts'
import { callerSource, namedSource, type Target, type TargetOf } from './target.ts'
import { firehoseWords } from './webhook/firehose-words.ts'
import type { SnsGuard } from './webhook/sns-guard.ts'

export interface IngestDeps {
  /** Which requests are taken, and as what: `mainTarget` or `compatTarget`. */
  readonly targetOf: TargetOf
  /** Who sends, or undefined without a valid token. */
  readonly authenticate: (request: IncomingMessage) => Promise<Caller | undefined>
  /**
   * Resolves with the reply once the records are durable. Rejects with a KanpekiError: `queue_full`, `stopping`,
   * `disk_full`, `too_many_records`; nothing of the body was acknowledged then.
   */
  readonly commit: (body: IngestBody) => Promise<IngestReply>
  /** Why nothing can be taken now, asked before a body is read; undefined when all is well. */
  readonly refusal?: () => KanpekiError | undefined
  /** How the source's owner wants `generic` bodies read. */
  readonly mappingOf?: (scope: string, source: string) => Promise<WebhookMapping | undefined>
  /** Checks what comes from SNS; unchecked where absent. */
  readonly sns?: SnsGuard
  /** Takes figures that somebody else measured; none are taken where it is absent. Resolves once they are durable. */
  readonly figures?: (caller: Caller, points: readonly MetricPoint[]) => Promise<PointsTaken>
  readonly clock: Clock
  readonly log: (message: string, detail?: Record<string, unknown>) => void
  /** Bytes of one decompressed body. */
  readonly maxBodyBytes: number
  /** Bytes that all bodies in memory may hold together; handlers that share it share its room. */
  readonly budget: SharedMemory
}

type Take = Extract<Target, { kind: 'take' }>

/** What is needed beside one request. */
interface Context {
  readonly deps: IngestDeps
  readonly acknowledgements: Acknowledgements
  readonly request: IncomingMessage
  readonly response: ServerResponse
}

const HEALTHY = { text: 'HEC is healthy', code: 17 }
const UNHEALTHY = { text: 'HEC is unhealthy, queues are full', code: 18 }
/** A question about acknowledgements is a short list of numbers. */
const MAX_QUESTION_BYTES = 262_144
/** Metrics of a large collector; they are read at once. */
const MAX_METRICS_BYTES = 8 * 1024 * 1024

/**
 * The hot path: bare node:http, no framework. Returns true if the request is one of its own (it then answers it), false
 * to leave it to the others. It looks at paths and at the body, never at the content type: senders say anything there.
 */
export function createIngestHandler(deps: IngestDeps): (request: IncomingMessage, response: ServerResponse) => boolean {
  const acknowledgements = new Acknowledgements()
  return (request, response) => {
    const target = deps.targetOf(request.method ?? '', request.url ?? '/', request.headers.accept)
    if (target === undefined) return false
    // Elasticsearch clients refuse any answer without it, some of them only after they have sent everything.
    response.setHeader('X-Elastic-Product', 'Elasticsearch')
    const context = { deps, acknowledgements, request, response }
    answer(context, target).catch((error: unknown) => fail(context, target, error))
    return true
  }
}

async function answer(context: Context, target: Target): Promise<void> {
  const { deps, acknowledgements, request, response } = context
  if (target.kind === 'health') {
    const refusal = deps.refusal?.()
    return sendJson(response, refusal === undefined ? 200 : 503, refusal === undefined ? HEALTHY : UNHEALTHY)
  }
  const caller = await sender(deps, target, request)
  if (target.kind === 'handshake') return sendJson(response, target.status, target.body)
  if (target.kind === 'figures') return send(response, await takeFigures(context, caller))
  if (target.kind === 'acks') {
    const channel = channelOf(request)
    if (channel === undefined) throw new KanpekiError('channel_missing', 'The request names no channel.')
    const asked = await readQuestion(deps, request, caller)
    const told = acknowledgements.answer(caller.id, channel, asked)
    if (told === undefined) throw new KanpekiError('bad_request', 'The body is not {"acks":[…]}.')
    return sendJson(response, 200, told)
  }
  const reply = await take(context, target, caller)
  const channel = target.dialect === 'splunk' && reply.status === 200 ? channelOf(request) : undefined
  if (channel === undefined) send(response, reply)
  // The records are durable since `take` resolved: what is promised here is kept already.
  else sendJson(response, 200, { ...SUCCESS, ackId: acknowledgements.give(caller.id, channel) })
}

async function sender(deps: IngestDeps, target: Target, request: IncomingMessage): Promise<Caller> {
  if (target.dialect === 'firehose') {
    const key = request.headers['x-amz-firehose-access-key']
    if (typeof key === 'string') request.headers.authorization ??= `Bearer ${key}`
  }
  const caller = await deps.authenticate(request)
  if (caller === undefined)
    throw new KanpekiError('unauthenticated', 'A token is missing or not valid.', {
      remedy: 'Make one with `kanpeki token create --scope ingest` and send it as `Authorization: Bearer TOKEN`.',
    })
  if (target.kind === 'figures') {
    if (caller.permissions.has('samples:write')) return caller
    throw new KanpekiError('forbidden', 'This token may not send figures.', { remedy: 'Use a token of scope `samples`.' })
  }
  if (!caller.permissions.has('ingest'))
    throw new KanpekiError('forbidden', 'This token may not send events.', { remedy: 'Use a token of scope `ingest`.' })
  return caller
}

async function take({ deps, request }: Context, target: Take, caller: Caller): Promise<IngestReply> {
  const source = caller.source ?? (target.name === undefined ? callerSource(caller) : namedSource(target.name))
  if (source === undefined)
    throw new KanpekiError('bad_source', 'The source name in the path is not valid.', {
      remedy: 'Use 1 to 64 lower-case letters, digits, dots, dashes and underscores.',
    })
  const refusal = deps.refusal?.()
  if (refusal !== undefined) throw refusal
  const mapping = target.format === 'generic' ? await deps.mappingOf?.(caller.scope, source) : undefined

  // Some senders of Loki's protobuf name its snappy block in the header as well; a push is one in any case.
  const own = target.format === 'loki' ? 'snappy' : undefined
  const read = await readBody(request, deps.maxBodyBytes, deps.budget.of(caller.id), own)
  try {
    const checked = target.format === 'sns' ? await deps.sns?.check(read.body) : undefined
    const words = wordsOf(target, request, checked?.words)
    const reply = await deps.commit({
      source,
      scope: caller.scope,
      tokenId: caller.id,
      format: target.format,
      index: target.index,
      ...(target.document === undefined ? {} : { document: target.document }),
      body: read.body,
      digest: read.digest,
      origin: request.socket.remoteAddress ?? 'unknown',
      received: deps.clock.now(),
      ...(words === undefined ? {} : { words }),
      ...(mapping === undefined ? {} : { mapping }),
    })
    await checked?.confirm?.()
    return reply
  } finally {
    read.release()
  }
}

async function takeFigures({ deps, request }: Context, caller: Caller): Promise<IngestReply> {
  if (deps.figures === undefined) throw new KanpekiError('not_found', 'Metrics are not taken here.')
  const refusal = deps.refusal?.()
  if (refusal !== undefined) throw refusal
  const read = await readBody(request, MAX_METRICS_BYTES, deps.budget.of(caller.id))
  try {
    const metrics = readMetrics(read.body)
    if (typeof metrics === 'string') throw new KanpekiError('bad_request', metrics)
    const { taken, rejected, message } = await deps.figures(caller, metrics.points)
    const told =
      metrics.others === 0 ? message : [message, otherKinds(metrics.others)].filter((one) => one !== undefined).join(' ')
    return metricsReply({ taken, rejected, message: told }, metrics.protobuf)
  } finally {
    read.release()
  }
}

function otherKinds(count: number): string {
  return `${count} data ${count === 1 ? 'point is' : 'points are'} no single number (histograms, summaries) and not taken.`
}

function wordsOf(target: Take, request: IncomingMessage, checked: JsonObject | undefined): JsonObject | undefined {
  return target.format === 'firehose' ? firehoseWords(request.headers) : (checked ?? target.words)
}

function channelOf(request: IncomingMessage): string | undefined {
  const header = request.headers['x-splunk-request-channel']
  if (typeof header === 'string' && header !== '') return header.slice(0, 100)
  const query = request.url?.split('?', 2)[1]
  const channel = query === undefined ? null : new URLSearchParams(query).get('channel')
  return channel === null || channel === '' ? undefined : channel.slice(0, 100)
}

async function readQuestion(deps: IngestDeps, request: IncomingMessage, caller: Caller): Promise<unknown> {
  const read = await readBody(request, MAX_QUESTION_BYTES, deps.budget.of(caller.id))
  try {
    return JSON.parse(read.body.toString())
  } catch {
    return undefined
  } finally {
    read.release()
  }
}

function fail({ deps, request, response }: Context, target: Target, error: unknown): void {
  const { status, code, reason, retryAfter } = answerTo(error)
  if (status >= 500) deps.log('ingest failed', { code, error: messageOf(error), path: request.url?.split('?', 1)[0] })
  const dialect = DIALECTS[target.dialect]
  const reply = dialect.say({ status, code, reason, now: deps.clock.now() }, request)
  if (retryAfter !== undefined) response.setHeader('Retry-After', retryAfter)
  if (status === 401) response.setHeader('WWW-Authenticate', [...dialect.challenge])
  if (!request.complete) drain(request, deps.maxBodyBytes)
  send(response, reply)
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

function sendJson(response: ServerResponse, status: number, body: object | undefined): void {
  send(response, { status, body: body === undefined ? Buffer.alloc(0) : Buffer.from(JSON.stringify(body)) })
}

function send(response: ServerResponse, { status, body, type = 'application/json' }: IngestReply): void {
  if (response.destroyed || response.headersSent) return
  if (status === 204) response.writeHead(204)
  else response.writeHead(status, { 'Content-Type': type, 'Content-Length': body.byteLength })
  response.end(status === 204 ? undefined : body)
}
