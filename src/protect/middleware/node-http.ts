import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import type { AnswerWithBody } from '../proxy/exchange.ts'
import type { HeaderLine } from '../proxy/http1/headers.ts'
import { plainAddress } from '../proxy/plain-address.ts'
import type { Guard } from './guard.ts'
import { Visit, type VisitedRequest } from './visit.ts'
import { watchAnswer } from './watch-answer.ts'

/** Puts rules before a listener of `http.createServer`. */
export function guardListener(guard: Guard, listener: RequestListener): RequestListener {
  return (request, response) => {
    guardRequest(guard, request, response, () => listener(request, response))
  }
}

/**
 * Leads a request of Node's own server through the rules; `go` is called where they let it pass, with its body in place again
 * and the answer watched. Else the answer was sent.
 */
export function guardRequest(guard: Guard, request: IncomingMessage, response: ServerResponse, go: () => void): void {
  const visit = new Visit(guard, visited(request))
  const stopped = (answer: AnswerWithBody | undefined): boolean => {
    if (answer === undefined) return false
    send(response, answer, request.method === 'HEAD')
    // What was not read of the body cannot be told from a next request.
    if (!request.complete) response.once('finish', () => request.destroy())
    return true
  }
  const pass = (body: Buffer, truncated: boolean) => {
    if (stopped(visit.body(body, truncated))) return
    watchAnswer(visit, response, `HTTP/${request.httpVersion}`)
    go()
  }
  response.once('close', () => visit.finish(499))
  if (stopped(visit.begin())) return
  const hasBody = request.headers['transfer-encoding'] !== undefined || Number(request.headers['content-length'] ?? 0) > 0
  if (!hasBody || !visit.wantsRequestBody) pass(Buffer.alloc(0), false)
  else holdBody(request, visit.requestBodyLimit, pass)
}

export function visited(request: IncomingMessage): VisitedRequest {
  const { rawHeaders, socket } = request
  const headers: HeaderLine[] = []
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) headers.push([rawHeaders[at]!, rawHeaders[at + 1]!])
  return {
    method: request.method ?? '',
    // Express takes what a router is mounted on off the front of `url`.
    target: (request as { originalUrl?: string }).originalUrl ?? request.url ?? '',
    protocol: `HTTP/${request.httpVersion}`,
    headers,
    peer: { address: plainAddress(socket.remoteAddress), port: socket.remotePort ?? 0 },
    local: { address: plainAddress(socket.localAddress), port: socket.localPort ?? 0 },
  }
}

/** Reads a body up to the limit and puts it back in front, so that whoever parses it finds it untouched. */
function holdBody(request: IncomingMessage, limit: number, held: (body: Buffer, truncated: boolean) => void): void {
  const chunks: Buffer[] = []
  let size = 0
  const read = () => {
    for (let chunk = request.read() as Buffer | null; chunk !== null; chunk = request.read() as Buffer | null) {
      size += chunk.length
      chunks.push(chunk)
    }
    const isBeyond = size > limit
    if (!isBeyond && !request.complete) return
    request.removeListener('readable', read)
    const body = Buffer.concat(chunks)
    // Still before its `end` event, which waits for what is put back.
    if (size > 0) request.unshift(body)
    held(body, isBeyond)
  }
  request.on('readable', read)
}

export function send(response: ServerResponse, { head, body }: AnswerWithBody, isHead: boolean): void {
  response.statusCode = head.status
  for (const name of response.getHeaderNames()) response.removeHeader(name)
  for (const [name, value] of head.headers) response.setHeader(name, value)
  response.setHeader('Content-Length', body.length)
  response.setHeader('Connection', 'close')
  response.end(isHead ? undefined : body)
}
