import type { OutgoingHttpHeader, OutgoingHttpHeaders, ServerResponse } from 'node:http'
import { decodedBody } from '../proxy/decoded-body.ts'
import type { AnswerWithBody } from '../proxy/exchange.ts'
import type { HeaderLine } from '../proxy/http1/headers.ts'
import type { Visit } from './visit.ts'

type Callback = () => void

/**
 * Has the rules see what an application answers through Node's own response: its head when it is written, its body where they
 * want it (held back in blocking, as long as it is within the limit), and their record before the last byte goes out.
 */
export function watchAnswer(visit: Visit, response: ServerResponse, protocol: string): void {
  const own = {
    writeHead: response.writeHead.bind(response) as (status: number) => ServerResponse,
    write: response.write.bind(response) as (chunk: Buffer, callback?: Callback) => boolean,
    end: response.end.bind(response) as (callback?: Callback) => ServerResponse,
    flushHeaders: response.flushHeaders.bind(response),
  }
  const chunks: Buffer[] = []
  let seen = 0
  let state: 'before' | 'holding' | 'watching' | 'passing' | 'stopped' = 'before'

  const restore = () => Object.assign(response, own)
  const stop = (answer: AnswerWithBody) => {
    state = 'stopped'
    restore()
    for (const name of response.getHeaderNames()) response.removeHeader(name)
    response.statusCode = answer.head.status
    response.statusMessage = ''
    for (const [name, value] of answer.head.headers) response.setHeader(name, value)
    response.setHeader('Content-Length', answer.body.length)
    own.write(answer.body)
    own.end()
    // What the application still has to say goes nowhere.
    Object.assign(response, { writeHead: () => response, write: () => true, end: () => response, flushHeaders: () => {} })
  }
  const begin = () => {
    if (state !== 'before') return
    const stopped = visit.answer({ status: response.statusCode, protocol, headers: linesOf(response) })
    if (stopped !== undefined) stop(stopped)
    else if (visit.holdsAnswer) state = 'holding'
    else if (visit.wantsAnswerBody) state = 'watching'
    else state = 'passing'
    if (state === 'watching' || state === 'passing') response.writeHead = own.writeHead as ServerResponse['writeHead']
  }
  const see = (): AnswerWithBody | undefined => {
    const coding = response.getHeader('content-encoding')
    const body = decodedBody(Buffer.concat(chunks), typeof coding === 'string' ? coding : undefined, visit.answerBodyLimit)
    return visit.answerBody(body, seen > visit.answerBodyLimit)
  }
  /** What is held is all that there is of it; of what passes, only a beginning is kept. */
  const keep = (chunk: Buffer) => {
    if (state === 'holding' || seen - chunk.length < visit.answerBodyLimit) chunks.push(chunk)
  }
  /** Beyond the limit: what was held is judged as it is, and the rest passes. */
  const release = () => {
    const stopped = see()
    if (stopped !== undefined) {
      stop(stopped)
      return
    }
    visit.finish(response.statusCode)
    state = 'passing'
    response.writeHead = own.writeHead as ServerResponse['writeHead']
    for (const chunk of chunks.splice(0)) own.write(chunk)
  }
  const take = (chunk: Buffer, callback?: Callback): boolean => {
    begin()
    seen += chunk.length
    if (state === 'passing') return own.write(chunk, callback)
    if (state === 'stopped') return true
    keep(chunk)
    if (state === 'watching') return own.write(chunk, callback)
    if (callback !== undefined) process.nextTick(callback)
    if (seen > visit.answerBodyLimit) release()
    return true
  }

  Object.assign(response, {
    writeHead: (status: number, ...rest: readonly unknown[]) => {
      applyHead(response, status, rest)
      return response
    },
    flushHeaders: () => {
      begin()
      if (state === 'passing' || state === 'watching') own.flushHeaders()
    },
    write: (chunk: string | Uint8Array, encoding?: BufferEncoding | Callback, callback?: Callback) =>
      take(bytesOf(chunk, encoding), typeof encoding === 'function' ? encoding : callback),
    end: (chunk?: string | Uint8Array | Callback, encoding?: BufferEncoding | Callback, callback?: Callback) => {
      const told = [chunk, encoding, callback].find((each): each is Callback => typeof each === 'function')
      begin()
      if (state === 'stopped') return response
      const last = chunk === undefined || chunk === null || typeof chunk === 'function' ? undefined : bytesOf(chunk, encoding)
      if (last !== undefined && state !== 'passing') {
        seen += last.length
        keep(last)
      }
      if (state === 'holding' || state === 'watching') {
        const stopped = see()
        if (stopped !== undefined && state === 'holding') {
          stop(stopped)
          return response
        }
      } else visit.answerBody(Buffer.alloc(0), false)
      visit.finish(response.statusCode)
      const isHolding = state === 'holding'
      restore()
      if (isHolding) {
        const body = Buffer.concat(chunks)
        if (!response.headersSent && !response.hasHeader('content-length') && body.length > 0)
          response.setHeader('Content-Length', body.length)
        if (body.length > 0) own.write(body)
      } else if (last !== undefined) return (response.end as (chunk: Buffer, told?: Callback) => ServerResponse)(last, told)
      return own.end(told)
    },
  })
}

function bytesOf(chunk: string | Uint8Array, encoding: unknown): Buffer {
  if (typeof chunk === 'string') return Buffer.from(chunk, typeof encoding === 'string' ? (encoding as BufferEncoding) : 'utf8')
  return Buffer.isBuffer(chunk) ? chunk : Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength)
}

/** What `writeHead` was given, put where it can still be changed. */
function applyHead(response: ServerResponse, status: number, rest: readonly unknown[]): void {
  response.statusCode = status
  if (typeof rest[0] === 'string') response.statusMessage = rest[0]
  const headers = rest.find((each) => typeof each === 'object' && each !== null) as
    | OutgoingHttpHeaders
    | OutgoingHttpHeader[]
    | undefined
  if (headers === undefined) return
  const pairs = Array.isArray(headers) ? pairsOf(headers) : Object.entries(headers)
  const set = new Set<string>()
  for (const [name, value] of pairs) {
    if (value === undefined) continue
    if (set.has(name.toLowerCase())) response.appendHeader(name, value as string | readonly string[])
    else response.setHeader(name, value)
    set.add(name.toLowerCase())
  }
}

function pairsOf(list: readonly OutgoingHttpHeader[]): [string, OutgoingHttpHeader][] {
  if (Array.isArray(list[0])) return list as unknown as [string, OutgoingHttpHeader][]
  return Array.from({ length: list.length >> 1 }, (_, at) => [String(list[2 * at]), list[2 * at + 1]!])
}

function linesOf(response: ServerResponse): HeaderLine[] {
  return Object.entries(response.getHeaders()).flatMap(([name, value]) =>
    (Array.isArray(value) ? value : [value]).map((each): HeaderLine => [name, String(each)]),
  )
}
