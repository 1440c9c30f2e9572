import type { IncomingMessage } from 'node:http'
import { decodedBody } from '../proxy/decoded-body.ts'
import type { AnswerWithBody } from '../proxy/exchange.ts'
import type { HeaderLine } from '../proxy/http1/headers.ts'
import type { Guard } from './guard.ts'
import { visited } from './node-http.ts'
import { Visit, type VisitedRequest } from './visit.ts'

/** The part of Hono's context that is used, so that Hono need not be installed where it is not. */
interface ContextLike {
  readonly req: { raw: Request }
  readonly env: unknown
  res: Response
}

const NOWHERE = { address: '', port: 0 }

/**
 * Hono middleware: `app.use(honoGuard(guard))`. On Node (`@hono/node-server`) rules see the request as it was sent; elsewhere as
 * the runtime's `Request` tells it, its address unknown.
 */
export function honoGuard(guard: Guard): (context: ContextLike, next: () => Promise<void>) => Promise<Response | undefined> {
  return async (context, next) => {
    const visit = new Visit(guard, requestOf(context))
    const stopped = visit.begin() ?? (await bodyOf(visit, context))
    if (stopped !== undefined) return responseOf(stopped)
    await next()
    const answer = context.res
    const answered =
      visit.answer({ status: answer.status, protocol: 'HTTP/1.1', headers: [...answer.headers] }) ??
      (await answerBodyOf(visit, context))
    if (answered === undefined) {
      visit.finish(answer.status)
      return undefined
    }
    // Else the new answer would keep the headers of the one it stands for.
    context.res = undefined as unknown as Response
    context.res = responseOf(answered)
    return undefined
  }
}

function requestOf(context: ContextLike): VisitedRequest {
  const { incoming } = (context.env ?? {}) as { incoming?: IncomingMessage }
  if (incoming !== undefined) return visited(incoming)
  const { raw } = context.req
  const url = new URL(raw.url)
  const headers: HeaderLine[] = [...raw.headers]
  if (!raw.headers.has('host')) headers.unshift(['Host', url.host])
  return {
    method: raw.method,
    target: `${url.pathname}${url.search}`,
    protocol: 'HTTP/1.1',
    headers,
    peer: NOWHERE,
    local: NOWHERE,
  }
}

async function bodyOf(visit: Visit, context: ContextLike): Promise<AnswerWithBody | undefined> {
  const { raw } = context.req
  if (raw.body === null || !visit.wantsRequestBody) return visit.body(Buffer.alloc(0), false)
  const [kept, seen] = raw.body.tee()
  const { first, isCut } = await readFirst(seen, visit.requestBodyLimit)
  const stopped = visit.body(first, isCut)
  if (stopped !== undefined) {
    await kept.cancel()
    return stopped
  }
  const { url, method, headers, signal } = raw
  context.req.raw = new Request(url, { method, headers, body: kept, signal, duplex: 'half' })
  return undefined
}

async function answerBodyOf(visit: Visit, context: ContextLike): Promise<AnswerWithBody | undefined> {
  const { body, status, statusText, headers } = context.res
  if (body === null || !visit.wantsAnswerBody) return visit.answerBody(Buffer.alloc(0), false)
  const [kept, seen] = body.tee()
  const [bytes] = await Promise.all([readFirst(seen, visit.answerBodyLimit)])
  const coding = headers.get('content-encoding') ?? undefined
  const stopped = visit.answerBody(decodedBody(bytes.first, coding, visit.answerBodyLimit), bytes.isCut)
  if (stopped !== undefined) {
    await kept.cancel()
    return stopped
  }
  context.res = new Response(kept, { status, statusText, headers })
  return undefined
}

async function readFirst(stream: ReadableStream<Uint8Array>, limit: number): Promise<{ first: Buffer; isCut: boolean }> {
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of stream) {
    chunks.push(chunk)
    size += chunk.length
    if (size > limit) break
  }
  return { first: Buffer.concat(chunks).subarray(0, limit), isCut: size > limit }
}

function responseOf({ head, body }: AnswerWithBody): Response {
  const headers = new Headers(head.headers.map(([name, value]): [string, string] => [name, value]))
  return new Response(body.length === 0 ? null : new Uint8Array(body), { status: head.status, headers })
}
